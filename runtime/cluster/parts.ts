/**
 * Parts of points that lie apart, before anything is searched. A null says how low conductances get without structure, and where
 * few large groups lie far from each other that is asked of each group and not of all together: shuffled columns of such data are
 * points in the void between.
 */
import type { Graph } from "../../kernels/graph/csr";
import type { Matrix } from "../statistics/matrix";
import { connectedComponents } from "./components";
import type { NeighborLists } from "./neighbors/ties";

export interface Part {
  /** Ascending. */
  readonly rows: Uint32Array;
  /** Whether these rows list each other and hardly anyone else: a cluster, where nothing divides it. */
  readonly apart: boolean;
}

/** A part holds this share of the rows that are looked at: smaller groups are for the search, which finds them in what is around. */
const LARGE = 0.05;
/**
 * Share of its rows' neighbors at most that lie outside of what is apart. Normal groups 6 to 8 standard deviations from each other
 * list 0 to 0.7 % outside, normal points around 25 dense clusters, which are a body, 5 to 15 %: some of its points are nearer to a
 * cluster than to their kind.
 */
const OUTSIDE = 0.02;

/**
 * Divides rows into parts: of components of the graph those that are large and apart, then of what is left again, until there is
 * none; the rest is the last part. Rows in no large component belong to where most of their neighbors are. One part where nothing
 * divides the rows.
 * @param minSize smallest number of rows of a part
 */
export function partsOf(graph: Graph, lists: NeighborLists, minSize: number): Part[] {
  const { n } = graph;
  const { of, members } = connectedComponents(closeEdges(graph));
  const sizes = members.map((rows) => rows.length);
  const kept = sizes.map((size) => size >= minSize);
  if (kept.filter(Boolean).length < 2) return [{ rows: Uint32Array.from({ length: n }, (_, v) => v), apart: false }];
  const home = of.map((c) => (kept[c] ? c : -1));
  gather(home, lists);
  joinListed(home, lists, members.length);
  const rows: number[][] = members.map(() => []);
  const left: number[] = [];
  for (let v = 0; v < n; v++) (home[v] < 0 ? left : rows[home[v]]).push(v);
  const outside = outsideShare(home, lists, members.length);
  let open = Array.from(rows.keys()).filter((c) => rows[c].length > 0);
  const parts: Part[] = [];
  for (;;) {
    const all = open.reduce((sum, c) => sum + rows[c].length, left.length);
    const large = open.filter((c) => rows[c].length >= LARGE * all && outside[c] <= OUTSIDE);
    if (large.length === 0) break;
    for (const c of large) parts.push({ rows: Uint32Array.from(rows[c]), apart: true });
    open = open.filter((c) => !large.includes(c));
  }
  for (const c of open) for (const v of rows[c]) left.push(v);
  if (left.length > 0) parts.push({ rows: Uint32Array.from(left).sort(), apart: false });
  const [first] = parts;
  return parts.length === 1 ? [{ ...first, apart: false }] : parts;
}

/** Share of the neighbors of some rows (distinct) that are not among them. */
export function shareOutside(rows: Iterable<number>, { offsets, ids }: NeighborLists): number {
  const inside = new Set(rows);
  let all = 0;
  let out = 0;
  for (const v of inside) {
    all += offsets[v + 1] - offsets[v];
    for (let i = offsets[v]; i < offsets[v + 1]; i++) if (!inside.has(ids[i])) out++;
  }
  return all > 0 ? out / all : 1;
}

/** Takes the mean of each part off its rows, in place: what is left is as wide as the parts are. */
export function centerParts({ cols, data }: Matrix & { data: Float64Array }, parts: readonly Part[]): void {
  for (const { rows } of parts) {
    for (let c = 0; c < cols; c++) {
      let sum = 0;
      for (const v of rows) sum += data[v * cols + c];
      const mean = sum / rows.length;
      for (const v of rows) data[v * cols + c] -= mean;
    }
  }
}

