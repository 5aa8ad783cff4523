/** How a table of text is laid out, told by its first rows: what parts cells, whether there is a header, which column names rows. */
import { SpectroscopeError } from "../../kernels/errors";
import { cellKind, isNumeric } from "./csv-cells";
import { DELIMITERS, type Delimiter, eachRow, type Parser } from "./csv-rows";

/** Rows that are looked at. */
const LOOKED_AT = 100;

export interface Layout {
  readonly delimiter: Delimiter;
  readonly end: "\n" | "\r";
  /** Cells of a row. */
  readonly width: number;
  /** Names of all columns, of the index too; without them there is no header. */
  readonly header?: readonly string[];
  /** Whether the first row is that header. */
  readonly skipFirst: boolean;
  /** The column that names rows, and why it is taken for that. */
  readonly index?: { readonly column: number; readonly why: string };
  /** Whether every row ends with a delimiter. */
  readonly openEnd: boolean;
  /** Columns of text. */
  readonly text: readonly number[];
}

/** Layout of a text; nothing where it has no row. @throws SpectroscopeError for quotes that do not end */
export function layoutOf(text: string, parser: Parser, end: "\n" | "\r", file: string): Layout | undefined {
  const head = firstLines(text, end);
  let best: { delimiter: Delimiter; rows: string[][]; score: number } | undefined;
  for (const delimiter of DELIMITERS) {
    const rows = rowsOf(head, { parser, delimiter, end }, file);
    if (!rows) continue;
    const score = scoreOf(rows);
    if (!best || score > best.score) best = { delimiter, rows, score };
  }
  // Quotes that no delimiter makes sense of are told by the commonest.
  if (!best) eachRow(head, { parser, delimiter: ",", end }, { file, firstLine: 1 }, () => {});
  if (!best || best.rows.length === 0) return undefined;
  if (best.score === 0) refuseCut(head, parser, end, file);
  return { ...describe(best.rows, commentedNames(head, best.delimiter, end)), delimiter: best.delimiter, end };
}

/** @throws SpectroscopeError where rows have one cell and the first has several: a file that was cut, or names with a comma */
function refuseCut(head: string, parser: Parser, end: "\n" | "\r", file: string): void {
  for (const delimiter of DELIMITERS) {
    const [first, ...others] = (delimiter !== " " && rowsOf(head, { parser, delimiter, end }, file)) || [];
    if (first?.length > 1 && others.length > 0 && others.every(({ length }) => length === 1))
      throw new SpectroscopeError(`${file}: the first row has ${first.length} cells, and the others have 1`, {
        hint: "give every row as many cells as the first; text with the separator in it stands in quotes",
      });
  }
}

function firstLines(text: string, end: string): string {
  let at = -1;
  for (let line = 0; line < 2 * LOOKED_AT; line++) {
    at = text.indexOf(end, at + 1);
    if (at < 0) return text;
  }
  return text.slice(0, at + 1);
}

function rowsOf(head: string, shape: { parser: Parser; delimiter: Delimiter; end: "\n" | "\r" }, file: string) {
  const rows: string[][] = [];
  try {
    eachRow(head, shape, { file, firstLine: 1, most: LOOKED_AT }, (cells) => rows.push(cells));
  } catch {
    return undefined;
  }
  return rows;
}

/** The number of cells that most rows have after the first; of two, that of the first. */
function widthOf(rows: readonly string[][]): number {
  const counts = new Map<number, number>();
  for (const { length } of rows.length > 1 ? rows.slice(1) : rows) counts.set(length, (counts.get(length) ?? 0) + 1);
  const own = rows[0]?.length ?? 0;
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || Number(b === own) - Number(a === own) || b - a);
  return ranked[0]?.[0] ?? 0;
}

/** Rows of one width with numbers in them are what is looked for; one column is what is left. */
function scoreOf(rows: readonly string[][]): number {
  const width = widthOf(rows);
  if (width < 2) return 0;
  const body = rows.slice(1);
  const even = body.filter(({ length }) => length === width).length / Math.max(1, body.length);
  const cells = (body.length > 0 ? body : rows).flat();
  const numeric = cells.filter(isNumeric).length / cells.length;
  return (even === 1 ? 2 : even) + numeric;
}

