/** From labels to clusters: what each is like, and which of them stay. */
import type { Graph } from "../../kernels/graph/csr";
import { type Candidate, type Envelope, excessOf } from "./candidates";
import { type Cluster, numberClusters } from "./clustering";
import type { ClusterConfig } from "./config";
import type { SetConductance } from "./set-conductance";

/** A set found again has this Jaccard index with it or more: sets of one valley differ by their boundary, of two by more. */
export const FOUND_AGAIN = 0.6;

/** What the excess of a set of one node would have to be above `excess_min`, beside a null. */
const LUCK = 0.5;

/**
 * What a set must be when it is found, and a cluster at the end. Beside a null a small one needs more: of the many sets of some nine
 * points in noise one or another has a conductance a fifth below all that the nulls showed.
 */
export const separate = (excess: number, size: number, { excess_min, null: rule }: ClusterConfig) =>
  excess > 0 && excess >= excess_min + (rule === "none" ? 0 : LUCK / size);

/** Counts the members that each label has in `shared`, and lists the labels that have any in the order of meeting. */
function sharedWith(members: Uint32Array, labels: Int32Array, shared: Uint32Array): number[] {
  const met: number[] = [];
  for (let i = 0; i < members.length; i++) {
    const label = labels[members[i]];
    if (label >= 0 && shared[label]++ === 0) met.push(label);
  }
  return met;
}

/** Clusters of the labels that beat the null; others lose their labels. Labels become ids, lowest conductance first. */
export function finish(
  graph: Graph,
  labels: Int32Array,
  count: number,
  accepted: readonly Candidate[],
  trials: readonly { seed: number; found: Candidate | undefined }[],
  {
    config,
    envelope,
    set,
    tolerances,
  }: {
    config: ClusterConfig;
    envelope: Envelope;
    set: SetConductance;
    tolerances: readonly number[];
  },
): Cluster[] {
  const members: number[][] = [];
  for (let c = 0; c < count; c++) members.push([]);
  for (let v = 0; v < graph.n; v++) if (labels[v] >= 0) members[labels[v]].push(v);
  const shared = new Uint32Array(count);
  const alike = new Map<Candidate, { label: number; jaccard: number }>();
  const closest: { candidate: Candidate; jaccard: number }[] = [];
  for (const candidate of accepted) {
    const met = sharedWith(candidate.members, labels, shared);
    let best = { label: -1, jaccard: 0 };
    for (const label of met) {
      const jaccard = shared[label] / (candidate.members.length + members[label].length - shared[label]);
      shared[label] = 0;
      if (jaccard > best.jaccard) best = { label, jaccard };
      if (jaccard > (closest[label]?.jaccard ?? 0)) closest[label] = { candidate, jaccard };
    }
    alike.set(candidate, best);
  }
  const tried = new Uint32Array(count);
  const again = new Uint32Array(count);
  for (const { seed, found } of trials) {
    const label = labels[seed];
    if (label < 0) continue;
    tried[label]++;
    const match = found && alike.get(found);
    if (match && match.label === label && match.jaccard >= FOUND_AGAIN) again[label]++;
  }
  const clusters: Cluster[] = [];
  for (let label = 0; label < count; label++) {
    if (members[label].length === 0 || !closest[label]) continue;
    const { conductance, volume } = set.measure(members[label]);
    const excess = excessOf(conductance, volume / graph.volume, envelope);
    const recurrence = tried[label] > 0 ? again[label] / tried[label] : 0;
    if (!separate(excess, members[label].length, config)) continue;
    const { candidate } = closest[label];
    const inside = (v: number) => labels[v] === label;
    clusters.push({
      id: 0,
      size: members[label].length,
      conductance,
      seed: inside(candidate.seed) ? candidate.seed : (candidate.members.find(inside) as number),
      members: members[label],
      sweep: [],
      tolerance: tolerances[candidate.scale],
      excess,
      recurrence,
    });
  }
  numberClusters(clusters, labels);
  return clusters;
}
