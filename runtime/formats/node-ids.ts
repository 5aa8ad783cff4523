/** Nodes of whole-number ids: which of the numbers are nodes, and what they are called outside. */

/** Node numbers may go this far beyond the ids that appear, before only those are nodes that do. */
export const MAX_SPARSITY = 16;

export interface NumberedNodes {
  readonly n: number;
  /** `[2 E]`: ends as nodes 0 to n - 1. */
  readonly ends: Uint32Array;
  /** `[n]`: the file's number of each node, ascending; absent where they are the nodes. */
  readonly ids?: Float64Array;
}

/**
 * Numbers from 0, or from 1, are nodes up to the largest where at least half of them occur: those between may be nodes without an
 * edge. Otherwise those that occur are the nodes, in ascending order.
 * @param raw `[2 E]`: ids as the file has them
 * @param alone ids that occur in self-loops or edges of weight 0 only, perhaps among others
 */
export function numberedNodes(
  raw: Uint32Array | Float64Array,
  alone: readonly number[],
  largest: number,
): NumberedNodes {
  const occurring = raw.length + alone.length;
  if (!(largest < MAX_SPARSITY * (occurring + 1024))) return sparseNodes(raw, alone);
  const seen = new Uint8Array(largest + 1);
  for (let i = 0; i < raw.length; i++) seen[raw[i]] = 1;
  for (const id of alone) seen[id] = 1;
  let count = 0;
  for (let id = 0; id <= largest; id++) count += seen[id];
  const base = seen[0] === 1 ? 0 : 1;
  const span = largest + 1 - base;
  if ((base === 0 || seen[1] === 1) && 2 * count >= span) {
    if (base === 0) return { n: span, ends: raw instanceof Uint32Array ? raw : Uint32Array.from(raw) };
    const ends = new Uint32Array(raw.length);
    for (let i = 0; i < raw.length; i++) ends[i] = raw[i] - 1;
    return { n: span, ends, ids: Float64Array.from({ length: span }, (_, v) => v + 1) };
  }
  const index = new Uint32Array(largest + 1);
  const ids = new Float64Array(count);
  for (let id = 0, v = 0; id <= largest; id++) {
    index[id] = v;
    if (seen[id] === 1) ids[v++] = id;
  }
  const ends = new Uint32Array(raw.length);
  for (let i = 0; i < raw.length; i++) ends[i] = index[raw[i]];
  return { n: count, ends, ids };
}

/** Numbers too large for a table. */
function sparseNodes(raw: Uint32Array | Float64Array, alone: readonly number[]): NumberedNodes {
  const sorted = new Float64Array(raw.length + alone.length);
  sorted.set(raw);
  sorted.set(alone, raw.length);
  sorted.sort();
  let n = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[n++] = sorted[i];
  const ids = sorted.slice(0, n);
  const index = new Map<number, number>();
  for (let v = 0; v < n; v++) index.set(ids[v], v);
  const ends = new Uint32Array(raw.length);
  for (let i = 0; i < raw.length; i++) ends[i] = index.get(raw[i])!;
  return { n, ends, ids };
}
