/**
 * The degree-corrected block model of the refinement (Karrer and Newman, "Stochastic blockmodels and community structure in
 * networks", 2011): every cluster has a rate of edges of its own, in units of what degrees alone would give, and one rate stands
 * for all edges between clusters.
 */
import type { Graph } from "../../kernels/graph/csr";
import type { ClusterTies } from "../../kernels/graph/partition";

/** Poisson log-likelihood, without constants, of edges of weight `m` where degrees give `e`, at their own rate. */
const ownRate = (m: number, e: number) => (m > 0 ? m * Math.log(m / e) - m : 0);

export class BlockModel {
  /** Rate of edges between clusters: theirs over what degrees give. */
  private readonly out: number;
  /** (w_in - w_out) / (log w_in - log w_out): the resolution at which modularity is the likelihood of equal rates inside. */
  readonly gamma: number;

  private readonly logOut: number;
  private readonly total: number;
  /** Edges a unit of weight: likelihoods count edges. */
  private readonly perWeight: number;

  /** Rates as the partition with these ties has them. */
  constructor({ volume, inside }: ClusterTies, graph: Graph) {
    const total = graph.volume;
    const edge = total / graph.neighbors.length;
    this.total = total;
    this.perWeight = 1 / edge;
    let within = 0;
    let expected = 0;
    for (let c = 0; c < volume.length; c++) {
      within += inside[c];
      expected += (volume[c] * volume[c]) / total;
    }
    // A perfect partition has no weight outside; one edge of mean weight stands for it, so that rates stay finite.
    this.out = Math.max(total - within, edge) / Math.max(total - expected, edge);
    this.logOut = Math.log(this.out);
    const inner = within / expected;
    this.gamma = inner > this.out ? (inner - this.out) / Math.log(inner / this.out) : 1;
  }

  /** Log-likelihood of one cluster more than of its parts a and b: their weights inside (twice), the tie, their volumes; and what both are `alone`, where known. */
  union(
    insideA: number,
    insideB: number,
    tie: number,
    volumeA: number,
    volumeB: number,
    parts = this.alone(insideA, volumeA) + this.alone(insideB, volumeB),
  ): number {
    const { total, out, logOut } = this;
    const one = this.alone(insideA + insideB + 2 * tie, volumeA + volumeB);
    return this.perWeight * ((one - parts) / 2 - tie * logOut + (out * volumeA * volumeB) / total);
  }

  /** What the edges inside one cluster are to the likelihood, without the unit of weight. */
  alone(inside: number, volume: number): number {
    return ownRate(inside, (volume * volume) / this.total);
  }
}
