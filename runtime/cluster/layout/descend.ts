/**
 * Moves nodes so that neighbors stand close and others apart: stochastic descent of the cross entropy of UMAP (McInnes, Healy,
 * Melville 2018, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction") with negative samples. The
 * curve is 1 / (1 + A d^2), with an exponent of 1, so that every operation is exactly rounded: the same bits in every engine.
 */
import type { Graph } from "../../../kernels/graph/csr";

const A = 1.577;
/** Nodes that an end of each sampled edge is pushed away from. */
const NEGATIVES = 5;
/** Longest move along an axis. */
const CLIP = 4;
/** Edges sampled an epoch, as a multiple of the nodes: dense graphs cost no more than sparse ones. */
const EDGES_A_NODE = 4;

/** Epochs for so many nodes: few nodes need many, many nodes cost much. */
const epochsFor = (n: number) => (n <= 10_000 ? 500 : 200);

/**
 * Strength of each edge, 0 to 1: its weight over the root of its ends' degrees, over the largest such of the end that holds it
 * dearer. So scales of weights do not count, and a hub does not draw all together.
 */
function strengths({ n, offsets, neighbors, weights, degree }: Graph): Float64Array {
  const out = new Float64Array(weights.length);
  const largest = new Float64Array(n);
  for (let v = 0; v < n; v++)
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      out[e] = weights[e] / Math.sqrt(degree[v]) / Math.sqrt(degree[neighbors[e]]);
      if (out[e] > largest[v]) largest[v] = out[e];
    }
  for (let v = 0; v < n; v++)
    for (let e = offsets[v]; e < offsets[v + 1]; e++) out[e] /= Math.min(largest[v], largest[neighbors[e]]);
  return out;
}

/** Edges `v < u`, each with the epochs between two samples of it; edges that no epoch would sample are left out. */
function samples(graph: Graph, epochs: number): { tails: Uint32Array; heads: Uint32Array; pause: Float64Array } {
  const { n, offsets, neighbors } = graph;
  const strength = strengths(graph);
  let total = 0;
  for (const one of strength) total += one / 2;
  const share = Math.min(1, (EDGES_A_NODE * n) / total);
  const tails = new Uint32Array(neighbors.length / 2);
  const heads = new Uint32Array(neighbors.length / 2);
  const pause = new Float64Array(neighbors.length / 2);
  let m = 0;
  for (let v = 0; v < n; v++)
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      const every = 1 / (share * strength[e]);
      if (neighbors[e] < v || every > epochs) continue;
      tails[m] = v;
      heads[m] = neighbors[e];
      pause[m++] = every;
    }
  return { tails: tails.subarray(0, m), heads: heads.subarray(0, m), pause: pause.subarray(0, m) };
}

/**
 * @param at `[n, 2]`, moved in place
 * @param progress told the share of the epochs that is done
 */
export function descend(graph: Graph, at: Float64Array, seed: number, progress?: (share: number) => void): void {
  const { n } = graph;
  const epochs = epochsFor(n);
  const { tails, heads, pause } = samples(graph, epochs);
  // xorshift of 32 bits (Marsaglia 2003), written out: a call a sample would be most of the time.
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  // Samples of one edge are spread over the epochs: the first falls within its pause.
  const next = new Float64Array(pause.length);
  for (let e = 0; e < next.length; e++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    next[e] = (pause[e] * (state >>> 0)) / 4294967296;
  }
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = 1 - epoch / epochs;
    for (let e = 0; e < tails.length; e++) {
      if (next[e] > epoch) continue;
      next[e] += pause[e];
      const v = 2 * tails[e];
      const u = 2 * heads[e];
      let x = at[v];
      let y = at[v + 1];
      let dx = x - at[u];
      let dy = y - at[u + 1];
      const near = (2 * A) / (1 + A * (dx * dx + dy * dy));
      const px = rate * clip(near * dx);
      const py = rate * clip(near * dy);
      x -= px;
      y -= py;
      at[u] += px;
      at[u + 1] += py;
      // Both ends in turn are pushed away from others, so that neither side of an edge is special.
      const other = (epoch & 1) === 1;
      if (other) {
        at[v] = x;
        at[v + 1] = y;
        x = at[u];
        y = at[u + 1];
      }
      const pushed = other ? u : v;
      for (let i = 0; i < NEGATIVES; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        const w = 2 * Math.floor(((state >>> 0) / 4294967296) * n);
        if (w === pushed) continue;
        dx = x - at[w];
        dy = y - at[w + 1];
        const square = dx * dx + dy * dy;
        const far = 2 / ((0.001 + square) * (1 + A * square));
        x += rate * clip(far * dx);
        y += rate * clip(far * dy);
      }
      at[pushed] = x;
      at[pushed + 1] = y;
    }
    progress?.((epoch + 1) / epochs);
  }
}

function clip(value: number): number {
  return value > CLIP ? CLIP : value < -CLIP ? -CLIP : value;
}
