/** How an edge list is written, told from its first lines: what separates fields, whether a header is there, which columns are ends. */
import { SpectroscopeError } from "../../kernels/errors";
import { isNumber } from "./decimal";
import { type Dialect, Lines, LOOSE, MOST_FIELDS } from "./delimited";
import { beginsWithIndex, type EdgeColumns, edgeColumns, namesEnds, namesPair } from "./edge-columns";
import { shown } from "./text";

export interface EdgeLayout {
  readonly dialect: Dialect;
  /** Fields of each line. */
  readonly fields: number;
  readonly columns: EdgeColumns;
  /** Words of a first line that names columns. */
  readonly header?: readonly string[];
  /** The header is one only if all ids are whole numbers. */
  readonly doubtful: boolean;
  /** Names of all columns, where a header or a comment gives them. */
  readonly names?: readonly string[];
}

const TAB = 9;
const COMMA = 44;
const SEMICOLON = 59;
const BAR = 124;

const SAMPLE_LINES = 200;
const SAMPLE_BYTES = 1 << 18;

/** Words of a first line that say it is a header where ids are names too. */
const HEADER_WORD = /^(source|target|src|dst|from|to|node_?[12ab]?|id_?[12]|head|tail|vertex_?[12]?)$/i;

const WHOLE = /^\d+$/;

/** The first lines, whole ones where the sample holds one. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= SAMPLE_BYTES) return bytes;
  const last = bytes.subarray(0, SAMPLE_BYTES).lastIndexOf(10);
  return bytes.subarray(0, last < 0 ? SAMPLE_BYTES : last + 1);
}

/** Rows of fields; nothing where the dialect does not fit. */
function rowsOf(sample: Uint8Array, dialect: Dialect): string[][] | undefined {
  const lines = new Lines(sample, "", dialect);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const rows: string[][] = [];
  try {
    while (rows.length < SAMPLE_LINES && lines.next()) {
      const { count, from, to } = lines;
      const known = Math.min(count, MOST_FIELDS);
      const row = Array.from({ length: known }, (_, i) =>
        decoder.decode(sample.subarray(from[i], to[i])).replaceAll('""', '"'),
      );
      for (let i = known; i < count; i++) row.push("");
      rows.push(row);
    }
  } catch (error) {
    if (error instanceof SpectroscopeError) return undefined;
    throw error;
  }
  return rows;
}

const bodyOf = (rows: readonly string[][]) => (rows.length > 1 ? rows.slice(1) : rows);
const alike = (rows: readonly string[][], least: number, most: number) =>
  rows.every(({ length }) => length === rows[0].length && length >= least && length <= most);

/** What separates fields, and the first rows by it. */
function dialectOf(bytes: Uint8Array, sample: Uint8Array): { dialect: Dialect; rows: string[][] } {
  const quotes = bytes.includes(34);
  const loose = rowsOf(sample, LOOSE) ?? [];
  const even = loose.length > 0 && alike(bodyOf(loose), 2, 3);
  if (even && bodyOf(loose).every((row) => row.every(isNumber))) return { dialect: LOOSE, rows: loose };
  for (const separator of [TAB, SEMICOLON, BAR, COMMA]) {
    if (!sample.includes(separator)) continue;
    let dialect: Dialect = { separator, quotes };
    let rows = rowsOf(sample, dialect);
    if (!rows) {
      // Quotes that are not closed: between tabs they may be names, in CSV they are for the reader to refuse by line.
      const plain = { separator, quotes: false };
      rows = rowsOf(sample, plain);
      if (separator === TAB) dialect = plain;
    }
    if (!rows || rows.length === 0 || !alike(bodyOf(rows), 2, Number.POSITIVE_INFINITY)) continue;
    // A header may have one name fewer, of R's rows.
    const [{ length: head }] = rows;
    const width = bodyOf(rows)[0].length;
    if (head !== width && (head < 2 || head !== width - 1)) continue;
    // Tabs may stand in a row to align columns.
    if (separator === TAB && even && bodyOf(rows).some((row) => row.includes(""))) continue;
    return { dialect, rows };
  }
  const quoted = quotes ? rowsOf(sample, { separator: 0, quotes }) : undefined;
  if (quoted && quoted.length > 0 && alike(bodyOf(quoted), 2, MOST_FIELDS) && isQuoted(loose))
    return { dialect: { separator: 0, quotes }, rows: quoted };
  return { dialect: LOOSE, rows: loose };
}

