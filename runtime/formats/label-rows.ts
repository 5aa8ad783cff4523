/** One label a line: in the order of rows, behind a header perhaps, with comments between. */
import { SpectroscopeError } from "../../kernels/errors";
import { isNumber } from "./decimal";
import type { LabeledNodes } from "./labeled-nodes";
import { shown } from "./text";

const HEADER =
  /^"?(labels?|class(es)?|target|truth|ground_?truth|gt|community|communities|cluster(_?id)?s?|group|category|department|y|y_true)"?$|^"x"$/i;

/** Whether a first line names the column: a word that is no label of any row. */
const heads = (lines: readonly string[]) => lines.length > 1 && HEADER.test(lines[0]) && !lines.includes(lines[0], 1);

/** Labels that come again among lines, as a share of them from which on a first line that does not come again is none. */
const REPEATED = 0.5;

/** Whether a first line comes once, and most others are one of a few labels. */
function standsAlone(lines: readonly string[]): boolean {
  const counts = new Map<string, number>();
  for (const line of lines) if (line !== "") counts.set(line, (counts.get(line) ?? 0) + 1);
  const again = lines.reduce((sum, line) => sum + ((counts.get(line) ?? 0) > 1 ? 1 : 0), 0);
  return lines.length > 4 && lines[0] !== "" && counts.get(lines[0]) === 1 && again >= REPEATED * (lines.length - 1);
}

/** Whether it may name the column, where there is a line more than rows: all others may be numbers, too. */
const mayHead = (lines: readonly string[]) =>
  heads(lines) ||
  (lines.length > 1 &&
    lines[0] !== "" &&
    !isNumber(lines[0]) &&
    lines.every((line, i) => i === 0 || line === "" || isNumber(line)));

/** Columns of lines that have equally many between commas, tabs, semicolons or bars, and two at least; else 1. */
function columnsOf(lines: readonly string[]): number {
  for (const separator of ["\t", ";", "|", ","]) {
    const counts = new Set(lines.filter((line) => line !== "").map((line) => line.split(separator).length));
    const [count] = counts;
    if (counts.size === 1 && count > 1) return count;
  }
  return 1;
}

/** @throws SpectroscopeError when lines are not as many as rows, or when nodes have names */
export function rowsOfLines(lines: readonly string[], nodes: LabeledNodes): { labels: string[]; said: string[] } {
  const content = lines.filter((line) => !line.startsWith("#"));
  const forms = content.length < lines.length ? [content, lines] : [lines];
  if (nodes.unordered) nodes.inOrder(content);
  const columns = columnsOf(content);
  // A table, most of whose lines are different.
  if (columns > 2 && 2 * new Set(content).size > content.length) throw nodes.misfit(content.length, columns);
  for (const form of forms) {
    const comments = lines.length - form.length;
    const said = comments > 0 ? [`${nodes.file}: lines that begin with # are no labels: ${comments}`] : [];
    const { length } = form;
    if (nodes.places(length) && length === nodes.n) {
      if (heads(form))
        throw new SpectroscopeError(
          `${nodes.file}: the first line names the labels (${shown(form[0])}), and ${length - 1} follow for ${length} ${nodes.targets.unit}`,
          { hint: "give one a row; an empty line for none" },
        );
      return { labels: nodes.inOrder(form), said };
    }
    const fits = nodes.places(length) !== undefined;
    if ((mayHead(form) || (!fits && standsAlone(form))) && nodes.places(length - 1))
      return {
        labels: nodes.inOrder(form.slice(1)),
        said: [...said, `${nodes.file}: the first line is taken for a header: ${shown(form[0])}`],
      };
    if (fits) return { labels: nodes.inOrder(form), said };
    // Empty lines behind the last label.
    const filled = form.findLastIndex((line) => line !== "") + 1;
    if (filled <= nodes.n && length > nodes.n) return { labels: nodes.inOrder(form.slice(0, nodes.n)), said };
  }
  throw nodes.misfit(forms[0].length, columns);
}
