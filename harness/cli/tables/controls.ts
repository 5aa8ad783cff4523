import type { Controls } from "../../../runtime/measure/controls";
import type { IntervalOf, PriorComparison } from "../../../runtime/measure/report-data";
import { DRAWN_HEAD, DRAWN_NOTE, drawnCells } from "./drawn";
import { sensitivityTable } from "./sensitivity";

/** The controls for people. */
export function controlsTable({ rows, reliability, comparisons, sensitivity, missing }: Controls): string {
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
  for (const comparison of comparisons) lines.push("", ...comparisonRows(comparison));
  if (sensitivity) lines.push("", sensitivityTable(sensitivity));
  return [...lines, ...missing].join("\n");
}

/** A comparison with a prior: what it says, then its numbers by score and by column. */
function comparisonRows({ features, against, said, scores, columns }: PriorComparison): string[] {
  const number = (value: number | null) => (value === null ? "-" : value.toFixed(3)).padStart(9);
  const interval = ({ value, low, high }: IntervalOf) => [value, low, high].map(number).join(" ");
  const head = (title: string, own: string, other: string, more = "") =>
    `${title.padEnd(24)} ${[own, other, "differ by", "from", "to"].map((text) => text.padStart(9)).join(" ")}${more}`;
  const lines = [`${features} against ${against}`, ...said.map((sentence) => `${sentence}.`)];
  if (scores.length > 0) lines.push(head("mean score of chains", "first", "second"));
  for (const { measure, means, difference } of scores) {
    lines.push(`${measure.padEnd(24)} ${means.map(number).join(" ")} ${interval(difference)}`);
  }
  if (!columns) return lines;
  lines.push(head("correlation of chains", "within", "between", "  freed of noise"));
  for (const { name, within, between, excess, correlation, apart } of columns.each) {
    const own = Math.sqrt(Math.max(0, within[0]) * Math.max(0, within[1]));
    const numbers = `${number(own)} ${number(between)} ${interval(excess)} ${number(correlation).padStart(15)}`;
    lines.push(`${name.padEnd(24)} ${numbers}${apart ? "  apart" : ""}`);
  }
  return lines;
}
