/** Small inputs of many kinds from a seed, for tests of what must not change a clustering. */
import type { makeRandom } from "../../runtime/cluster/random";
import type { Matrix } from "../../runtime/statistics/matrix";

export type Random = ReturnType<typeof makeRandom>;
const upTo = ({ uniform }: Random, n: number) => Math.floor(uniform() * n);
/** A whole number of `low` to `high`. */
export const between = (random: Random, low: number, high: number) => low + upTo(random, high - low + 1);

/** Numbers 0 to n - 1 in a random order. */
export function permutation(n: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = upTo(random, i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

export const KINDS = ["blobs", "grid", "copies", "categories", "noise", "counts"] as const;

/** Rows of a kind: clusters, whole numbers, rows that occur up to 30 times, one column of several set, normal values, small counts. */
export function rowsOf(kind: (typeof KINDS)[number], random: Random): Matrix {
  const { normal } = random;
  const rows = between(random, 20, 140);
  const cols = between(random, 2, 8);
  const groups = between(random, 2, 6);
  const centers = Float64Array.from({ length: groups * cols }, () => 6 * normal());
  const own = Float64Array.from({ length: rows * cols }, normal);
  const from = Uint32Array.from({ length: rows }, (_, i) => (i < 12 ? i : upTo(random, between(random, 1, 12))));
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const group = upTo(random, groups);
    for (let c = 0; c < cols; c++) {
      const at = i * cols + c;
      if (kind === "blobs") data[at] = centers[group * cols + c] + own[at];
      else if (kind === "grid") data[at] = upTo(random, 5);
      else if (kind === "copies") data[at] = own[from[i] * cols + c];
      else if (kind === "categories") data[at] = c === group % cols ? 1 : 0;
      else if (kind === "noise") data[at] = own[at];
      else data[at] = Math.max(0, Math.round(centers[group * cols + c] / 3 + own[at] / 2));
    }
  }
  return { rows, cols, data };
}

/** Edges of groups of 8 to 20 nodes: `inner` of the pairs inside a group, `mixing` of the others, with weights or without. */
export function groupsOf(
  random: Random,
  weighted: boolean,
  mixing = 0.01,
  inner = 0.6,
): { n: number; ends: number[]; weights?: number[]; group: Int32Array } {
  const group: number[] = [];
  for (let g = between(random, 3, 7); g > 0; g--) for (let i = between(random, 8, 20); i > 0; i--) group.push(g);
  const ends: number[] = [];
  const weights: number[] = [];
  for (let v = 0; v < group.length; v++) {
    for (let u = 0; u < v; u++) {
      if (random.uniform() >= (group[u] === group[v] ? inner : mixing)) continue;
      ends.push(u, v);
      weights.push(0.5 + random.uniform());
    }
  }
  return { n: group.length, ends, weights: weighted ? weights : undefined, group: Int32Array.from(group) };
}

export const renamed = (ends: readonly number[], name: (v: number) => number) => ends.map(name);
/** Sets of nodes, one string each, in order. */
export const setsOf = (labels: Int32Array) => {
  const sets = new Map<number, number[]>();
  labels.forEach((label, v) => {
    if (label >= 0) sets.set(label, [...(sets.get(label) ?? []), v]);
  });
  return [...sets.values()].map((set) => set.join()).sort();
};
