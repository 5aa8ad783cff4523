import type { Controls } from "../../../runtime/measure/controls";
import { sensitivityTable } from "./sensitivity";

/** The controls for people. */
export function controlsTable({ rows, reliability, sensitivity, missing }: Controls): string {
  const lines = [`${"features".padEnd(50)} clusters  covered`];
  for (const { features, control, clusters, covered } of rows) {
    const name = `${features}${control ? " (control)" : ""}`.padEnd(50);
    lines.push(`${name} ${String(clusters).padStart(8)} ${`${(100 * covered).toFixed(0)} %`.padStart(8)}`);
  }
  lines.push("", "split halves: what two equal runs would correlate, by component");
  for (const { component, reliability: value } of reliability) {
    lines.push(`${component.padEnd(24)} ${value === null ? "one chain has none" : value.toFixed(3)}`);
  }
  if (sensitivity) lines.push("", sensitivityTable(sensitivity));
  return [...lines, ...missing].join("\n");
}
