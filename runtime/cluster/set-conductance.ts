import type { Graph } from "../../kernels/graph/csr";

/** Conductance and volume of sets of one graph, without a pass over its nodes for each. */
export class SetConductance {
  private readonly marks: Uint32Array;
  private run = 0;

  constructor(private readonly graph: Graph) {
    this.marks = new Uint32Array(graph.n);
  }

  measure(members: ArrayLike<number>): { conductance: number; volume: number } {
    const { offsets, neighbors, weights, degree, volume, unit } = this.graph;
    const { marks } = this;
    const run = ++this.run;
    let cut = 0;
    let vol = 0;
    for (let i = 0; i < members.length; i++) marks[members[i]] = run;
    for (let i = 0; i < members.length; i++) {
      const v = members[i];
      vol += degree[v];
      const stop = offsets[v + 1];
      if (unit) for (let e = offsets[v]; e < stop; e++) cut += marks[neighbors[e]] === run ? 0 : 1;
      else for (let e = offsets[v]; e < stop; e++) if (marks[neighbors[e]] !== run) cut += weights[e];
    }
    const smaller = Math.min(vol, volume - vol);
    return { conductance: smaller > 0 ? cut / smaller : 1, volume: vol };
  }
}
