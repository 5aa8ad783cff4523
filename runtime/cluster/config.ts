import { type Agreement, checkAgreements, resolveConfig } from "../config/resolve";
import { defaultsOf, type Schema, type Values } from "../config/schema";
import { todaysClusterKeys } from "./former-keys";
import { NEIGHBOR_RULES } from "./neighbors/rules";
import { COLUMN_RULES, type ColumnRule, ROW_RULES } from "./normalize";
import { SYMMETRIZE_RULES } from "./symmetrize";
import { WHITEN_RULES } from "./whiten";

export const NULL_RULES = ["column_shuffle", "gaussian", "rewired", "none"] as const;
export type NullRule = (typeof NULL_RULES)[number];
/** What a graph that was given, and not made from points, is held against unless another null is asked for. */
export const DEFAULT_GRAPH_NULL: NullRule = "none";
/** What may become of columns: a squash, or, of a run's chi alone, correlations. */
export const COLUMN_CHOICES = ["correlation", ...COLUMN_RULES] as const;
/** What `columns: null` stands for: of a run's chi, and of any other matrix. */
export const DEFAULT_COLUMNS = { chi: "correlation", other: "asinh" } as const;
/** What correlations go through before rows are treated: see docs/numerics.md for what else was tried. */
export const CORRELATION_SQUASH: ColumnRule = "zscore";
export const COLUMN_WEIGHT_RULES = ["reliability", "none"] as const;
/** How a seed is searched: `cover.ts` says what each is made of. */
export const SEARCH_RULES = ["multiscale", "paper"] as const;
export const REFINE_RULES = ["likelihood", "modularity", "none"] as const;
export const ASSIGN_RULES = ["none", "neighbors"] as const;

/**
 * The JSON form. `null` stands for the stated rule, in the number of tokens or nodes N, the graph's mean degree d, or whether
 * there is a null.
 */