/** Edges whose ends have a neighbor in common: a single edge between clouds far apart is of two points that have no closer ones. */
function closeEdges(graph: Graph): Pick<Graph, "n" | "offsets" | "neighbors"> {
  const { n, offsets, neighbors } = graph;
  const marks = new Uint32Array(n);
  const kept = new Uint32Array(neighbors.length);
  const starts = new Uint32Array(n + 1);
  let m = 0;
  for (let v = 0; v < n; v++) {
    for (let e = offsets[v]; e < offsets[v + 1]; e++) marks[neighbors[e]] = v + 1;
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      const u = neighbors[e];
      let f = offsets[u];
      while (f < offsets[u + 1] && marks[neighbors[f]] !== v + 1) f++;
      if (f < offsets[u + 1]) kept[m++] = u;
    }
    starts[v + 1] = m;
  }
  return { n, offsets: starts, neighbors: kept.subarray(0, m) };
}

/** Homes that are one: where more than `OUTSIDE` of the neighbors of one's rows are at another, the largest share first. */
function joinListed(home: Int32Array, { offsets, ids }: NeighborLists, count: number): void {
  const all = new Float64Array(count);
  const to: Map<number, number>[] = Array.from({ length: count }, () => new Map());
  for (let v = 0; v < home.length; v++) {
    const here = home[v];
    if (here < 0) continue;
    all[here] += offsets[v + 1] - offsets[v];
    for (let i = offsets[v]; i < offsets[v + 1]; i++) {
      const there = home[ids[i]];
      if (there >= 0 && there !== here) to[here].set(there, (to[here].get(there) ?? 0) + 1);
    }
  }
  const parent = Int32Array.from(all.keys());
  const open = new Set(Array.from(all.keys()).filter((c) => all[c] > 0));
  for (;;) {
    let best = { share: OUTSIDE, a: -1, b: -1 };
    for (const a of open)
      for (const [b, listed] of to[a]) if (listed / all[a] > best.share) best = { share: listed / all[a], a, b };
    if (best.a < 0) break;
    const [into, from] = [Math.min(best.a, best.b), Math.max(best.a, best.b)];
    parent[from] = into;
    open.delete(from);
    all[into] += all[from];
    for (const [c, listed] of to[from]) to[into].set(c, (to[into].get(c) ?? 0) + listed);
    to[into].delete(into);
    to[into].delete(from);
    for (const c of open) {
      const listed = to[c].get(from);
      if (listed === undefined) continue;
      to[c].delete(from);
      if (c !== into) to[c].set(into, (to[c].get(into) ?? 0) + listed);
    }
  }
  for (let c = 0; c < count; c++) parent[c] = parent[parent[c]];
  for (let v = 0; v < home.length; v++) if (home[v] >= 0) home[v] = parent[home[v]];
}

/** Rows without a home go where most of their neighbors are, the lower number among equals; those of theirs in the next pass. */
function gather(home: Int32Array, { offsets, ids }: NeighborLists): void {
  for (;;) {
    const before = home.slice();
    let moved = false;
    for (let v = 0; v < home.length; v++) {
      if (before[v] >= 0) continue;
      const counts = new Map<number, number>();
      for (let i = offsets[v]; i < offsets[v + 1]; i++) {
        const there = before[ids[i]];
        if (there >= 0) counts.set(there, (counts.get(there) ?? 0) + 1);
      }
      for (const [c, count] of counts) {
        const best = home[v] < 0 ? 0 : (counts.get(home[v]) as number);
        if (count > best || (count === best && c < home[v])) home[v] = c;
      }
      if (home[v] >= 0) moved = true;
    }
    if (!moved) return;
  }
}

/** Share of the neighbors of each home's rows that are at home elsewhere or nowhere. */
function outsideShare(home: Int32Array, { offsets, ids }: NeighborLists, count: number): Float64Array {
  const all = new Float64Array(count);
  const out = new Float64Array(count);
  for (let v = 0; v < home.length; v++) {
    if (home[v] < 0) continue;
    for (let i = offsets[v]; i < offsets[v + 1]; i++) {
      all[home[v]]++;
      if (home[ids[i]] !== home[v]) out[home[v]]++;
    }
  }
  return out.map((value, c) => (all[c] > 0 ? value / all[c] : 1));
}
