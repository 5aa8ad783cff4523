/**
 * METIS's graphs: a line of sizes, then a line a node with its neighbors, counted from 1. Source: Karypis, "METIS: A Software Package
 * for Partitioning Unstructured Graphs, ... Version 5.1.0", 2013, section 4.1.1.
 */
import { SpectroscopeError } from "../../kernels/errors";
import type { SparseMatrix } from "./npz";
import { shown } from "./text";

const LINE = 10;
const PERCENT = 37;

export interface MetisGraph {
  readonly matrix: SparseMatrix;
  /** Numbers of each node that are no neighbors: its weights and its size, which are not read. */
  readonly nodeNumbers: number;
}

interface Sizes {
  readonly n: number;
  readonly m: number;
  /** Numbers of a line before its neighbors. */
  readonly skipped: number;
  readonly weighted: boolean;
}

/** Physical lines but comments: their numbers from 1, and where they are. */
class MetisLines {
  line = 0;
  start = 0;
  end = 0;
  private at: number;

  constructor(readonly bytes: Uint8Array) {
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  next(): boolean {
    while (this.at < this.bytes.length) {
      this.line++;
      this.start = this.at;
      const end = this.bytes.indexOf(LINE, this.at);
      this.end = end < 0 ? this.bytes.length : end;
      this.at = this.end + 1;
      if (this.bytes[this.start] !== PERCENT) return true;
    }
    return false;
  }

  text(most = 200): string {
    return new TextDecoder("latin1")
      .decode(this.bytes.subarray(this.start, Math.min(this.end, this.start + most)))
      .trim();
  }
}

/** The first line: nodes, edges, which weights there are, weights of a node; nothing where it is no such line. */
function sizesOf(text: string): Sizes | undefined {
  if (!/^\d{1,10}(\s+\d{1,10}){1,3}$/.test(text)) return undefined;
  const [n, m, format = "0", constraints = "1"] = text.split(/\s+/);
  if (!/^[01]{1,3}$/.test(format)) return undefined;
  const [sizes, weights, edges] = format.padStart(3, "0");
  const skipped = (sizes === "1" ? 1 : 0) + (weights === "1" ? Number(constraints) : 0);
  return { n: Number(n), m: Number(m), skipped, weighted: edges === "1" };
}

/**
 * Whether the first line's sizes are those of the lines behind it: as many nodes as lines, twice as many neighbors as edges. An
 * edge list that has all of this begins with an edge of a node to itself.
 */
export function fitsMetis(bytes: Uint8Array): boolean {
  const lines = new MetisLines(bytes);
  const sizes = lines.next() ? sizesOf(lines.text()) : undefined;
  if (!sizes || sizes.n < 1 || sizes.n > bytes.length) return false;
  let rows = 0;
  let neighbors = 0;
  let filled = 0;
  while (lines.next()) {
    const count = numbersIn(bytes, lines.start, lines.end);
    if (count < 0) return false;
    if (count > 0) filled = rows + 1;
    if (++rows > sizes.n && count > 0) return false;
    if (count > 0) neighbors += (count - sizes.skipped) / (sizes.weighted ? 2 : 1);
  }
  return rows >= sizes.n && filled <= sizes.n && neighbors === 2 * sizes.m;
}

/** How many numbers a line has; -1 where it has anything else. */
function numbersIn(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  let inside = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === 32 || byte === 9 || byte === 13) inside = false;
    else if ((byte >= 48 && byte <= 57) || (inside && (byte === 46 || byte === 101 || byte === 43 || byte === 45))) {
      if (!inside) count++;
      inside = true;
    } else return -1;
  }
  return count;
}

/** `file` names it in errors. @throws SpectroscopeError with the line */
export function parseMetis(bytes: Uint8Array, file: string): MetisGraph {
  const lines = new MetisLines(bytes);
  const fail = (what: string, hint: string): never => {
    throw new SpectroscopeError(`${file}: line ${lines.line} ${what}`, { hint });
  };
  const sizes = lines.next() ? sizesOf(lines.text()) : undefined;
  if (!sizes)
    return fail(
      `is no first line of METIS: ${shown(lines.text())}`,
      "it is: nodes edges, perhaps a format like 001 and a count; name an edge list .txt",
    );
  const { n, m, skipped, weighted } = sizes;
  if (n > bytes.length || m > bytes.length)
    fail(
      `says ${n} nodes and ${m} edges, and the file has ${bytes.length} bytes`,
      "a node is a line; name an edge list .txt",
    );
  const offsets = new Uint32Array(n + 1);
  const columns = new Uint32Array(2 * m);
  const values = new Float64Array(2 * m).fill(1);
  let entries = 0;
  let v = 0;
  while (lines.next()) {
    const words = new Words(bytes, lines.start, lines.end);
    if (v >= n) {
      if (words.next())
        fail(
          `is one more than the ${n} nodes of the first line`,
          "a node is a line behind the first; name an edge list .txt",
        );
      continue;
    }
    for (let i = 0; i < skipped; i++)
      if (!words.next() && i > 0) fail(`has ${i} of ${skipped} numbers of its node`, "the first line says how many");
    while (words.next()) {
      const u = words.whole();
      if (!(u >= 1 && u <= n)) fail(`has neighbor ${shown(words.text())}`, `nodes are numbers from 1 to ${n}`);
      if (entries >= 2 * m)
        fail(
          `goes beyond ${m} edges`,
          "each edge stands in the lines of both its nodes, and counts once in the first line",
        );
      columns[entries] = u - 1;
      if (weighted) {
        if (!words.next())
          fail(`has no weight of neighbor ${u}`, "of format 001 each neighbor is followed by the edge's weight");
        const weight = Number(words.text());
        if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
          fail(`has weight ${shown(words.text())}`, "weights are finite numbers, not negative");
        values[entries] = weight;
      }
      entries++;
    }
    offsets[++v] = entries;
  }
  if (v < n)
    fail(`is the last, and ${n} nodes need ${n + 1}`, "a node is a line behind the first; name an edge list .txt");
  if (entries < 2 * m)
    fail(`ends with ${entries} neighbors, ${m} edges need ${2 * m}`, "each edge stands in the lines of both its nodes");
  return { matrix: { n, offsets, columns, values }, nodeNumbers: skipped };
}

/** Words of a line. */
class Words {
  private start = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly end: number,
  ) {}

  next(): boolean {
    const isBlank = (byte: number) => byte === 32 || byte === 9 || byte === 13;
    while (this.at < this.end && isBlank(this.bytes[this.at])) this.at++;
    this.start = this.at;
    while (this.at < this.end && !isBlank(this.bytes[this.at])) this.at++;
    return this.at > this.start;
  }

  text(): string {
    return new TextDecoder("latin1").decode(this.bytes.subarray(this.start, this.at));
  }

  /** -1 for what is no whole number. */
  whole(): number {
    let value = 0;
    for (let at = this.start; at < this.at; at++) {
      const digit = this.bytes[at] - 48;
      if (digit < 0 || digit > 9) return -1;
      value = 10 * value + digit;
    }
    return value;
  }
}
