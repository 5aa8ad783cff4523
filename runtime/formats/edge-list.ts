/**
 * Edge lists as text: two node ids a line and perhaps a weight, separated by tabs, commas or spaces; a field that begins
 * with `#` begins a comment, and the first line may be a header. Bytes only; no object an edge, so that tens of millions of edges are read in seconds.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { notUtf8, refuseOtherEncodings, shown } from "./text";

/** Edges as a text lists them. */
export interface EdgeList {
  readonly n: number;
  /** `[2 E]`: end points, pair by pair, as they stand, without self-loops. */
  readonly ends: Uint32Array;
  /** `[E]`, positive; absent without a third column. */
  readonly weights?: Float64Array;
  /** Names of nodes 0 to n - 1, in order of first appearance; absent when ids are whole numbers, which are then the nodes. */
  readonly names?: readonly string[];
  /** A first line that was taken for a header. */
  readonly header?: string;
  readonly selfLoops: number;
  /** Edges of weight 0, left out. */
  readonly zeroWeights: number;
}

const TAB = 9;
const LINE = 10;
const RETURN = 13;
const SPACE = 32;
const HASH = 35;
const COMMA = 44;

/** Words of a first line that say it is a header where ids are names too. */
const HEADER_WORDS = /^(source|target|src|dst|from|to|node_?[12ab]?|id_?[12]|head|tail|vertex_?[12]?)$/i;
/** Node numbers may go this far beyond the ids that appear, before it is taken for a mistake. */
const MAX_SPARSITY = 16;
/** A weight as it may be written: hexadecimal and binary numbers, which JavaScript also knows, are a mistake. */
const DECIMAL = /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const MAX_NODES = 2 ** 31 - 1;

/** Splits lines in place: `field` begins and ends of the current line. */
class Lines {
  /** Number of the current line, from 1. */
  line = 0;
  count = 0;
  readonly from = new Float64Array(4);
  readonly to = new Float64Array(4);
  private at = 0;
  /** Strict, and a mark that is no file's first is part of a name: otherwise two nodes might be one. */
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(
    readonly bytes: Uint8Array,
    private readonly file: string,
  ) {
    // A byte order mark.
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3;
  }

  /** Goes to the next line that holds something; false at the end. Counts up to 4 fields; more are as wrong as 4. */
  next(): boolean {
    const { bytes, from, to } = this;
    const end = bytes.length;
    while (this.at < end) {
      this.line++;
      this.count = 0;
      let at = this.at;
      while (at < end && bytes[at] !== LINE && bytes[at] !== HASH) {
        const byte = bytes[at];
        if (byte === TAB || byte === SPACE || byte === COMMA || byte === RETURN) {
          at++;
          continue;
        }
        const start = at;
        while (at < end && !(bytes[at] <= COMMA && isBreak(bytes[at]))) at++;
        if (this.count < 4) {
          from[this.count] = start;
          to[this.count] = at;
        }
        this.count++;
      }
      while (at < end && bytes[at] !== LINE) at++;
      this.at = at + 1;
      // networkx ends an edge without attributes by {}.
      if (this.count === 3 && to[2] - from[2] === 2 && bytes[from[2]] === 0x7b && bytes[from[2] + 1] === 0x7d)
        this.count = 2;
      if (this.count > 0) return true;
    }
    return false;
  }

  /** @throws SpectroscopeError for a field that is not UTF-8 */
  text(field: number): string {
    try {
      return this.decoder.decode(this.bytes.subarray(this.from[field], this.to[field]));
    } catch {
      throw notUtf8(this.bytes, this.file, this.from[field]);
    }
  }

  /** The whole number of a field as 0, 1, ... are written; -1 for anything else. Beyond 2^31 it is not exact. */
  number(field: number): number {
    const { bytes } = this;
    const start = this.from[field];
    const end = this.to[field];
    if (bytes[start] === 48) return end === start + 1 ? 0 : -1;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = bytes[at] - 48;
      if (digit < 0 || digit > 9) return -1;
      value = 10 * value + digit;
    }
    return value;
  }
}

const decimal = (text: string) => (DECIMAL.test(text) ? Number(text) : Number.NaN);

const isBreak = (byte: number) => byte === TAB || byte === SPACE || byte === COMMA || byte === RETURN || byte === LINE;

/** A number of any kind, which no header has: whole numbers with it are an edge that is wrong, or whose ids are names. */
const isNumber = (text: string) => DECIMAL.test(text) || /^[+-]?(inf(inity)?|nan)$/i.test(text);

