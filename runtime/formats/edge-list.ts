/**
 * Edge lists as text: two node ids a line and perhaps a weight, between tabs, commas, spaces, semicolons or bars, perhaps quoted; the
 * first line may be a header that names the ends and the weight among other columns. Bytes only; no object an edge, so that tens of
 * millions of edges are read in seconds.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { decimal } from "./decimal";
import { Lines, withLineEnds } from "./delimited";
import { type EdgeLayout, layoutOf } from "./edge-layout";
import { numberedNodes } from "./node-ids";
import { refuseOtherEncodings, shown } from "./text";

/** What was read as what, by the names of columns, or `column 1` and on. */
export interface ReadColumns {
  readonly ends: readonly [string, string];
  readonly weight: string | null;
  readonly ignored: readonly string[];
}

/** Edges as a text lists them. */
export interface EdgeList {
  readonly n: number;
  /** `[2 E]`: end points, pair by pair, as they stand, without self-loops. */
  readonly ends: Uint32Array;
  /** `[E]`, positive; absent without a weight. */
  readonly weights?: Float64Array;
  /** Names of nodes 0 to n - 1, in order of first appearance; absent when ids are whole numbers. */
  readonly names?: readonly string[];
  /** `[n]`: whole-number ids of the file, ascending; absent where they are the nodes 0 to n - 1. */
  readonly ids?: Float64Array;
  /** A first line that was taken for a header. */
  readonly header?: string;
  /** Ids of a first line that no other line has: it may have been a header. */
  readonly lonely?: readonly [string, string];
  /** Absent where each line is two ids. */
  readonly columns?: ReadColumns;
  readonly selfLoops: number;
  /** Edges of weight 0, left out. */
  readonly zeroWeights: number;
}

/** Whole numbers that are exact, as weights too. */
const MAX_EXACT = Number.MAX_SAFE_INTEGER;

/** What a first pass finds. */
interface Survey {
  /** Edges, self-loops too. */
  readonly count: number;
  /** All ids are whole numbers. */
  readonly numbered: boolean;
  readonly largest: number;
}

function survey(bytes: Uint8Array, file: string, layout: EdgeLayout): Survey {
  const { dialect, fields, columns, header, names } = layout;
  const lines = new Lines(bytes, file, dialect);
  const [first, second] = columns.ends;
  if (header) lines.next();
  let count = 0;
  let numbered = true;
  let largest = -1;
  while (lines.next()) {
    if (lines.count !== fields || fields > 3) checkCount(lines, fields, names !== undefined, count > 0);
    count++;
    if (!numbered) continue;
    const a = lines.number(first);
    const b = lines.number(second);
    if (a < 0 || b < 0 || a > MAX_EXACT || b > MAX_EXACT) numbered = false;
    else if (a > largest || b > largest) largest = Math.max(a, b);
  }
  return { count, numbered, largest };
}

/** @throws SpectroscopeError for a line of other columns than it should have */
function checkCount(lines: Lines, fields: number, named: boolean, before: boolean): void {
  if (named && lines.count === fields) return;
  if (lines.count < 2)
    throw lines.fault("has one column", "an edge is two ids and perhaps a weight (networkx: write_weighted_edgelist)");
  if (lines.count > 3 && !named)
    throw lines.fault(
      "has more than 3 columns",
      "an edge is two ids and perhaps a weight (networkx: write_weighted_edgelist), or a first line names the columns: source, target, weight",
    );
  const others = before ? "the lines before have" : named ? "the header has" : "the first line has";
  throw lines.fault(
    `has ${lines.count} columns, and ${others} ${fields}`,
    named ? "give every line all columns" : "give every edge a weight, or none",
  );
}