/** Names in a comment before the first row, as NumPy's savetxt writes them. */
function commentedNames(head: string, delimiter: Delimiter, end: string): string[] | undefined {
  let names: string[] | undefined;
  for (const line of head.split(end)) {
    if (line.trim() === "") continue;
    if (!line.startsWith("#")) break;
    const said = line.replace(/^#+/, "").trim();
    names = (delimiter === " " ? said.split(/\s+/) : said.split(delimiter)).map((name) => name.trim());
  }
  return names;
}

function describe(rows: readonly string[][], commented?: readonly string[]): Omit<Layout, "delimiter" | "end"> {
  const width = widthOf(rows);
  const [first] = rows;
  const lacksOne = rows.length > 1 && first.length === width - 1;
  const skipFirst = lacksOne || isHeader(rows, width);
  const body = (skipFirst ? rows.slice(1) : rows).filter(({ length }) => length === width);
  const own = lacksOne ? ["", ...first] : first;
  const named = commented?.length === width && commented.some((name) => !isNumeric(name)) ? commented : undefined;
  const header = skipFirst ? own : named;
  const openEnd = width > 1 && (header?.[width - 1] ?? "") === "" && body.every((cells) => cells[width - 1] === "");
  const index = indexOf(body, header, lacksOne);
  const columns = Array.from({ length: openEnd ? width - 1 : width }, (_, c) => c).filter((c) => c !== index?.column);
  const text = columns.filter((c) => 2 * body.filter((cells) => cellKind(cells[c]) === "text").length > body.length);
  return { width, ...(header ? { header } : {}), skipFirst, ...(index ? { index } : {}), openEnd, text };
}

const counts = (cells: readonly string[], from: number) => cells.every((cell, i) => cell === String(from + i));

function isHeader(rows: readonly string[][], width: number): boolean {
  const [first, ...body] = rows;
  const isText = (cell: string | undefined) => cell !== undefined && cellKind(cell) === "text";
  if (first.every((cell) => isText(cell) || cell === "") && first.some(isText)) {
    // One column of text, or rows of text alone: the first is a header where what follows is numbers.
    return rows.length === 1 || width > 1 || body.some((cells) => isNumeric(cells[0]));
  }
  const numericBelow = (c: number) =>
    body.length > 0 && 2 * body.filter((cells) => isNumeric(cells[c] ?? "x")).length > body.length;
  if (first.some((cell, c) => isText(cell) && numericBelow(c))) return true;
  if (body.length === 0) return false;
  // Columns without names have numbers for names in pandas: 0, 1, 2, ... behind the index's empty one, or alone.
  if (first[0] === "" && width > 1 && counts(first.slice(1), 0)) return true;
  if (width < 2 || !counts(first, 0)) return false;
  return width > 3 || body.flat().some((cell) => /[.,eE]/.test(cell));
}

/** Names that a column of row numbers has. */
const INDEX_NAMES = /^(|index|id|row|row_?id|row_?names?|row_?num(ber)?|unnamed: 0(\.\d+)*)$/i;

function indexOf(body: readonly string[][], header: readonly string[] | undefined, lacksOne: boolean) {
  const name = header?.[0];
  const own = body.map((cells) => cells[0]);
  if (lacksOne) return { column: 0, why: "the header has no name for it" };
  if ((header?.length ?? body[0]?.length ?? 0) < 2) return undefined;
  if (name === "") return { column: 0, why: "its name is empty" };
  const texts = own.filter((cell) => cellKind(cell) === "text").length;
  if (own.length > 0 && 2 * texts > own.length) return { column: 0, why: "it is text" };
  const numbered = own.length > 1 && (counts(own, 0) || counts(own, 1));
  return name !== undefined && numbered && INDEX_NAMES.test(name)
    ? { column: 0, why: "it counts the rows" }
    : undefined;
}
