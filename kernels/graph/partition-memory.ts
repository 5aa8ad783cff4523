/** How a partition gets into the memory of the graph's kernels and out of it; `memory.ts` says where it lies. */
import { SpectroscopeError } from "../errors";
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

/** Writes the order in which threads take clusters, whose nodes begin at `starts`: the largest first, so that none is left with it at the end. */
export function writeOrder(buffer: ArrayBufferLike, place: GraphMemory, starts: Uint32Array): void {
  const length = starts.length - 1;
  // Numbers alone are sorted several times as fast as by a function.
  const keys = new Float64Array(length);
  for (let c = 0; c < length; c++) keys[c] = (starts[c] - starts[c + 1]) * length + c;
  keys.sort();
  const there = new Uint32Array(buffer, place.clusters, length);
  for (let i = 0; i < length; i++) there[i] = keys[i] - Math.floor(keys[i] / length) * length;
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
  const found = new Int32Array(buffer, place.pieces, labels.length).slice();
  for (let v = 0; v < labels.length; v++) if (labels[v] < 0) found[v] = -1;
  return numbered(found);
}

/** A copy of a thread's output of `bytes`: records as `tieRows` of `assembly/relabel.ts` writes them. */
export function tieRecords(
  buffer: ArrayBufferLike,
  { out, outStride }: GraphMemory,
  thread: number,
  bytes: number,
): Uint32Array {
  return new Uint32Array(buffer, out + thread * outStride, bytes / 4).slice();
}

/** Words of a record before its weights. */
const TIE_HEAD = 4;

/** Ties of the clusters whose nodes begin at `starts`, of records in any order, one a cluster. */
export function tiesOf(records: readonly Uint32Array[], rows: Uint32Array): ClusterTies {
  const count = rows.length - 1;
  const size = new Uint32Array(count);
  for (let c = 0; c < count; c++) size[c] = rows[c + 1] - rows[c];
  const starts = new Uint32Array(count + 1);
  for (const words of records) countTies(words, starts);
  for (let c = 0; c < count; c++) starts[c + 1] += starts[c];
  const others = new Uint32Array(starts[count]);
  const weights = new Float64Array(starts[count]);
  const ties = { volume: new Float64Array(count), size, inside: new Float64Array(count), starts, others, weights };
  for (const words of records) takeTies(words, ties);
  return ties;
}

/** Adds to `starts[c + 1]` how many other clusters each cluster c is tied to. */
function countTies(words: Uint32Array, starts: Uint32Array): void {
  for (let at = 0; at < words.length; ) {
    const cluster = words[at];
    const met = words[at + 1];
    const ids = at + TIE_HEAD + 2 * met;
    starts[cluster + 1] = met;
    for (let i = 0; i < met; i++) if (words[ids + i] === cluster) starts[cluster + 1]--;
    at = ids + met + (met & 1);
  }
}

function takeTies(words: Uint32Array, { volume, inside, starts, others, weights }: ClusterTies): void {
  const reals = new Float64Array(words.buffer);
  for (let at = 0; at < words.length; ) {
    const cluster = words[at];
    const met = words[at + 1];
    const from = (at + TIE_HEAD) / 2;
    const ids = at + TIE_HEAD + 2 * met;
    let next = starts[cluster];
    volume[cluster] = reals[at / 2 + 1];
    for (let i = 0; i < met; i++) {
      if (words[ids + i] === cluster) inside[cluster] = reals[from + i];
      else {
        others[next] = words[ids + i];
        weights[next++] = reals[from + i];
      }
    }
    at = ids + met + (met & 1);
  }
}
