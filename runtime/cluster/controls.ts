/** Matrices and graphs without structure: what a cluster must beat, and controls. Random choices are Philox's, keyed by meaning. */
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { deriveKey, normals, words } from "../../kernels/philox/philox";
import type { Matrix } from "../statistics/matrix";

/**
 * Permutes each column by itself in place, uniformly: every column keeps its values, and relations between columns go. A
 * column's permutation depends on the seed, the purpose and its number alone.
 */
export function shuffleColumnsInPlace(matrix: Matrix, seed: number, purpose = "shuffled columns"): void {
  const { rows, cols, data } = matrix;
  for (let c = 0; c < cols; c++) {
    const draws = words(deriveKey(seed, purpose, c), 0, rows - 1);
    for (let i = rows - 1, at = 0; i > 0; i--, at++) {
      const j = Math.floor((draws[at] * (i + 1)) / 2 ** 32);
      const held = data[i * cols + c];
      data[i * cols + c] = data[j * cols + c];
      data[j * cols + c] = held;
    }
  }
}

/** A copy with each column permuted by itself; see `shuffleColumnsInPlace`. */
export function shuffledColumns(matrix: Matrix, seed: number): Matrix {
  const copy = { rows: matrix.rows, cols: matrix.cols, data: matrix.data.slice() };
  shuffleColumnsInPlace(copy, seed);
  return copy;
}

/** Independent standard normals, [rows, cols]. A value depends on the seed, the purpose and its place alone. */
export function gaussianMatrix(rows: number, cols: number, seed: number, purpose = "gaussian matrix"): Matrix {
  const key = deriveKey(seed, purpose);
  const data = new Float64Array(rows * cols);
  for (let c = 0; c < cols; c++) {
    const column = normals(key, c, rows);
    for (let i = 0; i < rows; i++) data[i * cols + c] = column[i];
  }
  return { rows, cols, data };
}

/** Puts independent normals in place of each column, of the column's own root mean square: only the sizes of columns stay. */
export function fillGaussian(matrix: Matrix, seed: number, purpose: string): void {
  const { rows, cols, data } = matrix;
  const noise = gaussianMatrix(rows, cols, seed, purpose).data;
  for (let c = 0; c < cols; c++) {
    let squares = 0;
    for (let i = 0; i < rows; i++) squares += data[i * cols + c] ** 2;
    const scale = Math.sqrt(squares / rows);
    for (let i = 0; i < rows; i++) data[i * cols + c] = scale * noise[i * cols + c];
  }
}

/** Attempted swaps an edge. Two edges change by each, so that in a sparse graph a share of about exp(-10) is never touched. */
const SWAPS_PER_EDGE = 5;
/** Attempts whose random words are drawn together. */
const ATTEMPTS = 4096;

/**
 * The same degrees without the structure: double edge swaps (two edges exchange an end when that makes neither a self-loop
 * nor a parallel edge), so many attempts for each edge. Every node keeps its number of neighbors. An edge keeps its weight while
 * its end moves: weights stay the same as a set, weighted degrees do not. A graph that allows no swap (a star) comes back as it is.
 */
export function rewire(graph: Graph, seed: number): Graph {
  const { n, offsets, neighbors } = graph;
  const edges = neighbors.length / 2;
  const ends = new Uint32Array(2 * edges);
  const weights = new Float64Array(edges);
  for (let v = 0, e = 0; v < n; v++) {
    for (let i = offsets[v]; i < offsets[v + 1]; i++) {
      if (neighbors[i] < v) continue;
      ends[2 * e] = v;
      ends[2 * e + 1] = neighbors[i];
      weights[e++] = graph.weights[i];
    }
  }
  const present = new PairSet(n, edges);
  for (let e = 0; e < edges; e++) present.add(ends[2 * e], ends[2 * e + 1]);
  const key = deriveKey(seed, "double edge swaps");
  const total = edges > 1 ? SWAPS_PER_EDGE * edges : 0;
  for (let start = 0, step = 0; start < total; start += ATTEMPTS, step++) {
    const draws = words(key, step, 3 * ATTEMPTS);
    const count = Math.min(ATTEMPTS, total - start);
    for (let t = 0; t < count; t++) {
      const e = Math.floor((draws[3 * t] * edges) / 2 ** 32);
      const f = Math.floor((draws[3 * t + 1] * edges) / 2 ** 32);
      // Which ends of f are exchanged with those of e: both ways must be as likely, for ends lie in order at first.
      const turned = draws[3 * t + 2] & 1;
      const [a, b] = [ends[2 * e], ends[2 * e + 1]];
      const [c, d] = [ends[2 * f + turned], ends[2 * f + 1 - turned]];
      if (e === f || a === d || c === b || present.has(a, d) || present.has(c, b)) continue;
      present.delete(a, b);
      present.delete(c, d);
      present.add(a, d);
      present.add(c, b);
      ends[2 * e + 1] = d;
      ends[2 * f + turned] = c;
      ends[2 * f + 1 - turned] = b;
    }
  }
  return graphFromEdges(n, ends, graph.unit ? undefined : weights);
}

/** Unordered pairs of nodes in an open table, half full: linear probing, deletion by shifting back. No pair is added twice. */
class PairSet {
  private readonly table: Float64Array;
  private readonly mask: number;

  constructor(
    private readonly n: number,
    capacity: number,
  ) {
    let size = 16;
    while (size < 2 * capacity) size *= 2;
    this.table = new Float64Array(size).fill(-1);
    this.mask = size - 1;
  }

  has(a: number, b: number): boolean {
    return this.table[this.find(this.pair(a, b))] >= 0;
  }

  add(a: number, b: number): void {
    const pair = this.pair(a, b);
    this.table[this.find(pair)] = pair;
  }

  delete(a: number, b: number): void {
    const { table, mask } = this;
    let hole = this.find(this.pair(a, b));
    // What follows moves into the hole unless its own place lies after it.
    for (let at = (hole + 1) & mask; table[at] >= 0; at = (at + 1) & mask) {
      const home = this.home(table[at]);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      table[hole] = table[at];
      hole = at;
    }
    table[hole] = -1;
  }

  /** Exact for n below 2^26. */
  private pair(a: number, b: number): number {
    return a < b ? a * this.n + b : b * this.n + a;
  }

  private home(pair: number): number {
    const high = Math.floor(pair / 2 ** 32);
    const mixed = Math.imul((pair >>> 0) ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.mask;
  }

  private find(pair: number): number {
    let at = this.home(pair);
    while (this.table[at] >= 0 && this.table[at] !== pair) at = (at + 1) & this.mask;
    return at;
  }
}
