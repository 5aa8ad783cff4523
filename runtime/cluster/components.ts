/** Connected components: whole clusters where nothing ties them to the rest, and graphs of their own where something divides them. */
import type { Graph } from "../../kernels/graph/csr";

export interface Components {
  /** `[n]`: number of each node's component, by the lowest id in it. */
  readonly of: Int32Array;
  /** Ids of each component, ascending; one node for each without an edge. */
  readonly members: readonly Uint32Array[];
}

/**
 * Components of a graph, in linear time.
 * @param within `[n]`: where it is given, of what nodes with 1 make alone; others are in none (-1)
 */
export function connectedComponents(
  { n, offsets, neighbors }: Pick<Graph, "n" | "offsets" | "neighbors">,
  within?: Uint8Array,
): Components {
  const OUT = -2;
  const of = within ? Int32Array.from(within, (one) => (one === 1 ? -1 : OUT)) : new Int32Array(n).fill(-1);
  const stack = new Uint32Array(n);
  const sizes: number[] = [];
  for (let v = 0; v < n; v++) {
    if (of[v] !== -1) continue;
    let top = 0;
    let size = 0;
    of[v] = sizes.length;
    stack[top++] = v;
    while (top > 0) {
      const u = stack[--top];
      size++;
      for (let e = offsets[u]; e < offsets[u + 1]; e++) {
        if (of[neighbors[e]] !== -1) continue;
        of[neighbors[e]] = sizes.length;
        stack[top++] = neighbors[e];
      }
    }
    sizes.push(size);
  }
  const members = sizes.map((size) => new Uint32Array(size));
  const fill = new Uint32Array(sizes.length);
  for (let v = 0; v < n; v++) if (of[v] >= 0) members[of[v]][fill[of[v]]++] = v;
  return { of: within ? of.map((c) => Math.max(c, -1)) : of, members };
}
