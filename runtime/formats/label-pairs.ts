/** `node label` lines: between tabs, semicolons, bars, commas or blanks, perhaps quoted, perhaps behind a header. */
import { SpectroscopeError } from "../../kernels/errors";
import { LabeledNodes, type LabelPair } from "./labeled-nodes";
import { shown } from "./text";

export type { LabelPair };

const NODE = /^(nodes?|rows?|row_?(id|number)|node_?(id|name)|vertex|v|id|name|index|user|key)$/i;
const LABEL =
  /^(labels?|class(es)?|target|truth|ground_?truth|gt|community|communities|cluster|cluster_?id|group|category|department|y_true|species|genus|club|subject|topic|party|league|conference|membership|module|block)$/i;
/** Labels may be called so, where nothing else is called a label. */
const WEAK_LABEL = /^(type|value|x|y)$/i;
/** Nodes may be called so, where nothing else is called a node. */
const COUNTS = /^(id|index|key)$/i;
const INDEX = /^(|index|unnamed: ?0|row_?names?)$/i;

/** Blanks of any number. */
const BLANKS = " ";

interface Line {
  readonly text: string;
  readonly line: number;
}

/** Fields of a line; quotes may hold a separator, and a quote written twice. */
function fieldsOf(text: string, separator: string): string[] {
  const fields: string[] = [];
  let at = 0;
  const isSeparator = (letter: string) =>
    separator === BLANKS ? letter === " " || letter === "\t" : letter === separator;
  while (at <= text.length) {
    let field = "";
    if (text[at] === '"') {
      let close = at + 1;
      for (; close < text.length; close++) {
        if (text[close] !== '"') continue;
        if (text[close + 1] !== '"') break;
        close++;
      }
      field = text.slice(at + 1, close).replaceAll('""', '"');
      at = close + 1;
    }
    const from = at;
    while (at < text.length && !isSeparator(text[at])) at++;
    fields.push((field + text.slice(from, at)).trim());
    at++;
    if (separator === BLANKS) while (at < text.length && isSeparator(text[at])) at++;
  }
  return fields;
}

interface Table {
  readonly header?: readonly string[];
  readonly rows: readonly { readonly fields: readonly string[]; readonly line: number }[];
}

/** The lines as a table of at least two columns; the first line may have one name fewer (R's row names). */
function tableOf(content: readonly Line[], separator: string): Table | undefined {
  const rows = content.map(({ text, line }) => ({
    fields: fieldsOf(separator === BLANKS ? text.trim() : text, separator),
    line,
  }));
  const width = rows.at(-1)!.fields.length;
  if (width < 2) return undefined;
  const [first, ...rest] = rows;
  // Between blanks the rest of a line is the label.
  const even = rest.every(({ fields }) => (separator === BLANKS ? fields.length >= 2 : fields.length === width));
  if (!even || (separator !== BLANKS && first.fields.length > width)) return undefined;
  if (first.fields.length === width - 1 && rest.length > 0) return { header: ["", ...first.fields], rows: rest };
  return first.fields.length >= 2 ? { rows } : undefined;
}

/**
 * Labels by node; nothing where lines are labels only.
 * @throws SpectroscopeError where lines have columns, and it is not said which are node and label
 */
