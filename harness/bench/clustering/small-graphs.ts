/**
 * Small plain graphs whose groups anybody can see: cliques in a ring, in a grid, at the ends of a bar, in components of their own.
 * Random ones are Girvan and Newman's four groups and relaxed cavemen. Nodes are numbered group by group.
 */
import { makeRandom } from "../../../runtime/cluster/random";
import { EdgeSet, type TruthGraph } from "./truth-graph";

/** Cliques of `sizes`, and where their nodes begin; edges between them are for the caller to add. */
function cliques(
  sizes: readonly number[],
  more = 0,
): { edges: EdgeSet; first: number[]; truth: Int32Array; n: number } {
  const first: number[] = [];
  let n = 0;
  for (const size of sizes) {
    first.push(n);
    n += size;
  }
  const edges = new EdgeSet(n + more);
  const truth = new Int32Array(n + more).fill(-1);
  for (const [group, size] of sizes.entries()) {
    const end = first[group] + size;
    truth.fill(group, first[group], end);
    for (let a = first[group]; a < end; a++) for (let b = a + 1; b < end; b++) edges.add(a, b);
  }
  return { edges, first, truth, n: n + more };
}

const graphOf = ({ n, edges, truth }: { n: number; edges: EdgeSet; truth: Int32Array }): TruthGraph => ({
  n,
  ends: Uint32Array.from(edges.ends),
  truth,
});

/** Cliques of `sizes`, nothing between them: components. */
export const separateCliques = (sizes: readonly number[]): TruthGraph => graphOf(cliques(sizes));

/** Cliques of `sizes` in a ring: the last node of each is tied to the first of the next. Three cliques at least. */
export function ringOfCliques(sizes: readonly number[]): TruthGraph {
  const made = cliques(sizes);
  for (const [group, size] of sizes.entries()) {
    made.edges.add(made.first[group] + size - 1, made.first[(group + 1) % sizes.length]);
  }
  return graphOf(made);
}

/** Cliques of `size` on a lattice of `rows` x `cols`, an edge between neighbors: four nodes of a clique have one each. */
export function gridOfCliques(rows: number, cols: number, size: number): TruthGraph {
  const made = cliques(new Array<number>(rows * cols).fill(size));
  const node = (row: number, col: number, i: number) => made.first[row * cols + col] + i;
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      if (col + 1 < cols) made.edges.add(node(row, col, 0), node(row, col + 1, 1));
      if (row + 1 < rows) made.edges.add(node(row, col, 2), node(row + 1, col, 3));
    }
  }
  return graphOf(made);
}

/** Two cliques of `size` with a path of `path` nodes between them, an edge where there is none; the path belongs to no group. */
export function barbell(size: number, path: number): TruthGraph {
  const made = cliques([size, size], path);
  const way = [size - 1, ...Array.from({ length: path }, (_, i) => 2 * size + i), size];
  for (let i = 0; i + 1 < way.length; i++) made.edges.add(way[i], way[i + 1]);
  return graphOf(made);
}

/** A ring of caves: of each clique one edge, that of its first two nodes, leads from the first to the clique before (Watts 1999). */
export function connectedCavemen(caves: number, size: number): TruthGraph {
  const ring = cliques(new Array<number>(caves).fill(size));
  const edges = new EdgeSet(ring.n);
  for (let e = 0; e < ring.edges.ends.length; e += 2) {
    const [a, b] = ring.edges.ends.slice(e, e + 2);
    if (a % size === 0 && b === a + 1) edges.add(a, (a + ring.n - 1) % ring.n);
    else edges.add(a, b);
  }
  return graphOf({ ...ring, edges });
}

export interface RelaxedCavemenOptions {
  caves: number;
  size: number;
  /** Chance of an edge to get another end, anywhere. */
  moved: number;
  seed: number;
}

/** Separate cliques of which each edge keeps one end and gets another, drawn from all nodes, with a stated chance (Fortunato 2010). */
export function relaxedCavemen({ caves, size, moved, seed }: RelaxedCavemenOptions): TruthGraph {
  const { uniform } = makeRandom(seed);
  const made = cliques(new Array<number>(caves).fill(size));
  const edges = new EdgeSet(made.n);
  for (let e = 0; e < made.edges.ends.length; e += 2) {
    const [a, b] = made.edges.ends.slice(e, e + 2);
    // What would be a loop or is there already stays away.
    edges.add(a, uniform() < moved ? Math.floor(uniform() * made.n) : b);
  }
  return graphOf({ ...made, edges });
}

export interface FourGroupsOptions {
  /** Mean number of edges of a node inside its group and to the others, of 16 in all as it was published. */
  inside: number;
  outside: number;
  seed: number;
}

/** Girvan and Newman's (2002): four groups of 32, every pair tied by a chance of its own. */
export function fourGroups({ inside, outside, seed }: FourGroupsOptions): TruthGraph {
  const { uniform } = makeRandom(seed);
  const [groups, size] = [4, 32];
  const n = groups * size;
  const truth = Int32Array.from({ length: n }, (_, v) => Math.floor(v / size));
  const edges = new EdgeSet(n);
  for (let a = 0; a < n; a++) {
    for (let b = a + 1; b < n; b++) {
      if (uniform() < (truth[a] === truth[b] ? inside / (size - 1) : outside / (n - size))) edges.add(a, b);
    }
  }
  return graphOf({ n, edges, truth });
}