/** Whether words stand in quotes, and are not only named with one. */
const isQuoted = (rows: readonly string[][]) =>
  rows.some((row) => row.some((word) => word.length > 1 && word.startsWith('"')));

/** Words of the first line as a header has them: a name may be empty, and where the others are numbers it may be quoted. */
function headerOf(sample: Uint8Array, dialect: Dialect): readonly string[] {
  const lines = new Lines(sample, "");
  lines.next();
  const end = lines.offset;
  const start = Math.max(0, sample.subarray(0, end - 1).lastIndexOf(10) + 1);
  const line = sample.subarray(start, end);
  if (dialect.separator !== 0) return rowsOf(line, dialect)?.[0] ?? [];
  const separator = [TAB, SEMICOLON, BAR, COMMA].find((byte) => line.includes(byte)) ?? 0;
  return (rowsOf(line, { separator, quotes: true }) ?? rowsOf(line, LOOSE))?.[0] ?? [];
}

/** A comment right before the first edge that names ends: `# FromNodeId ToNodeId`. */
function commentNames(sample: Uint8Array, fields: number): readonly string[] | undefined {
  const lines = new Lines(sample, "");
  if (!lines.next() || lines.line < 2) return undefined;
  const text = new TextDecoder().decode(sample.subarray(0, lines.from[0])).replace(/^\ufeff/, "");
  const before = text.split("\n").at(-2) ?? "";
  if (!/^[#%]/.test(before) || before.length > 1000) return undefined;
  const words = before
    .replace(/^[#%]+/, "")
    .split(/[\s,;|]+/)
    .filter(Boolean);
  return words.length === fields && namesEnds(words) ? words : undefined;
}

/** What stands between the ends of every edge and is no id: `a -> b`, `a -- b`. */
function arrowOf(rows: readonly string[][]): string | undefined {
  const [, between] = rows[0];
  const same = /^(<?[-=~]+>?|[:\u2013\u2014\u2192\u2194])$/.test(between ?? "") && rows[0].length > 2;
  return same && rows.every((row) => row[1] === between) ? between : undefined;
}

/** Lines from which on a first column that counts them is no chance. */
const COUNTED_LINES = 10;

/** Whether the first of three columns is 0, 1, 2, ... or 1, 2, 3, ..., and the others may be ids. */
function countsLines(rows: readonly string[][]): boolean {
  if (rows.length < COUNTED_LINES || !["0", "1"].includes(rows[0][0])) return false;
  const first = Number(rows[0][0]);
  const ids = rows.every((row) => row.length === 3 && WHOLE.test(row[1]) && WHOLE.test(row[2]));
  return ids && rows.some((row) => row[2] !== rows[0][2]) && rows.every(([own], i) => own === String(first + i));
}

/** Row names of R: whole numbers one after the other, or in quotes. */
function hasRowNames(rows: readonly string[][], sample: Uint8Array): boolean {
  const body = bodyOf(rows);
  const first = body.map(([name]) => Number(name));
  const counts =
    first.every((name, i) => Number.isInteger(name) && name === first[0] + i) && (first[0] === 0 || first[0] === 1);
  const second = sample.subarray(sample.indexOf(10) + 1);
  return counts || second[0] === 34;
}

/**
 * @param header whether a first line of words may be one only because ids are whole numbers
 * @throws SpectroscopeError when columns are in doubt
 */
export function layoutOf(bytes: Uint8Array, file: string, header = true): EdgeLayout {
  const sample = sampleOf(bytes);
  const { dialect, rows } = dialectOf(bytes, sample);
  const refuse = (doubt: string, hint: string): never => {
    throw new SpectroscopeError(`${file}: ${doubt}`, { hint });
  };
  const positional: EdgeColumns = { ends: [0, 1], weight: 2, ignored: [] };
  if (rows.length === 0) return { dialect, fields: 2, columns: positional, doubtful: false };
  const arrow = rows.length > 0 ? arrowOf(rows) : undefined;
  if (arrow !== undefined)
    refuse(
      `line ${lineOfHeader(sample)} has ${shown(arrow)} between its ids`,
      `write two ids a line: sed 's/ *${arrow} */\t/' FILE > edges.txt`,
    );
  const words = headerOf(sample, dialect);
  const told = headerKind(words, rows);
  const head = told === "numbers" && !header ? "none" : told;
  const body = bodyOf(rows);
  const fields = head === "none" ? rows[0].length : body[0].length;
  if (head === "none") {
    if (fields === 3 && countsLines(rows))
      refuse(
        "column 1 counts the lines, and no header says what columns are",
        "name the columns in a first line (source,target,weight, or id,source,target), or leave the first out",
      );
    const names = fields > 2 ? commentNames(sample, fields) : undefined;
    if (names === undefined)
      return { dialect, fields, columns: { ...positional, weight: fields > 2 ? 2 : undefined }, doubtful: false };
    const columns = edgeColumns(names, body);
    if ("doubt" in columns) return refuse(shown(columns.doubt, 300), columns.hint);
    return { dialect, fields, columns, names, doubtful: false };
  }
  const common = { dialect, fields, header: words, doubtful: head === "numbers" };
  if (rows.length === 1) return { ...common, fields: words.length, columns: positional };
  if (words.length !== fields && words.length + 1 !== fields) {
    if (fields < 2) return { ...common, columns: positional };
    return refuse(
      `line ${lineOfHeader(sample)} names ${words.length} columns (${shown(words.join(", "), 200)}), and the rows have ${fields}`,
      "give every column a name, and every row all columns",
    );
  }
  const shifted = words.length + 1 === fields;
  if (shifted && !hasRowNames(rows, sample))
    return refuse(
      `the header has ${words.length} names (${shown(words.join(", "), 200)}), and the rows have ${fields} columns`,
      "name every column: source, target and weight",
    );
  const names = shifted ? ["", ...words] : words;
  const columns = edgeColumns(names, body);
  if ("doubt" in columns) return refuse(shown(columns.doubt, 300), columns.hint);
  return { ...common, columns, names };
}

function lineOfHeader(sample: Uint8Array): number {
  const lines = new Lines(sample, "");
  lines.next();
  return lines.line;
}

/** Whether the first line is a header: by its words, or only because ids are whole numbers elsewhere. */
function headerKind(words: readonly string[], rows: readonly string[][]): "words" | "numbers" | "none" {
  if (words.length > 1 && beginsWithIndex(words) && rows.length > 1) return "words";
  if (words.length < 2 || words.some(isNumber)) return "none";
  const body = rows.slice(1);
  // A node may be called node1: a header's words come once.
  const again = body.some((row) => words.some((word) => row.includes(word)));
  const known = words.slice(0, 2).every((word) => HEADER_WORD.test(word)) || namesPair(words);
  if (known && !again) return "words";
  if (body.length === 0) return "none";
  const noWeight =
    words.length > 2 && Number.isNaN(Number(words[2])) && body.every((row) => row.length > 2 && isNumber(row[2]));
  if (noWeight) return "words";
  return body.every((row) => row.some((word) => WHOLE.test(word))) ? "numbers" : "none";
}
