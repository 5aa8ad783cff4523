/** Graphs as people have them, made into checked ones: what is dropped is counted, what is doubtful is refused with its place. */
import { SpectroscopeError } from "../../kernels/errors";
import { checkCsr, type Graph, graphFromEdges } from "../../kernels/graph/csr";
import type { EdgeList } from "../formats/edge-list";
import type { SparseMatrix } from "../formats/npz";
import type { SymmetrizeRule } from "./symmetrize";

export interface GivenGraph {
  readonly graph: Graph;
  /** Names of the nodes, where ids were names or nodes have labels. */
  readonly names?: readonly string[];
  /** The file's numbers of the nodes, where they are not 0 to n - 1. */
  readonly ids?: ArrayLike<number>;
  /** What of the input is not in the graph. */
  readonly dropped: {
    readonly selfLoops: number;
    /** Edges given again, in either direction: the largest weight stays. Of a matrix: none, it has an entry a direction. */
    readonly repeats: number;
    readonly zeroWeights: number;
    /** Entries that `symmetrize` gave a mirror (union) or left out (mutual). */
    readonly oneSided: number;
  };
}

/** An edge list: undirected, whichever way it is written. */
export function graphOfList(list: EdgeList): GivenGraph {
  const { n, ends, weights, names, ids, selfLoops, zeroWeights } = list;
  const graph = graphFromEdges(n, ends, weights);
  const repeats = ends.length / 2 - graph.neighbors.length / 2;
  const called = { ...(names ? { names } : {}), ...(ids ? { ids } : {}) };
  return { graph, ...called, dropped: { selfLoops, repeats, zeroWeights, oneSided: 0 } };
}

/** Rows of a matrix in ascending order of columns, without diagonal and zeros. */
type Rows = Pick<SparseMatrix, "offsets" | "columns" | "values">;

/**
 * A sparse matrix of weights. Rows are sorted, the diagonal and stored zeros are dropped. Both directions of an edge must be there
 * with one weight, unless `symmetrize` says what to make of others: `union` keeps an edge that either direction has, with the larger
 * weight, `mutual` one that both have, with the smaller.
 * @param first what the file calls the first row
 * @throws SpectroscopeError naming the first entry that is not finite, negative, given twice or without its mirror
 */
export function graphOfMatrix(matrix: SparseMatrix, file: string, symmetrize?: SymmetrizeRule, first = 0): GivenGraph {
  const { n } = matrix;
  const entry: Place = (v, u) => `(${v + first}, ${u + first})`;
  const { rows, selfLoops, zeroWeights } = offDiagonal(matrix, file, entry);
  const mirror = transposed(rows, n);
  const sorted = transposed(mirror, n);
  refuseRepeats(sorted, n, file, entry);
  const lone = firstLone(sorted, mirror, n);
  if (lone && !symmetrize) {
    const [v, u, there, back] = lone;
    const what = back === undefined ? `there is no ${entry(u, v)}` : `${entry(u, v)} is ${back}`;
    throw new SpectroscopeError(`${file}: not symmetric: entry ${entry(v, u)} is ${there}, and ${what}`, {
      hint: "an undirected graph has both; --symmetrize union keeps every edge, --symmetrize mutual those that both rows have",
    });
  }
  const { merged, oneSided } = lone ? merge(sorted, mirror, n, symmetrize!) : { merged: sorted, oneSided: 0 };
  const { offsets, columns: neighbors, values: weights } = merged;
  const graph = checkCsr({ n, offsets, neighbors, weights });
  const ids = first === 0 ? undefined : Float64Array.from({ length: n }, (_, v) => v + first);
  return { graph, ...(ids ? { ids } : {}), dropped: { selfLoops, repeats: 0, zeroWeights, oneSided } };
}

/** An entry as its file calls it. */
type Place = (row: number, column: number) => string;

