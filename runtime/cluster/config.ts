import { SpectroscopeError } from "../../kernels/errors";
import { SWEEP_RULES, type SweepRule } from "../../kernels/graph/reference";
import { suggest } from "../../kernels/suggest";
import { NEIGHBOR_RULES, type NeighborRule } from "./neighbors/rules";
import { COLUMN_RULES, type ColumnRule, ROW_RULES, type RowRule } from "./normalize";
import { SYMMETRIZE_RULES, type SymmetrizeRule } from "./symmetrize";
import { WHITEN_RULES, type WhitenRule } from "./whiten";

export const NULL_RULES = ["column_shuffle", "gaussian", "rewired", "none"] as const;
export type NullRule = (typeof NULL_RULES)[number];
/** What a graph that was given, and not made from points, is held against unless another null is asked for. */
export const DEFAULT_GRAPH_NULL: NullRule = "none";
export const COLUMN_WEIGHT_RULES = ["reliability", "none"] as const;
export const WALK_RULES = ["simple", "lazy"] as const;
export const REFINE_RULES = ["likelihood", "none"] as const;
export const ASSIGN_RULES = ["none", "neighbors"] as const;

/** The JSON form. `null` stands for the stated rule in the number of tokens N or the graph's mean degree. */
export interface ClusterConfig {
  /** Column rule of `normalize`; the paper's is zscore. */
  columns: ColumnRule;
  /** Row rule of `normalize`. */
  rows: RowRule;
  /** Whitening of the points: `rank` keeps principal axes, `shrinkage` takes a shrunk covariance, of the noise where chains tell it. */
  whiten: WhitenRule;
  /** Principal axes kept by `whiten: rank`; 0 with the other rules. */
  whiten_rank: number;
  /** Neighbors a token; null: 0.8 % of the tokens, 8 to 45 (the paper's, reached at N = 5,600). */
  k: number | null;
  /** How neighbors are found: exactly, approximately with their recall measured, or by the size (`EXACT_LIMIT`). */
  neighbors: NeighborRule;
  symmetrize: SymmetrizeRule;
  /** Of a run: weigh each component by how far its chains agree about it (`columnReliability`), or not at all. */
  column_weights: (typeof COLUMN_WEIGHT_RULES)[number];
  /** Standard errors taken off the agreement of chains before a column gets weight. */
  reliability_z: number;
  /** Teleport probability of PageRank on the lazy walk; the paper's is 0.001 with tolerance 1e-7, for graphs of millions of tokens. */
  alpha: number;
  /** The lazy walk is the paper's; the simple one has the same PageRank, at half the work. */
  walk: (typeof WALK_RULES)[number];
  /** Scales, coarse residual first; null: 0.003, 0.001 and 0.0003 over the mean degree. */
  tolerances: number[] | null;
  rule: SweepRule;
  /** A valley of the sweep within a factor 1 + delta of the deepest is preferred when it comes first. */
  delta: number;
  /** Largest conductance of a cluster. At 1 the comparison with the null matrix decides alone. */
  phi_max: number;
  /** Smallest cluster, the paper's is 20; null: 8 (N / 1500)^(1/4), rounded, 4 to 8. */
  min_size: number | null;
  /** Largest share of the volume of a set; null: 0.25 beside a null, where a larger cluster is the body, else 0.5. */
  max_share: number | null;
  /**
   * A walk that reached more than `max_share` lies in the main body when its lowest set holds this share of what it reached; it
   * stands for a hundredth of the nodes.
   */
  main_body: number;
  /** A round that assigns a smaller share of the tokens is the last. */
  stop_fraction: number;
  polish_rounds: number;
  /** See `polish`: 0.5 lowers the conductance, 1 keeps only nodes tied as well as the mean member. */
  strictness: number;
  /** Most seeds a round, drawn at random; null: all nodes that `max_hits` leaves. */
  num_seeds: number | null;
  /** A node for which this many seeds stand already is no seed any more; null: 20,000 / N, rounded, 2 to 16. */
  max_hits: number | null;
  /** What becomes of the chosen sets: see `refine`; or they stay as they are. */
  refine: (typeof REFINE_RULES)[number];
  /**
   * What a cluster must beat: the same search on column-shuffled points, on Gaussian points, on the graph rewired with the
   * same degrees, or nothing. A graph without points has only the last two.
   */
  null: NullRule;
  /** Nulls drawn, of which the lowest conductance counts; null: 8 up to 2,000 tokens, 3 up to 5,000, then 1. */
  null_draws: number | null;
  /** A cluster's conductance must lie this share below the lowest of the null at its volume. */
  excess_min: number;
  /** Two candidates with this Jaccard index count as the same set found again. */
  overlap: number;
  /** Share of a set's seeds that must find it again; null: 0.1 beside a null, else 0. */
  recurrence_min: number | null;
  /** Unassigned tokens stay in the body, or join the cluster that holds most of their neighbors. */
  assign: (typeof ASSIGN_RULES)[number];
  /** Share of its neighbors that a token needs in one cluster to be there; null: 0.4 beside a null, else 0.3. */
  assign_share: number | null;
  /** Repeats of each resampling by which the stability of clusters is measured; 0 for none. */
  stability: number;
  /** Seed of every random choice: null, seeds, resampling. */
  seed: number;
}

