import type { Cluster } from "./clustering";
import { shortSweep } from "./profile";
import type { ClusterStability } from "./resampling";

/** What a line says of a cluster besides the clustering's own. */
export interface LineExtras {
  /** Mean over members of the normalized columns, and its standard error. */
  readonly profile?: ArrayLike<number>;
  readonly profileError?: ArrayLike<number>;
  readonly stability?: ClusterStability;
  /** Names of the members, where nodes have names. */
  readonly names?: readonly string[];
  /** What the rows are called outside, where they are not 0 and on. */
  readonly ids?: ArrayLike<number>;
}

/** Digits of numbers that are there to be looked at. */
const short = (values: ArrayLike<number>) =>
  Array.from(values, (value) => (Number.isFinite(value) ? Number(value.toPrecision(6)) : null));

/**
 * One line of a `clusters.jsonl`: a JSON object. `members` are row indices, ascending, or `ids` of them. Sweep and profile have six digits; what
 * could not be measured is null.
 */
export function clusterLine(cluster: Cluster, extras: LineExtras = {}): string {
  const { id, size, conductance, seed, members, sweep, tolerance, excess, recurrence } = cluster;
  const { profile, profileError, stability, names, ids } = extras;
  const called = (row: number) => ids?.[row] ?? row;
  const brief = shortSweep(sweep);
  const line = {
    ...{ id, size, conductance, seed: called(seed), members: Array.from(members, called) },
    ...(names ? { names: Array.from(members, (member) => names[member]) } : {}),
    ...{ excess, recurrence, tolerance },
    sweep: { sizes: brief.sizes, conductance: short(brief.conductance) },
    ...(profile ? { profile: short(profile) } : {}),
    ...(profileError ? { profile_error: short(profileError) } : {}),
    ...(stability ? { stability } : {}),
  };
  return `${JSON.stringify(line)}\n`;
}