export const clusterSchema = {
  columns: {
    type: "choice",
    choices: COLUMN_CHOICES,
    default: null,
    nullable: `\`${DEFAULT_COLUMNS.chi}\` of a run's chi, \`${DEFAULT_COLUMNS.other}\` of any other matrix`,
    help:
      "what becomes of columns: a squash, `zscore` (the paper's), `asinh` about the median or `rank`; `none` leaves them in " +
      "the units that they have, so that a column counts by its spread; " +
      "`correlation` divides a run's chi by the standard deviations of both factors, and what is no chi is treated as by null",
  },
  rows: { type: "choice", choices: ROW_RULES, default: "standardize", help: "what is done to a token's own row" },
  whiten: {
    type: "choice",
    choices: WHITEN_RULES,
    default: "none",
    help:
      "whitening of the points: `rank` keeps `whiten_rank` principal axes, each of variance 1; `shrinkage` divides by a " +
      "shrunk covariance, of the noise where chains tell it, else of the points",
  },
  whiten_rank: {
    type: "integer",
    default: 0,
    min: 0,
    help: "principal axes kept by `whiten: rank`; 0 with the other rules",
  },
  k: { type: "integer", default: null, min: 1, nullable: "0.008 N, 8 to 45", help: "neighbors a token" },
  neighbors: {
    type: "choice",
    choices: NEIGHBOR_RULES,
    default: "auto",
    help:
      "how neighbors are found: exactly; approximately, with measured recall; `auto` is exact up to rows^2 * columns of " +
      "2.5e12 (250,000 x 40), whatever the machine",
  },
  symmetrize: {
    type: "choice",
    choices: SYMMETRIZE_RULES,
    default: "mutual",
    help: "an edge where both ends list each other, or where one does (`union`)",
  },
  column_weights: {
    type: "choice",
    choices: COLUMN_WEIGHT_RULES,
    default: "reliability",
    help: "weigh the components of a run by how far its chains agree about them; `none`: all alike",
  },
  reliability_z: {
    type: "number",
    default: 3,
    min: 0,
    max: 100,
    help: "standard errors taken off the agreement of chains before a component gets weight",
  },
  alpha: {
    type: "number",
    default: 0.1,
    min: 1e-6,
    max: 0.999,
    help:
      "teleport probability of PageRank, on the lazy walk; the paper's is 0.001 with tolerance 1e-7, for graphs of " +
      "millions of tokens",
  },
  search: {
    type: "choice",
    choices: SEARCH_RULES,
    default: "multiscale",
    help:
      "how a seed is searched: a walk swept at every tolerance, whose first prominent valley is polished; or as the paper " +
      "does, the lazy walk, one tolerance and the lowest prefix as it is",
  },
  tolerances: {
    type: "numbers",
    default: null,
    least: 1,
    most: 64,
    min: 0,
    max: 1,
    exclusiveMin: true,
    exclusiveMax: true,
    nullable: "0.003, 0.001, 0.0003 over d; with `search: paper` 1e-7",
    help: "one a scale, the coarsest first",
  },
  min_size: {
    type: "integer",
    default: null,
    min: 2,
    nullable: "8 (N / 1500)^(1/4), 4 to 8; without a null 4",
    help: "smallest cluster; the paper's is 20",
  },
  max_share: {
    type: "number",
    default: null,
    min: 0.0001,
    max: 1,
    nullable: "0.25; without a null 1",
    help: "largest share of the volume of a set, and beside a null of a cluster: what is larger is the body",
  },
  num_seeds: { type: "integer", default: null, min: 1, nullable: "all", help: "most seeds a round, drawn at random" },
  max_hits: {
    type: "integer",
    default: null,
    min: 1,
    nullable: "20000 / N, 2 to 16",
    help: "seeds that may stand for a node before it is no seed any more",
  },
  refine: {
    type: "choice",
    choices: REFINE_RULES,
    default: "likelihood",
    help:
      "chosen sets are split and merged, and nodes moved, as a block model's likelihood says; with `modularity` clusters merge " +
      "after that as long as modularity rises: for points in groups that are wide, where likelihood sees locality as structure; " +
      "`none`: chosen sets stay as they are",
  },
  null: {
    type: "choice",
    choices: NULL_RULES,
    default: "column_shuffle",
    help:
      "what a cluster must beat: the same search on column-shuffled points, on `gaussian` points, on the graph `rewired` " +
      "with the same degrees, or nothing (of `cluster --graph` the default; it has no points to shuffle)",
  },
  null_draws: {
    type: "integer",
    default: null,
    min: 1,
    nullable: "8 up to N = 2,000, 3 up to 5,000, then 1",
    help: "nulls drawn, of which the lowest conductance counts",
  },
  excess_min: {
    type: "number",
    default: 0.2,
    min: 0,
    max: 1,
    help: "a cluster's conductance must lie this share below the lowest of the null at its volume",
  },
  recurrence_min: {
    type: "number",
    default: null,
    min: 0,
    max: 1,
    nullable: "0.1; without a null 0",
    help: "share of the seeds in a set that must find it again",
  },
  assign: {
    type: "choice",
    choices: ASSIGN_RULES,
    default: "neighbors",
    help: "unassigned tokens stay in the body, or join the cluster that holds most of their `neighbors`",
  },
  assign_share: {
    type: "number",
    default: null,
    min: 0.01,
    max: 1,
    nullable: "0.4; without a null 0.3",
    help: "share of its neighbors that a token needs in a cluster to be there",
  },
  stability: {
    type: "integer",
    default: 0,
    min: 0,
    help: "repeats of each resampling: clusters again on half the tokens, the components, the chains",
  },
  comparison: {
    type: "integer",
    default: 1,
    min: 0,
    help:
      "clusterings, by seeds from `seed` on, of each chain where a run's chi is compared with its prior's; 0: " +
      "compared by columns and neighbors alone",
  },
  seed: {
    type: "integer",
    default: 1,
    min: 0,
    help: "of every random choice: nulls, order of the seeds, halves, approximate neighbors",
  },
} as const satisfies Schema;

