/** What a clustering is. */
import type { Graph } from "../../kernels/graph/csr";
import type { Candidate } from "./candidates";
import { SetConductance } from "./set-conductance";

export interface Cluster {
  id: number;
  size: number;
  /** Of the final members, in the whole graph. */
  conductance: number;
  /** Token whose walk found the candidate most like the cluster; where it is no member, the first of the candidate's that is. */
  seed: number;
  /** Ascending. */
  members: number[];
  /** Conductance of the prefixes of the seed's sweep, at most four times the cluster's size; empty without `profiles`, and of a whole part. */
  sweep: number[];
  /** Tolerance of the walk; 0 where a whole part is the cluster and there was none. */
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

/** No cluster of `n` nodes. */
export const nothing = (n: number): Clustering => ({
  clusters: [],
  labels: new Int32Array(n).fill(-1),
  candidates: [],
  rounds: 0,
  gamma: 1,
});

/** Nodes that nothing ties to others, as a cluster. */
export function wholeCluster(nodes: Iterable<number>): Cluster {
  const members = Array.from(nodes);
  const [seed] = members;
  const found = { conductance: 0, excess: 1, recurrence: 1, tolerance: 0 };
  return { id: 0, size: members.length, seed, members, sweep: [], ...found };
}

/**
 * Clusterings of parts of a graph as one of all of it. Conductances are those in the whole graph; `gamma` is that of the largest
 * part that has clusters.
 * @param parts nodes of each, ascending, and its clustering in their numbers
 */
export function joined(
  graph: Graph,
  parts: readonly { readonly rows: Uint32Array; readonly clustering: Clustering }[],
): Clustering {
  const [first] = parts;
  // Of a part that is all of it, divided, everything stands already.
  if (parts.length === 1 && first.rows.length === graph.n && first.clustering.clusters.length > 1)
    return first.clustering;
  const set = new SetConductance(graph);
  const all: Clustering = {
    clusters: [],
    labels: new Int32Array(graph.n),
    candidates: [],
    rounds: 0,
    gamma: 1,
  };
  let largest = 0;
  for (const { rows, clustering } of parts) {
    for (const cluster of clustering.clusters) {
      const members = cluster.members.map((v) => rows[v]);
      const { conductance, volume } = set.measure(members);
      // Without an edge, or without a rest, there is no cut and nothing to divide it by.
      const cut = volume > 0 && volume < graph.volume ? conductance : 0;
      all.clusters.push({ ...cluster, members, seed: rows[cluster.seed], conductance: cut });
    }
    for (const candidate of clustering.candidates)
      all.candidates.push({ ...candidate, members: candidate.members.map((v) => rows[v]), seed: rows[candidate.seed] });
    all.rounds = Math.max(all.rounds, clustering.rounds);
    if (clustering.clusters.length === 0 || rows.length <= largest) continue;
    largest = rows.length;
    all.gamma = clustering.gamma;
  }
  numberClusters(all.clusters, all.labels);
  return all;
}
