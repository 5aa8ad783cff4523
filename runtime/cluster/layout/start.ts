/**
 * Where the nodes of a connected graph stand before they are moved: classical scaling of hops to landmarks (Brandes and Pich 2007,
 * "Eigensolver methods for progressive multidimensional scaling of large data"), smoothed by a lazy walk. Only exactly rounded
 * operations, so the same bits in every engine.
 */
import type { Graph } from "../../../kernels/graph/csr";
import { symmetricEigen } from "../pca";

const LANDMARKS = 32;
/** Steps of the walk: each node goes half way to the mean of its neighbors. */
const STEPS = 12;

/** Hops from `from` to every node, into `hops`. */
function breadthFirst({ offsets, neighbors }: Graph, from: number, hops: Int32Array, queue: Uint32Array): void {
  hops.fill(-1);
  hops[from] = 0;
  queue[0] = from;
  let end = 1;
  for (let at = 0; at < end; at++) {
    const v = queue[at];
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      const u = neighbors[e];
      if (hops[u] >= 0) continue;
      hops[u] = hops[v] + 1;
      queue[end++] = u;
    }
  }
}

/** `[n, landmarks]`: squared hops to landmarks, each the node farthest from those before, ties to the lowest id. */
function squaredHops(graph: Graph): { hops: Float64Array; landmarks: number } {
  const { n } = graph;
  const landmarks = Math.min(LANDMARKS, n);
  const squares = new Float64Array(n * landmarks);
  const nearest = new Int32Array(n).fill(n);
  const hops = new Int32Array(n);
  const queue = new Uint32Array(n);
  let next = 0;
  for (let j = 0; j < landmarks; j++) {
    breadthFirst(graph, next, hops, queue);
    next = 0;
    for (let v = 0; v < n; v++) {
      squares[v * landmarks + j] = hops[v] * hops[v];
      if (hops[v] < nearest[v]) nearest[v] = hops[v];
      if (nearest[v] > nearest[next]) next = v;
    }
  }
  return { hops: squares, landmarks };
}

/** Takes the mean out of rows and columns, in place. */
function centerBoth(values: Float64Array, rows: number, cols: number): void {
  const column = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let c = 0; c < cols; c++) column[c] += values[i * cols + c] / rows;
  let all = 0;
  for (let c = 0; c < cols; c++) all += column[c] / cols;
  for (let i = 0; i < rows; i++) {
    let row = 0;
    for (let c = 0; c < cols; c++) row += values[i * cols + c] / cols;
    for (let c = 0; c < cols; c++) values[i * cols + c] += all - row - column[c];
  }
}

/** Two coordinates about their means weighted by degree, at right angles and of length sqrt(n); a flat one becomes 0. */
function straighten(at: Float64Array, { n, degree, volume }: Graph): void {
  let [mx, my] = [0, 0];
  for (let v = 0; v < n; v++) {
    mx += (at[2 * v] * degree[v]) / volume;
    my += (at[2 * v + 1] * degree[v]) / volume;
  }
  let [xx, xy] = [0, 0];
  for (let v = 0; v < n; v++) {
    at[2 * v] -= mx;
    at[2 * v + 1] -= my;
    xx += at[2 * v] * at[2 * v];
    xy += at[2 * v] * at[2 * v + 1];
  }
  let yy = 0;
  for (let v = 0; v < n; v++) {
    if (xx > 0) at[2 * v + 1] -= (xy / xx) * at[2 * v];
    yy += at[2 * v + 1] * at[2 * v + 1];
  }
  const [sx, sy] = [xx > 1e-18 ? Math.sqrt(n / xx) : 0, yy > 1e-18 ? Math.sqrt(n / yy) : 0];
  for (let v = 0; v < n; v++) {
    at[2 * v] *= sx;
    at[2 * v + 1] *= sy;
  }
}

/** @returns `[n, 2]`, about 0, of spread 1 along each axis that the graph has */
export function startOf(graph: Graph): Float64Array {
  const { n, offsets, neighbors, weights, degree } = graph;
  const { hops, landmarks } = squaredHops(graph);
  centerBoth(hops, n, landmarks);
  const gram = new Float64Array(landmarks * landmarks);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < landmarks; a++)
      for (let b = 0; b < landmarks; b++) gram[a * landmarks + b] += hops[i * landmarks + a] * hops[i * landmarks + b];
  const { vectors } = symmetricEigen(gram, landmarks);
  let at = new Float64Array(2 * n);
  for (let i = 0; i < n; i++)
    for (let d = 0; d < Math.min(2, landmarks); d++)
      for (let a = 0; a < landmarks; a++) at[2 * i + d] += hops[i * landmarks + a] * vectors[a * landmarks + d];
  straighten(at, graph);
  for (let step = 0; step < STEPS; step++) {
    const next = new Float64Array(2 * n);
    for (let v = 0; v < n; v++) {
      let [x, y] = [0, 0];
      for (let e = offsets[v]; e < offsets[v + 1]; e++) {
        x += weights[e] * at[2 * neighbors[e]];
        y += weights[e] * at[2 * neighbors[e] + 1];
      }
      next[2 * v] = (at[2 * v] + x / degree[v]) / 2;
      next[2 * v + 1] = (at[2 * v + 1] + y / degree[v]) / 2;
    }
    at = next;
    straighten(at, graph);
  }
  return at;
}
