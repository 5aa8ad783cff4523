/** Rows in an order that their values decide, and results back in the order of the caller: no result depends on how rows lie. */
import type { Graph } from "../../kernels/graph/csr";
import type { Matrix } from "../statistics/matrix";
import type { Clustering } from "./clustering";
import { reordered } from "./graph-order";

/** Compares row a with row b by value, column by column; 0 where they are equal (0 and -0 are). */
export function compareRows({ cols, data }: Matrix, a: number, b: number): number {
  for (let c = 0, i = a * cols, j = b * cols; c < cols; c++, i++, j++) {
    if (data[i] < data[j]) return -1;
    if (data[i] > data[j]) return 1;
  }
  return 0;
}

/**
 * Rows by value: those that are equal in the first matrix by the next one, and in all of them by number.
 * @param matrices finite, of equally many rows
 * @returns `[rows]`: the row at each place
 */
export function rowOrder(...matrices: readonly Matrix[]): Uint32Array {
  const { rows } = matrices[0];
  return Uint32Array.from({ length: rows }, (_, i) => i).sort((a, b) => {
    for (const matrix of matrices) {
      const found = compareRows(matrix, a, b);
      if (found !== 0) return found;
    }
    return a - b;
  });
}

/**
 * A clustering of things in an order, with the numbers that they have for the caller: `order[i]` is that of thing i. Of the caller's
 * `count` things those that are not in the order have no label.
 */
export function restored<C extends Clustering>(found: C, order: Uint32Array, count = order.length): C {
  const labels = new Int32Array(count).fill(-1);
  for (let i = 0; i < order.length; i++) labels[order[i]] = found.labels[i];
  const clusters = found.clusters.map((cluster) => ({
    ...cluster,
    seed: order[cluster.seed],
    members: [] as number[],
  }));
  // A label is the place of its cluster, and the labels ascend by the caller's numbers.
  for (let v = 0; v < count; v++) if (labels[v] >= 0) clusters[labels[v]].members.push(v);
  return {
    ...found,
    labels,
    clusters,
    candidates: found.candidates.map((candidate) => ({
      ...candidate,
      seed: order[candidate.seed],
      members: candidate.members.map((v) => order[v]).sort(),
    })),
  };
}

/** What `cluster` finds in the graph with its nodes in an order (see `reordered`), in the caller's numbers. */
export async function inOrder<C extends Clustering>(
  graph: Graph,
  order: Uint32Array,
  cluster: (graph: Graph) => Promise<C>,
): Promise<C> {
  return restored(await cluster(reordered(graph, order)), order, graph.n);
}
