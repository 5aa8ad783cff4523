/** A table, on a screen or as Markdown. */

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Said below. */
  readonly notes?: readonly string[];
}

/** Three significant digits without an exponent. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return size === 0 ? "0" : value.toFixed(Math.min(6, 2 - Math.floor(Math.log10(size))));
}

/** Fixed-width text: the first column left, numbers right. */
export function asText({ title, columns, rows, notes = [] }: Table): string {
  const widths = columns.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)));
  const number = columns.map((_, i) => rows.every((row) => /^[-\d.]/.test(row[i])));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (number[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  return [title, line(columns), ...rows.map(line), ...notes].join("\n");
}

export function asMarkdown({ title, columns, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replace(/\|/g, "\\|")).join(" | ")} |`;
  const rule = `|${columns.map(() => "---").join("|")}|`;
  return [`### ${title}`, "", line(columns), rule, ...rows.map(line), "", ...notes.map((note) => `${note}.\n`)].join(
    "\n",
  );
}