export const DEFAULT_CLUSTER_CONFIG: Readonly<ClusterConfig> = Object.freeze<ClusterConfig>({
  columns: "asinh",
  rows: "standardize",
  whiten: "none",
  whiten_rank: 0,
  k: null,
  neighbors: "auto",
  symmetrize: "mutual",
  column_weights: "reliability",
  reliability_z: 2,
  alpha: 0.1,
  walk: "simple",
  tolerances: null,
  rule: "prominent",
  delta: 0.2,
  phi_max: 1,
  min_size: null,
  max_share: null,
  main_body: 0.99,
  stop_fraction: 0.001,
  polish_rounds: 5,
  strictness: 0.7,
  num_seeds: null,
  max_hits: null,
  refine: "likelihood",
  null: "column_shuffle",
  null_draws: null,
  excess_min: 0.2,
  overlap: 0.6,
  recurrence_min: null,
  assign: "neighbors",
  assign_share: null,
  stability: 0,
  seed: 1,
});

/** Default k for `n` tokens. */
export const defaultK = (n: number) => Math.min(45, Math.max(8, Math.round(0.008 * n)));
/** Default smallest cluster for `n` tokens. */
export const defaultMinSize = (n: number) => Math.min(8, Math.max(4, Math.round(8 * (n / 1500) ** 0.25)));
/** Default hits for `n` nodes: small graphs can afford more evidence for each cluster. */
export const defaultMaxHits = (n: number) => Math.min(16, Math.max(2, Math.round(20000 / n)));
/** Default number of nulls for `n` tokens: in a small graph one null's luck matters. */
export const defaultNullDraws = (n: number) => (n <= 2000 ? 8 : n <= 5000 ? 3 : 1);
/** Defaults that depend on whether there is a null: beside it a body is expected, which no cluster may take in. */
export const withNull = ({ null: rule, recurrence_min, assign_share, max_share }: ClusterConfig) =>
  rule === "none"
    ? { recurrenceMin: recurrence_min ?? 0, assignShare: assign_share ?? 0.3, maxShare: max_share ?? 0.5, largest: 1 }
    : {
        recurrenceMin: recurrence_min ?? 0.1,
        assignShare: assign_share ?? 0.4,
        maxShare: max_share ?? 0.25,
        largest: max_share ?? 0.25,
      };
/** Default scales for a mean degree. */
export const defaultTolerances = (meanDegree: number) => [0.003, 0.001, 0.0003].map((t) => t / meanDegree);

