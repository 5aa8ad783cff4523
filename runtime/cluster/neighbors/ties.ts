/**
 * Neighbor lists that treat rows alike which lie alike. A search gives k neighbors, and of several as far as the k-th those of
 * lower number; here a list holds all of them or none, and equal rows have equal lists.
 */
import type { Matrix } from "../../statistics/matrix";
import { circleSteps, groupPoints, type PointGroups } from "./equal";
import { exactNeighbors } from "./exact";

/** Neighbors of each row: `ids[offsets[i] .. offsets[i + 1])`, any order, distinct, never the row itself. */
export interface NeighborLists {
  /** `[rows + 1]`. */
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
}

/**
 * The nearest of points that all differ: `[rows, k or more]` ids by ascending distance; `exact` where further ones may be asked
 * of an exact search.
 */
export type Nearest = (points: Matrix, k: number) => Promise<{ ids: Uint32Array; exact: boolean }>;

/** Squared distances closer than this, relatively, are one: what is as far in the data differs by rounding in points. */
const SAME = 1e-9;
/** All that tie are neighbors where the list has no more than this times k; where it is less than half full without, than the second. */
const ROOM = 2;
const WIDE = 4;

/**
 * Lists of about k neighbors. Rows in order of distance, those of one distance together, until there are k. The last together are
 * in the list when it is no longer than 2 k with them, or no longer than 4 k and shorter than k / 2 without; otherwise it ends
 * before them. More than k equal rows have neighbors among themselves alone: all, or where they are more than 2 k + 1 as many as
 * `circleSteps` says; to others they count as k rows. Without ties these are the k nearest.
 */
export async function neighborLists(
  points: Matrix,
  k: number,
  nearest: Nearest,
  threads?: number,
): Promise<{ lists: NeighborLists; groups: PointGroups }> {
  const groups = groupPoints(points);
  const places = distinctPoints(points, groups);
  const { rows } = places;
  if (rows === 1) return { lists: expand(groups, () => NOBODY, k), groups };
  // One more than k shows whether the k-th has one beside it.
  const { ids, exact } = await nearest(places, Math.min(rows - 1, k + 1));
  const held = ids.length / rows;
  const counts = new Uint32Array(rows);
  const open: number[] = [];
  for (let g = 0; g < rows; g++) {
    const count = reach(places, groups, k, g, ids.subarray(g * held, (g + 1) * held), exact && held < rows - 1);
    if (count < 0) open.push(g);
    else counts[g] = count;
  }
  const wider = new Map<number, Uint32Array>();
  if (open.length > 0) {
    const wide = Math.min(rows - 1, WIDE * k + 1);
    const found = await exactNeighbors(places, wide, { queries: Uint32Array.from(open), threads });
    for (const [q, g] of open.entries()) {
      const list = found.subarray(q * wide, (q + 1) * wide);
      wider.set(g, list.subarray(0, reach(places, groups, k, g, list, false)));
    }
  }
  const taken = (g: number) => wider.get(g) ?? ids.subarray(g * held, g * held + counts[g]);
  return { lists: expand(groups, taken, k), groups };
}

const NOBODY = new Uint32Array(0);

/** One point of each group. */
function distinctPoints(points: Matrix, { starts, members }: PointGroups): Matrix {
  const rows = starts.length - 1;
  if (rows === points.rows) return points;
  const { cols, data } = points;
  const out = new Float64Array(rows * cols);
  for (let g = 0; g < rows; g++) {
    const row = members[starts[g]];
    for (let c = 0; c < cols; c++) out[g * cols + c] = data[row * cols + c];
  }
  return { rows, cols, data: out };
}

/** How many of `list`, the groups nearest to group g in order, are its neighbors; -1 when `more` of the list must be known. */
function reach(
  { cols, data }: Matrix,
  { starts }: PointGroups,
  k: number,
  g: number,
  list: Uint32Array,
  more: boolean,
): number {
  const distance = (other: number) => {
    let sum = 0;
    for (let c = 0, a = g * cols, b = other * cols; c < cols; c++) sum += (data[a + c] - data[b + c]) ** 2;
    return sum;
  };
  let rows = starts[g + 1] - starts[g] - 1;
  let count = 0;
  while (rows < k && count < list.length) {
    const limit = distance(list[count]) * (1 + SAME);
    let next = count;
    let total = rows;
    for (; next < list.length && (next === count || distance(list[next]) <= limit); next++)
      total += Math.min(k, starts[list[next] + 1] - starts[list[next]]);
    const room = (rows < k / 2 ? WIDE : ROOM) * k;
    if (total > room) return count;
    if (next === list.length && more) return -1;
    count = next;
    rows = total;
  }
  return count;
}

/** Lists of groups to lists of rows. */
function expand({ of, starts, members }: PointGroups, taken: (g: number) => Uint32Array, k: number): NeighborLists {
  const rows = of.length;
  const groups = starts.length - 1;
  const size = (g: number) => starts[g + 1] - starts[g];
  const own = (g: number) => (size(g) - 1 > ROOM * k ? 2 * Math.ceil(k / 2) : size(g) - 1);
  const offsets = new Uint32Array(rows + 1);
  const lengths = new Uint32Array(groups);
  for (let g = 0; g < groups; g++) {
    lengths[g] = own(g);
    for (const other of taken(g)) lengths[g] += Math.min(k, size(other));
  }
  for (let i = 0; i < rows; i++) offsets[i + 1] = offsets[i] + lengths[of[i]];
  const ids = new Uint32Array(offsets[rows]);
  for (let g = 0; g < groups; g++) {
    const [from, many] = [starts[g], size(g)];
    const others = taken(g);
    const steps = many - 1 > ROOM * k ? circleSteps(many, k) : undefined;
    for (let i = 0; i < many; i++) {
      let at = offsets[members[from + i]];
      if (steps) for (const step of steps) ids[at++] = members[from + ((i + step) % many)];
      else for (let j = 0; j < many; j++) if (j !== i) ids[at++] = members[from + j];
      for (const other of others) {
        // A group that counts as k rows is met at a place that depends on who asks, not at its first rows.
        const all = size(other);
        const start = all > k ? Math.imul(g, 0x9e3779b1) >>> 0 : 0;
        for (let j = 0; j < Math.min(k, all); j++) ids[at++] = members[starts[other] + ((start + j) % all)];
      }
    }
  }
  return { offsets, ids };
}