function offDiagonal({ n, offsets, columns, values }: SparseMatrix, file: string, entry: Place) {
  const starts = new Uint32Array(n + 1);
  const ids = new Uint32Array(columns.length);
  const weights = new Float64Array(columns.length);
  let selfLoops = 0;
  let zeroWeights = 0;
  let m = 0;
  for (let v = 0; v < n; v++) {
    for (let i = offsets[v]; i < offsets[v + 1]; i++) {
      const w = values[i];
      if (!(w >= 0 && w < Number.POSITIVE_INFINITY))
        throw new SpectroscopeError(`${file}: entry ${entry(v, columns[i])} is ${w}`, {
          code: Number.isFinite(w) ? "bad-input" : "non-finite",
          hint: "weights are finite numbers, not negative",
        });
      if (columns[i] === v) selfLoops++;
      else if (w === 0) zeroWeights++;
      else {
        ids[m] = columns[i];
        weights[m++] = w;
      }
    }
    starts[v + 1] = m;
  }
  const rows: Rows = { offsets: starts, columns: ids.subarray(0, m), values: weights.subarray(0, m) };
  return { rows, selfLoops, zeroWeights };
}

/** Every row of a transpose ascends, whatever the order of the rows that it is made from. */
function transposed({ offsets, columns, values }: Rows, n: number): Rows {
  const starts = new Uint32Array(n + 1);
  for (let i = 0; i < columns.length; i++) starts[columns[i] + 1]++;
  for (let v = 0; v < n; v++) starts[v + 1] += starts[v];
  const fill = starts.slice();
  const ids = new Uint32Array(columns.length);
  const weights = new Float64Array(columns.length);
  for (let v = 0; v < n; v++) {
    for (let i = offsets[v]; i < offsets[v + 1]; i++) {
      const at = fill[columns[i]]++;
      ids[at] = v;
      weights[at] = values[i];
    }
  }
  return { offsets: starts, columns: ids, values: weights };
}

function refuseRepeats({ offsets, columns }: Rows, n: number, file: string, entry: Place): void {
  for (let v = 0; v < n; v++)
    for (let i = offsets[v] + 1; i < offsets[v + 1]; i++)
      if (columns[i] === columns[i - 1])
        throw new SpectroscopeError(`${file}: entry ${entry(v, columns[i])} is given twice`, {
          hint: "call sum_duplicates() before saving",
        });
}

/** The first entry whose mirror is missing or another: row, column, both values. */
function firstLone(a: Rows, b: Rows, n: number): [number, number, number, number | undefined] | undefined {
  for (let v = 0; v < n; v++) {
    let i = a.offsets[v];
    let j = b.offsets[v];
    while (i < a.offsets[v + 1] || j < b.offsets[v + 1]) {
      const u = i < a.offsets[v + 1] ? a.columns[i] : n;
      const w = j < b.offsets[v + 1] ? b.columns[j] : n;
      if (u < w) return [v, u, a.values[i], undefined];
      if (w < u) return [w, v, b.values[j], undefined];
      if (a.values[i] !== b.values[j]) return [v, u, a.values[i], b.values[j]];
      i++;
      j++;
    }
  }
  return undefined;
}

/** A matrix and its transpose as one symmetric matrix. */
function merge(a: Rows, b: Rows, n: number, rule: SymmetrizeRule): { merged: Rows; oneSided: number } {
  const offsets = new Uint32Array(n + 1);
  const columns = new Uint32Array(a.columns.length + b.columns.length);
  const values = new Float64Array(columns.length);
  let oneSided = 0;
  let m = 0;
  for (let v = 0; v < n; v++) {
    let i = a.offsets[v];
    let j = b.offsets[v];
    while (i < a.offsets[v + 1] || j < b.offsets[v + 1]) {
      const u = i < a.offsets[v + 1] ? a.columns[i] : n;
      const w = j < b.offsets[v + 1] ? b.columns[j] : n;
      if (u === w) {
        columns[m] = u;
        values[m++] = rule === "union" ? Math.max(a.values[i], b.values[j]) : Math.min(a.values[i], b.values[j]);
      } else {
        if (u < w) oneSided++;
        if (rule === "union") {
          columns[m] = Math.min(u, w);
          values[m++] = u < w ? a.values[i] : b.values[j];
        }
      }
      if (u <= w) i++;
      if (w <= u) j++;
    }
    offsets[v + 1] = m;
  }
  return { merged: { offsets, columns: columns.slice(0, m), values: values.slice(0, m) }, oneSided };
}
