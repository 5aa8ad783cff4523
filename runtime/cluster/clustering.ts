/** What a clustering is. */
import type { Candidate } from "./candidates";

export interface Cluster {
  id: number;
  size: number;
  /** Of the final members, in the whole graph. */
  conductance: number;
  /** Token whose walk found the candidate most like the cluster. */
  seed: number;
  /** Ascending. */
  members: number[];
  /** Conductance of the prefixes of the seed's sweep, at most four times the cluster's size; empty without `profiles`. */
  sweep: number[];
  /** Tolerance of the walk. */
  tolerance: number;
  /** Share by which the conductance lies below the lowest of the null at this volume. */
  excess: number;
  /** Share of the seeds tried among its members whose search found this set again. */
  recurrence: number;
}

export interface Clustering {
  /** Disjoint, lowest conductance first. */
  clusters: Cluster[];
  /** `[n]`: cluster id, or -1 for the body. */
  labels: Int32Array;
  /** All accepted sets of the first round that differ (Jaccard below 0.5), at every scale: they overlap. Empty without `profiles`. */
  candidates: Candidate[];
  /** Number of rounds. */
  rounds: number;
  /** How many times more edges run inside clusters than chance would give, as the refinement estimated it; 1 without. */
  gamma: number;
}

/** Puts clusters in order, lowest conductance first, with their places for ids, and writes these into `labels`. */
export function numberClusters(clusters: Cluster[], labels: Int32Array): void {
  clusters.sort((a, b) => a.conductance - b.conductance || b.size - a.size || a.members[0] - b.members[0]);
  labels.fill(-1);
  clusters.forEach((cluster, id) => {
    cluster.id = id;
    for (const v of cluster.members) labels[v] = id;
  });
}
