/** Points that are equal, and how a group of them is tied within itself. */
import type { Matrix } from "../../statistics/matrix";

/** Points by group: a group holds all points of one place. */
export interface PointGroups {
  /** `[rows]`: group of each point, numbered in the order of their first points. */
  readonly of: Uint32Array;
  /** `[groups + 1]`, and the points of each, ascending. */
  readonly starts: Uint32Array;
  readonly members: Uint32Array;
}

/** Groups of equal points (0 and -0 are equal). In time and memory of the points. */
export function groupPoints({ rows, cols, data }: Matrix): PointGroups {
  const of = new Uint32Array(rows);
  const firsts: number[] = [];
  /** Last group of each hash, and the group before it of the same hash. */
  const last = new Map<number, number>();
  const before: number[] = [];
  const bits = new Uint32Array(2);
  const value = new Float64Array(bits.buffer);
  for (let i = 0; i < rows; i++) {
    let hash = 0x811c9dc5;
    for (let c = 0, at = i * cols; c < cols; c++, at++) {
      value[0] = data[at] + 0;
      hash = Math.imul(hash ^ bits[0], 0x01000193);
      hash = Math.imul(hash ^ (hash >>> 15) ^ bits[1], 0x85ebca6b);
    }
    let group = last.get(hash) ?? -1;
    while (group >= 0 && !sameRow(data, cols, firsts[group], i)) group = before[group];
    if (group < 0) {
      group = firsts.length;
      before.push(last.get(hash) ?? -1);
      last.set(hash, group);
      firsts.push(i);
    }
    of[i] = group;
  }
  return { of, ...listed(of, firsts.length) };
}

function sameRow(data: ArrayLike<number>, cols: number, a: number, b: number): boolean {
  for (let c = 0; c < cols; c++) if (data[a * cols + c] !== data[b * cols + c]) return false;
  return true;
}

/** The same groups among some rows (ascending), which are numbered by their place there. */
export function groupsWithin(groups: PointGroups, rows: Uint32Array): PointGroups {
  const names = new Map<number, number>();
  const of = Uint32Array.from(rows, (row) => {
    const group = groups.of[row];
    let name = names.get(group);
    if (name === undefined) {
      name = names.size;
      names.set(group, name);
    }
    return name;
  });
  return { of, ...listed(of, names.size) };
}

/** Points of each group, ascending. */
function listed(of: Uint32Array, count: number): Pick<PointGroups, "starts" | "members"> {
  const starts = new Uint32Array(count + 1);
  for (const group of of) starts[group + 1]++;
  for (let g = 0; g < count; g++) starts[g + 1] += starts[g];
  const members = new Uint32Array(of.length);
  const fill = starts.slice();
  for (let i = 0; i < of.length; i++) members[fill[of[i]]++] = i;
  return { starts, members };
}

/**
 * Steps around a circle of `size` equal points to those that each is tied to: every point is a neighbor of its neighbors, all have as
 * many, at least k, and the first step ties them all together. The other steps are drawn from the size, so that the circle has no
 * arc with few ties to the rest: circles of random steps are expanders.
 * @returns ascending steps of 1 to size - 1; `size` - 1 must be more than 2 k
 */
export function circleSteps(size: number, k: number): Uint32Array {
  const most = (size - 1) >> 1;
  const steps = new Set([1]);
  for (let draw = 1; steps.size < Math.ceil(k / 2); draw++) {
    let h = Math.imul(size ^ Math.imul(draw, 0x9e3779b1), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    steps.add(1 + (((h ^ (h >>> 16)) >>> 0) % most));
  }
  return Uint32Array.from([...steps].flatMap((step) => [step, size - step])).sort();
}
