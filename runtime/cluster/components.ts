/** Connected components: whole clusters where nothing ties them to the rest, and graphs of their own where something divides them. */
import type { Graph } from "../../kernels/graph/csr";

export interface Components {
  /** `[n]`: number of each node's component, by the lowest id in it. */
  readonly of: Int32Array;
  /** Ids of each component, ascending; one node for each without an edge. */
  readonly members: readonly Uint32Array[];
}

type Rows = Pick<Graph, "n" | "offsets" | "neighbors">;

/**
 * Components of a graph whose rows ascend, in linear time.
 * @param within `[n]`: where it is given, of what nodes with 1 make alone; others are in none (-1)
 */
export function connectedComponents(graph: Rows, within?: Uint8Array): Components {
  const { n } = graph;
  const of = new Int32Array(n);
  const sizes = within ? searched(graph, of, within) : (besideEachOther(graph, of) ?? searched(graph, of));
  if (sizes.length === 1 && !within) {
    const all = new Uint32Array(n);
    for (let v = 0; v < n; v++) all[v] = v;
    return { of, members: [all] };
  }
  const members = sizes.map((size) => new Uint32Array(size));
  const fill = new Uint32Array(sizes.length);
  for (let v = 0; v < n; v++) if (of[v] >= 0) members[of[v]][fill[of[v]]++] = v;
  return { of, members };
}

/**
 * Sizes of components where each is a row of ids in which every node but the first has a neighbor before it, as `reordered` leaves
 * them: nobody need look at more than the first and the last neighbor. Undefined where they are not.
 */
function besideEachOther({ n, offsets, neighbors }: Rows, of: Int32Array): number[] | undefined {
  const sizes: number[] = [];
  let begin = 0;
  let reach = -1;
  for (let v = 0; v < n; v++) {
    const [from, to] = [offsets[v], offsets[v + 1]];
    if (from === to || neighbors[from] > v) {
      if (reach >= v) return undefined;
      if (v > begin) sizes.push(v - begin);
      begin = v;
    }
    of[v] = sizes.length;
    if (from < to && neighbors[to - 1] > reach) reach = neighbors[to - 1];
  }
  if (n > begin) sizes.push(n - begin);
  return sizes;
}

/** Sizes of components, and the number of each node's, by the lowest id in it. */
function searched({ n, offsets, neighbors }: Rows, of: Int32Array, within?: Uint8Array): number[] {
  const OUT = -2;
  for (let v = 0; v < n; v++) of[v] = within && within[v] !== 1 ? OUT : -1;
  const stack = new Uint32Array(n);
  const sizes: number[] = [];
  for (let v = 0; v < n; v++) {
    if (of[v] !== -1) continue;
    let top = 0;
    let size = 0;
    const own = sizes.length;
    of[v] = own;
    stack[top++] = v;
    while (top > 0) {
      const u = stack[--top];
      const stop = offsets[u + 1];
      size++;
      for (let e = offsets[u]; e < stop; e++) {
        const w = neighbors[e];
        if (of[w] !== -1) continue;
        of[w] = own;
        stack[top++] = w;
      }
    }
    sizes.push(size);
  }
  if (within) for (let v = 0; v < n; v++) if (of[v] === OUT) of[v] = -1;
  return sizes;
}
