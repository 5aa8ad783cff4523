import type { Controls } from "../../../runtime/measure/controls";
import { DRAWN_HEAD, DRAWN_NOTE, drawnCells } from "./drawn";
import { sensitivityTable } from "./sensitivity";

/** The controls for people. */
export function controlsTable({ rows, reliability, sensitivity, missing }: Controls): string {
  const lines = [`${"features".padEnd(50)} ${DRAWN_HEAD} clusters  covered`];
  for (const row of rows) {
    const { features, control, clusters, covered } = row;
    const name = `${features}${control ? " (control)" : ""}`.padEnd(50);
    lines.push(
      `${name} ${drawnCells(row)} ${String(clusters).padStart(8)} ${`${(100 * covered).toFixed(0)} %`.padStart(8)}`,
    );
  }
  lines.push(DRAWN_NOTE, "", "split halves: what two equal runs would correlate, by component");
  for (const { component, reliability: value } of reliability) {
    lines.push(`${component.padEnd(24)} ${value === null ? "one chain has none" : value.toFixed(3)}`);
  }
  if (sensitivity) lines.push("", sensitivityTable(sensitivity));
  return [...lines, ...missing].join("\n");
}