export type ClusterConfig = Values<typeof clusterSchema>;

const AGREEMENTS: readonly Agreement<ClusterConfig>[] = [
  {
    keys: ["whiten", "whiten_rank"],
    holds: ({ whiten, whiten_rank }) => (whiten === "rank") === whiten_rank > 0,
    hint: "whiten=rank and a whiten_rank of at least 1 go together",
  },
  {
    keys: ["search", "tolerances"],
    holds: ({ search, tolerances }) => search !== "paper" || tolerances === null || tolerances.length === 1,
    hint: "the paper's search has one scale: give one tolerance, or leave search out",
  },
];

export const DEFAULT_CLUSTER_CONFIG: Readonly<ClusterConfig> = Object.freeze(defaultsOf(clusterSchema));

/** Fills in the defaults and checks every key and value. @throws SpectroscopeError (usage), with the nearest known key */
export function parseClusterConfig(input: Partial<ClusterConfig> = {}): ClusterConfig {
  return checkClusterConfig(resolveConfig(clusterSchema, todaysClusterKeys(input, "cluster config"), "cluster config"));
}

/** Refuses keys that fit each for itself but not together. @throws SpectroscopeError (usage) */
export function checkClusterConfig(config: ClusterConfig): ClusterConfig {
  checkAgreements(AGREEMENTS, config, "cluster config");
  return config;
}

/** What becomes of the columns of a run's chi. */
export const chiColumns = ({ columns }: Pick<ClusterConfig, "columns">) => columns ?? DEFAULT_COLUMNS.chi;
/** The squash of columns that are no chi, and have no correlations. */
export const squashOf = ({ columns }: Pick<ClusterConfig, "columns">): ColumnRule =>
  columns === null || columns === "correlation" ? DEFAULT_COLUMNS.other : columns;
/** Default k for `n` tokens. */
export const defaultK = (n: number) => Math.min(45, Math.max(8, Math.round(0.008 * n)));
/** Default smallest cluster for `n` tokens: smaller ones stand out from a null by chance. Nodes of a graph have no such null. */
export const defaultMinSize = (n: number, rule: NullRule) =>
  rule === "none" ? 4 : Math.min(8, Math.max(4, Math.round(8 * (n / 1500) ** 0.25)));
/** Default hits for `n` nodes: small graphs can afford more evidence for each cluster. */
export const defaultMaxHits = (n: number) => Math.min(16, Math.max(2, Math.round(20000 / n)));
/** Default number of nulls for `n` tokens: in a small graph one null's luck matters. */
export const defaultNullDraws = (n: number) => (n <= 2000 ? 8 : n <= 5000 ? 3 : 1);
/**
 * Seeds that each of `draws` nulls of `n` nodes is searched from: more lower the envelope by less than it fluctuates between
 * nulls. In a small graph the seeds of all nulls count together, for each walk covers most of it.
 */
export const nullSeeds = (n: number, draws: number) =>
  n <= 2000 ? Math.min(1000, Math.max(250, Math.ceil(2000 / draws))) : 1000;
/** Defaults that depend on whether there is a null: beside it a body is expected, which no cluster may take in. */
export const withNull = ({ null: rule, recurrence_min, assign_share, max_share }: ClusterConfig) =>
  rule === "none"
    ? { recurrenceMin: recurrence_min ?? 0, assignShare: assign_share ?? 0.3, maxShare: max_share ?? 1, largest: 1 }
    : {
        recurrenceMin: recurrence_min ?? 0.1,
        assignShare: assign_share ?? 0.4,
        maxShare: max_share ?? 0.25,
        largest: max_share ?? 0.25,
      };
/** Default scales for a mean degree. */
export const defaultTolerances = (meanDegree: number, { search }: Pick<ClusterConfig, "search">) =>
  search === "paper" ? [1e-7] : [0.003, 0.001, 0.0003].map((t) => t / meanDegree);