/** What a first pass finds. */
interface Survey {
  lines: number;
  /** All ids but those of a header are whole numbers. */
  numbered: boolean;
  largest: number;
  largestLine: number;
  header?: string;
}

function survey(lines: Lines, fail: (line: number, what: string, hint: string) => never): Survey {
  const found: Survey = { lines: 0, numbered: true, largest: -1, largestLine: 0 };
  let first: { words: string[]; numbered: boolean } | undefined;
  let weighted = false;
  while (lines.next()) {
    found.lines++;
    if (lines.count < 2 || lines.count > 3)
      fail(
        lines.line,
        `has ${lines.count > 3 ? "more than 3 columns" : "one column"}`,
        "an edge is two ids and perhaps a weight (networkx: write_weighted_edgelist)",
      );
    const a = lines.number(0);
    const b = lines.number(1);
    const numbered = a >= 0 && b >= 0;
    if (!first) {
      first = { words: Array.from({ length: lines.count }, (_, field) => lines.text(field)), numbered };
      if (!numbered) continue;
    }
    weighted ||= lines.count === 3;
    found.numbered &&= numbered;
    const top = Math.max(a, b);
    if (top > found.largest) {
      found.largest = top;
      found.largestLine = lines.line;
    }
  }
  if (first && !first.numbered) {
    const [, , third] = first.words;
    const words = first.words.slice(0, 2).every((word) => HEADER_WORDS.test(word));
    const noWeight = third !== undefined && weighted && Number.isNaN(Number(third));
    const head = ((found.numbered && found.lines > 1) || words || noWeight) && !first.words.some(isNumber);
    if (head) found.header = first.words.join(" ");
    else found.numbered = false;
  }
  return found;
}

/** Read an edge list; `file` names it in errors. @throws SpectroscopeError with the line */
export function parseEdgeList(bytes: Uint8Array, file: string): EdgeList {
  const fail = (line: number, what: string, hint: string): never => {
    throw new SpectroscopeError(`${file}: line ${line} ${what}`, { hint });
  };
  refuseOtherEncodings(bytes, file);
  const { lines: total, numbered, largest, largestLine, header } = survey(new Lines(bytes, file), fail);
  const count = total - (header === undefined ? 0 : 1);
  if (count === 0)
    throw new SpectroscopeError(`${file}: holds no edge`, {
      hint: "an edge is a line of two ids and perhaps a weight",
    });
  if (numbered && (largest > MAX_NODES || largest >= MAX_SPARSITY * (2 * count + 1024)))
    fail(
      largestLine,
      `has node ${largest > Number.MAX_SAFE_INTEGER ? "beyond 2^53" : largest}, but there are ${count} edges`,
      "number nodes from 0 on, or write a letter before each id to have them as names",
    );
  const ends = new Uint32Array(2 * count);
  let weights: Float64Array | undefined;
  let columns = 0;
  const index = new Map<string, number>();
  const node = (field: number): number => {
    if (numbered) return lines.number(field);
    const name = lines.text(field);
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
  const lines = new Lines(bytes, file);
  if (header !== undefined) lines.next();
  while (lines.next()) {
    if (columns === 0) {
      columns = lines.count;
      if (columns === 3) weights = new Float64Array(count);
    } else if (lines.count !== columns) {
      const hint = "give every edge a weight, or none";
      fail(lines.line, `has ${lines.count} columns, and the lines before have ${columns}`, hint);
    }
    const a = node(0);
    const b = node(1);
    if (weights) {
      const whole = lines.number(2);
      const weight = whole >= 0 && whole <= MAX_NODES ? whole : decimal(lines.text(2));
      if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
        fail(lines.line, `has weight ${shown(lines.text(2))}`, "weights are finite numbers, not negative");
      if (weight === 0) {
        zeroWeights++;
        continue;
      }
      weights[edges] = weight;
    }
    if (a === b) {
      selfLoops++;
      continue;
    }
    ends[2 * edges] = a;
    ends[2 * edges + 1] = b;
    edges++;
  }
  return {
    n: numbered ? largest + 1 : index.size,
    ends: ends.subarray(0, 2 * edges),
    ...(weights ? { weights: weights.subarray(0, edges) } : {}),
    ...(numbered ? {} : { names: [...index.keys()] }),
    ...(header === undefined ? {} : { header }),
    selfLoops,
    zeroWeights,
  };
}