export function pairsOfLines(
  lines: readonly string[],
  nodes: LabeledNodes,
): { pairs: LabelPair[]; said: string[] } | undefined {
  const content: Line[] = [];
  lines.forEach((text, i) => {
    if (!/^[ \t]*(#|$)/.test(text)) content.push({ text, line: i + 1 });
  });
  if (content.length === 0) return undefined;
  let strange: { readonly node: string; readonly line: number } | undefined;
  for (const separator of ["\t", ";", "|", ",", BLANKS]) {
    if (!content.at(-1)!.text.includes(separator === BLANKS ? " " : separator) && separator !== BLANKS) continue;
    const table = tableOf(content, separator);
    const found = table && (pairsOfTable(table, separator, nodes) ?? columnOfRows(table, separator, nodes));
    if (found) return found;
    if (table) strange ??= strangeKey(table, nodes);
  }
  if (strange)
    throw new SpectroscopeError(
      `${nodes.file}: line ${strange.line} labels ${shown(strange.node)}, which the graph has not`,
      {
        hint: "call nodes as the graph does; half of them at least must be there",
      },
    );
  return undefined;
}

function pairsOfTable(
  given: Table,
  separator: string,
  nodes: LabeledNodes,
): { pairs: LabelPair[]; said: string[] } | undefined {
  const table = withHeader(given, nodes);
  const { header, rows } = table;
  if (rows.length === 0) return undefined;
  const width = rows[0].fields.length;
  const columns = header ? namedColumns(header) : undefined;
  const key =
    columns?.[0] ??
    (matched(table, 0, nodes) ? 0 : width === 2 && matched(table, 1, nodes) && !nodes.numbered ? 1 : -1);
  if (key < 0 || !matched(table, key, nodes)) return undefined;
  if (width > 2 && separator !== BLANKS && !columns)
    throw new SpectroscopeError(
      `${nodes.file}: has ${width} columns${header ? ` (${shown(header.join(", "), 120)})` : ""}, and which is the label is not said`,
      { hint: "give a node and its label a line, or name the columns node and label" },
    );
  const value = columns?.[1] ?? 1 - key;
  const said = header
    ? [`${nodes.file}: the first line is taken for a header: ${shown(header.join(" ").trim(), 120)}`]
    : [];
  return {
    pairs: rows.map(({ fields, line }) => ({
      node: fields[key],
      label: separator === BLANKS && value === 1 ? fields.slice(1).join(" ") : (fields[value] ?? ""),
      line,
    })),
    said,
  };
}

/** The one column of a table that is called label, where there is a line for each row and none says which. */
function columnOfRows(
  given: Table,
  separator: string,
  nodes: LabeledNodes,
): { pairs: LabelPair[]; said: string[] } | undefined {
  const { header, rows } = withHeader(given, nodes);
  if (!header || separator === BLANKS || nodes.targets.unit !== "rows" || rows.length !== nodes.n) return undefined;
  const columns = labelColumns(header);
  if (columns.length !== 1) return undefined;
  return {
    pairs: rows.map(({ fields, line }, row) => ({ node: String(row), label: fields[columns[0]], line })),
    said: [`${nodes.file}: labels are the column ${shown(header[columns[0]])}, in the order of rows`],
  };
}

/** The first key that no node is called, where lines can only be of nodes: these have names, or all keys are other numbers. */
function strangeKey({ rows }: Table, nodes: LabeledNodes): { node: string; line: number } | undefined {
  if (nodes.targets.unit === "rows" || rows.length < 2) return undefined;
  const keys = rows.slice(1).map(({ fields }) => fields[0]);
  if (!nodes.unordered && !(keys.every(LabeledNodes.isWhole) && new Set(keys).size === keys.length)) return undefined;
  const row = rows.slice(1).find(({ fields }) => nodes.node(fields[0]) < 0);
  return row && { node: row.fields[0], line: row.line };
}

/** The first row is a header where it names no node and columns have names, or where it alone names none. */
function withHeader(table: Table, nodes: LabeledNodes): Table {
  const { header, rows } = table;
  if (header || rows.length < 2) return table;
  const [{ fields }, ...rest] = rows;
  const names = (field: string) => NODE.test(field) || LABEL.test(field) || WEAK_LABEL.test(field);
  if (fields.some((field) => nodes.node(field) >= 0 && !names(field))) return table;
  const named = INDEX.test(fields[0]) || fields.some(names);
  const words = fields.every((field) => !LabeledNodes.isWhole(field));
  return words && (named || nodes.node(rest[0].fields[0]) >= 0) ? { header: fields, rows: rest } : table;
}

/** Columns that are called labels; without, the one called y, where none beside it is called x. */
function labelColumns(header: readonly string[]): number[] {
  const all = header.map((_, column) => column);
  const named = all.filter((column) => LABEL.test(header[column]));
  const isCoordinate = header.some((name) => /^x$/i.test(name));
  return named.length > 0 || isCoordinate ? named : all.filter((column) => /^y$/i.test(header[column]));
}

/** Columns of node and label by their names; of two columns without, the first and the second. */
function namedColumns(header: readonly string[]): [number, number] | undefined {
  const all = header.map((_, column) => column);
  const strong = labelColumns(header);
  const label = strong.length > 0 ? strong : all.filter((column) => WEAK_LABEL.test(header[column]));
  const node = all.filter((column) => NODE.test(header[column]) && !label.includes(column));
  const key =
    node.find((column) => !COUNTS.test(header[column])) ?? node[0] ?? all.find((column) => !label.includes(column));
  if (key === undefined) return undefined;
  const left = all.filter((column) => column !== key && !INDEX.test(header[column]));
  if (strong.length === 1 && strong[0] !== key) return [key, strong[0]];
  if (left.length === 1) return [key, left[0]];
  return header.length === 2 ? [key, 1 - key] : undefined;
}

/**
 * Whether a column names nodes: of names, half the rows or half the nodes; of numbers, every row is a whole number, once, and half of
 * them are nodes.
 */
function matched({ rows }: Table, column: number, nodes: LabeledNodes): boolean {
  const keys = new Set<string>();
  let known = 0;
  nodes.choose(rows.map(({ fields }) => fields[column]));
  for (const { fields } of rows) {
    const key = fields[column];
    if (nodes.numbered && !LabeledNodes.isWhole(key)) return false;
    if (!keys.has(key) && nodes.node(key) >= 0) known++;
    keys.add(key);
  }
  if (nodes.numbered && keys.size < rows.length) return false;
  return 2 * known >= Math.min(rows.length, nodes.n) && known > 0;
}