type Check = (value: unknown) => string | undefined;
const oneOf =
  (...names: readonly string[]): Check =>
  (value) =>
    names.includes(value as string) ? undefined : `use one of ${names.join(", ")}`;
const real =
  (low: number, high: number): Check =>
  (value) =>
    typeof value === "number" && value >= low && value <= high ? undefined : `give a number in ${low} .. ${high}`;
const integer =
  (low: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= low ? undefined : `give an integer of at least ${low}`;
const orNull =
  (check: Check): Check =>
  (value) => {
    const wrong = value === null ? undefined : check(value);
    return wrong && `${wrong}, or null for the rule`;
  };
const scales: Check = (value) =>
  Array.isArray(value) &&
  value.length >= 1 &&
  value.length <= 64 &&
  value.every((t) => typeof t === "number" && t > 0 && t < 1)
    ? undefined
    : "give 1 to 64 numbers between 0 and 1";

const CHECKS: Record<keyof ClusterConfig, Check> = {
  columns: oneOf(...COLUMN_RULES),
  rows: oneOf(...ROW_RULES),
  whiten: oneOf(...WHITEN_RULES),
  whiten_rank: integer(0),
  k: orNull(integer(1)),
  neighbors: oneOf(...NEIGHBOR_RULES),
  symmetrize: oneOf(...SYMMETRIZE_RULES),
  column_weights: oneOf(...COLUMN_WEIGHT_RULES),
  reliability_z: real(0, 100),
  alpha: real(1e-6, 0.999),
  walk: oneOf(...WALK_RULES),
  tolerances: orNull(scales),
  rule: oneOf(...SWEEP_RULES),
  delta: real(0, 100),
  phi_max: real(0, 1),
  min_size: orNull(integer(2)),
  max_share: orNull(real(0.0001, 0.5)),
  main_body: real(0, 1),
  stop_fraction: real(0, 1),
  polish_rounds: integer(0),
  strictness: real(0, 2),
  num_seeds: orNull(integer(1)),
  max_hits: orNull(integer(1)),
  refine: oneOf(...REFINE_RULES),
  null: oneOf(...NULL_RULES),
  null_draws: orNull(integer(1)),
  excess_min: real(0, 1),
  overlap: real(0.1, 1),
  recurrence_min: orNull(real(0, 1)),
  assign: oneOf(...ASSIGN_RULES),
  assign_share: orNull(real(0.01, 1)),
  stability: integer(0),
  seed: integer(0),
};

/** Fills in the defaults and checks every key and value. Throws SpectroscopeError `usage` with the nearest known key. */
export function parseClusterConfig(input: Partial<ClusterConfig> = {}): ClusterConfig {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw new SpectroscopeError("cluster config is not an object", { code: "usage", hint: 'write {"k": 15}' });
  const config = { ...DEFAULT_CLUSTER_CONFIG } as Record<string, unknown>;
  for (const [key, value] of Object.entries(input)) {
    const check = CHECKS[key as keyof ClusterConfig];
    if (!check || !Object.hasOwn(CHECKS, key))
      throw new SpectroscopeError(`cluster config has no key "${key}"`, {
        code: "usage",
        hint: suggest(key, Object.keys(CHECKS)),
      });
    if (value === undefined) continue;
    const wrong = check(value);
    if (wrong)
      throw new SpectroscopeError(`cluster config: ${key} = ${JSON.stringify(value)}`, { code: "usage", hint: wrong });
    config[key] = value;
  }
  const parsed = config as unknown as ClusterConfig;
  if ((parsed.whiten === "rank") !== parsed.whiten_rank > 0)
    throw new SpectroscopeError(
      `cluster config: whiten = "${parsed.whiten}" with whiten_rank = ${parsed.whiten_rank}`,
      { code: "usage", hint: "whiten=rank and a whiten_rank of at least 1 go together" },
    );
  return parsed;
}
