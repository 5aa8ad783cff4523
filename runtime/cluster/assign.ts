import type { Graph } from "../../kernels/graph/csr";

/** A cluster reaches no farther from where it was than this many edges. */
const MAX_PASSES = 20;

/**
 * Gives unassigned nodes the cluster with most of their weight when that is at least `share` of their degree; the smaller
 * id on ties. Each pass reads the labels of the pass before, so the order of the nodes does not matter.
 */
export function assignByNeighbors(graph: Graph, labels: Int32Array, share: number): void {
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = labels.slice();
    let changed = 0;
    for (let v = 0; v < graph.n; v++) {
      if (before[v] >= 0) continue;
      const ties = new Map<number, number>();
      for (let e = graph.offsets[v]; e < graph.offsets[v + 1]; e++) {
        const label = before[graph.neighbors[e]];
        if (label >= 0) ties.set(label, (ties.get(label) ?? 0) + graph.weights[e]);
      }
      let best = -1;
      let most = 0;
      for (const [label, tie] of ties) {
        if (tie > most || (tie === most && label < best)) {
          best = label;
          most = tie;
        }
      }
      if (best >= 0 && most >= share * graph.degree[v]) {
        labels[v] = best;
        changed++;
      }
    }
    if (changed === 0) return;
  }
}