/** Ids and weights of all edges, as the file has them. */
function edgesOf(bytes: Uint8Array, file: string, layout: EdgeLayout, found: Survey) {
  const { dialect, columns, header } = layout;
  const { count, numbered, largest } = found;
  const lines = new Lines(bytes, file, dialect);
  const [first, second] = columns.ends;
  const third = columns.weight;
  const raw = !numbered || largest < 2 ** 32 ? new Uint32Array(2 * count) : new Float64Array(2 * count);
  const weights = third === undefined ? undefined : new Float64Array(count);
  const index = new Map<string, number>();
  const alone: number[] = [];
  const node = (field: number): number => {
    if (numbered) return lines.number(field);
    const name = lines.text(field);
    if (name === "") throw lines.fault(`has no id in column ${field + 1}`, "give each edge both its ends");
    let id = index.get(name);
    if (id === undefined) {
      id = index.size;
      index.set(name, id);
    }
    return id;
  };
  let edges = 0;
  let selfLoops = 0;
  let zeroWeights = 0;
  if (header) lines.next();
  while (lines.next()) {
    const a = node(first);
    const b = node(second);
    let weight = 1;
    if (weights) {
      weight = weightOf(lines, third!);
      weights[edges] = weight;
    }
    if (weight === 0 || a === b) {
      if (weight === 0) zeroWeights++;
      else selfLoops++;
      if (numbered) alone.push(a, b);
      continue;
    }
    raw[2 * edges] = a;
    raw[2 * edges + 1] = b;
    edges++;
  }
  return {
    ...{ raw: raw.subarray(0, 2 * edges), weights: weights?.subarray(0, edges), alone },
    ...{ names: numbered ? undefined : [...index.keys()], selfLoops, zeroWeights },
  };
}

/** @throws SpectroscopeError for what is no weight */
function weightOf(lines: Lines, field: number): number {
  const whole = lines.number(field);
  const weight = whole >= 0 && whole <= MAX_EXACT ? whole : decimal(lines.text(field));
  if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
    const text = lines.text(field);
    const comma = /^\d+,\d+$/.test(text) ? ", and written with a decimal point" : "";
    throw lines.fault(
      `has weight ${shown(text === "" ? '""' : text)}`,
      `weights are finite numbers, not negative${comma}`,
    );
  }
  return weight;
}

/** What was read as what, where it is not plainly an edge and a weight. */
function columnsRead({ columns, names, fields }: EdgeLayout): ReadColumns | undefined {
  const { ends, weight, ignored } = columns;
  if (names === undefined && fields < 3) return undefined;
  const name = (column: number) => names?.[column] || `column ${column + 1}`;
  return {
    ends: [name(ends[0]), name(ends[1])],
    weight: weight === undefined ? null : name(weight),
    ignored: ignored.map(name),
  };
}

/**
 * Read an edge list; `file` names it in errors.
 * @param given a layout that is known, instead of the one that the first lines tell
 * @throws SpectroscopeError with the line
 */
export function parseEdgeList(given: Uint8Array, file: string, known?: EdgeLayout): EdgeList {
  refuseOtherEncodings(given, file);
  const bytes = withLineEnds(given);
  let layout = known ?? layoutOf(bytes, file);
  let found = survey(bytes, file, layout);
  if (layout.doubtful && !(found.numbered && found.count > 0)) {
    layout = layoutOf(bytes, file, false);
    found = survey(bytes, file, layout);
  }
  if (found.count === 0)
    throw new SpectroscopeError(`${file}: holds no edge`, {
      hint: "an edge is a line of two ids and perhaps a weight",
    });
  const { raw, weights, names, alone, selfLoops, zeroWeights } = edgesOf(bytes, file, layout, found);
  const nodes = names ? { n: names.length, ends: raw as Uint32Array, names } : numberedNodes(raw, alone, found.largest);
  const columns = columnsRead(layout);
  return {
    ...nodes,
    ...(weights ? { weights } : {}),
    ...(layout.header ? { header: headerText(bytes, file, layout) } : {}),
    ...(columns ? { columns } : {}),
    ...(names && !layout.header && isLonely(raw) ? { lonely: [names[0], names[1]] as const } : {}),
    selfLoops,
    zeroWeights,
  };
}

/** Whether the ends of the first edge are in no other, where there are some. */
function isLonely(ends: ArrayLike<number>): boolean {
  if (ends.length < 6 || ends[0] !== 0 || ends[1] !== 1) return false;
  for (let i = 2; i < ends.length; i++) if (ends[i] < 2) return false;
  return true;
}

/** The header's words. @throws SpectroscopeError when it is not UTF-8 */
function headerText(bytes: Uint8Array, file: string, { header }: EdgeLayout): string {
  const lines = new Lines(bytes, file);
  lines.next();
  for (let field = 0; field < lines.count; field++) lines.text(field);
  return header!.join(" ").trim();
}
