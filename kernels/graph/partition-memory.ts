/** How a partition gets into the memory of the graph's kernels and out of it; `memory.ts` says where it lies. */
import { SpectroscopeError } from "../errors";
import type { Graph } from "./csr";
import type { GraphMemory } from "./memory";
import { type ClusterTies, numbered } from "./partition";

/** Writes labels below `count`, -1 for none, and returns their place. */
export function writeLabels(
  buffer: ArrayBufferLike,
  { graph, labels: at }: GraphMemory,
  labels: Int32Array,
  count: number,
): Int32Array {
  let wrong = labels.length !== graph.n || count > graph.n;
  for (let v = 0; v < labels.length && !wrong; v++) wrong = labels[v] >= count;
  if (wrong)
    throw new SpectroscopeError(
      `graph: ${labels.length} labels for ${graph.n} nodes, or one above ${Math.min(count, graph.n) - 1}`,
      {
        hint: "give every node a label below count, at most the number of nodes, or -1",
      },
    );
  const there = new Int32Array(buffer, at, labels.length);
  there.set(labels);
  return there;
}

/** Writes the nodes by label, ascending; returns where each label's begin, `[count + 1]`, a view. */
export function writeRows(buffer: ArrayBufferLike, place: GraphMemory, labels: Int32Array, count: number): Uint32Array {
  const starts = new Uint32Array(buffer, place.starts, count + 1).fill(0);
  for (const label of labels) if (label >= 0) starts[label + 1]++;
  for (let c = 0; c < count; c++) starts[c + 1] += starts[c];
  const fill = starts.slice();
  const rows = new Uint32Array(buffer, place.rows, starts[count]);
  for (let v = 0; v < labels.length; v++) if (labels[v] >= 0) rows[fill[labels[v]]++] = v;
  return starts;
}

/** Writes the order in which threads take clusters: the largest first, so that none is left with it at the end. */
export function writeOrder(buffer: ArrayBufferLike, place: GraphMemory, starts: Uint32Array): void {
  const length = starts.length - 1;
  // Numbers alone are sorted several times as fast as by a function.
  const keys = Float64Array.from({ length }, (_, c) => (starts[c] - starts[c + 1]) * length + c).sort();
  new Uint32Array(buffer, place.clusters, length).set(keys.map((key) => ((key % length) + length) % length));
}

/** Writes the gamma of each cluster. */
export function writeGammas(
  buffer: ArrayBufferLike,
  place: GraphMemory,
  gamma: number | Float64Array,
  count: number,
): void {
  const there = new Float64Array(buffer, place.gammas, count);
  if (typeof gamma === "number") there.fill(gamma);
  else if (gamma.length >= count) there.set(gamma.subarray(0, count));
  else there.fill(Number.NaN);
  if (!there.every((g) => g >= 0 && g < Infinity))
    throw new SpectroscopeError(`graph: a gamma of ${count} clusters is missing, negative or not finite`, {
      hint: "give one number of 0 or more, or one a cluster",
    });
}

/** The pieces that the threads have left, numbered by first appearance. */
export function readPieces(buffer: ArrayBufferLike, place: GraphMemory, labels: Int32Array): Int32Array {
  const there = new Int32Array(buffer, place.pieces, labels.length);
  return numbered(Int32Array.from(labels, (label, v) => (label < 0 ? -1 : there[v])));
}

export const emptyTies = (count: number): Pick<ClusterTies, "inside" | "between"> => ({
  inside: new Float64Array(count),
  between: Array.from({ length: count }, () => new Map<number, number>()),
});

/** Takes the records of a thread's output of `bytes`: see `tieRows` of `assembly/relabel.ts`. */
export function readTies(
  buffer: ArrayBufferLike,
  { out, outStride }: GraphMemory,
  thread: number,
  bytes: number,
  { inside, between }: Pick<ClusterTies, "inside" | "between">,
): void {
  const words = new Uint32Array(buffer, out + thread * outStride, bytes / 4);
  const weights = new Float64Array(buffer, out + thread * outStride, bytes / 8);
  for (let at = 0; at < words.length; ) {
    const cluster = words[at];
    const met = words[at + 1];
    const ids = at + 2 + 2 * met;
    for (let i = 0; i < met; i++) {
      const weight = weights[at / 2 + 1 + i];
      if (words[ids + i] === cluster) inside[cluster] = weight;
      else between[cluster].set(words[ids + i], weight);
    }
    at = ids + met + (met & 1);
  }
}

/** Volume and size of each cluster. */
export function sizesOf({ degree }: Graph, labels: Int32Array, count: number) {
  const volume = new Float64Array(count);
  const size = new Uint32Array(count);
  for (let v = 0; v < labels.length; v++) {
    const label = labels[v];
    if (label < 0) continue;
    volume[label] += degree[v];
    size[label]++;
  }
  return { volume, size };
}
