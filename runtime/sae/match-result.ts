/** What a comparison of clusters with features says: plain values, as they are written to JSON. */

/** How two sets of tokens overlap. */
export interface Overlap {
  /** Tokens in both. */
  readonly shared: number;
  /** Share of the tokens found that were to be found. */
  readonly precision: number;
  /** Share of the tokens to be found that were. */
  readonly recall: number;
  readonly f1: number;
  readonly jaccard: number;
  /** Matthews' correlation coefficient over all tokens. */
  readonly matthews: number;
}

/** A feature beside a cluster. */
export interface FeatureOverlap extends Overlap {
  readonly feature: number;
  /** Tokens it fires on. */
  readonly fires: number;
}

/** The id that strata are of: of the target, of what was read last, or of both together. */
export type StrataBy = "target" | "input" | "both";

/** A token id beside a cluster: all tokens with this target, or with this last input. */
export interface TokenOverlap extends Overlap {
  readonly id: number;
  readonly as: "target" | "input";
  readonly tokens: number;
}

/** Up to three sets together beside a cluster. The search is not exhaustive: the best union is at least as good. */
export interface UnionOverlap {
  /** Ascending. */
  readonly parts: readonly number[];
  /** Tokens in any of them. */
  readonly tokens: number;
  readonly shared: number;
  readonly f1: number;
  /** F1 of the union that takes the best next one each time. */
  readonly greedyF1: number;
}

/** The highest F1 of any feature after permutations within strata. */
export interface ChanceOfCluster {
  readonly mean: number;
  /** Surpassed with p at most 0.05, and 0.01. */
  readonly p95: number;
  readonly p99: number;
  /** (1 + permutations with at least the measured F1) / (1 + permutations). */
  readonly p: number;
  /** Share of members whose stratum has a token outside the cluster; where it is 0 the null equals the measurement. */
  readonly free: number;
  /** Share of members that a permutation is expected to exchange. */
  readonly exchanged: number;
}

/** A cluster and what matches it. */
export interface ClusterMatch {
  /** Its label. */
  readonly cluster: number;
  readonly size: number;
  /** The best feature by F1, and so by Jaccard's index; null where none fires on any member. */
  readonly best: FeatureOverlap | null;
  /** The best feature by Matthews' coefficient, where it is another. */
  readonly bestByMatthews?: FeatureOverlap;
  readonly chance: ChanceOfCluster;
  /** The single token id with the highest F1. */
  readonly token: TokenOverlap;
  readonly above95: boolean;
  readonly above99: boolean;
  /** Whether the best feature's F1 is above that of the best token id. */
  readonly aboveToken: boolean;
  readonly union: UnionOverlap;
  /** Of token ids of one kind: what three ids reach. */
  readonly tokenUnion: UnionOverlap & { readonly as: "target" | "input" };
  /** The known role with the highest F1 for the cluster, and for its best feature. */
  readonly role?: RoleOverlap;
  readonly featureRole?: RoleOverlap;
}

/** A known role and how well a cluster, or a feature, finds it. */
export interface RoleOverlap {
  readonly name: string;
  readonly f1: number;
}

/** A feature and the cluster that it finds best. */
export interface FeatureMatch extends FeatureOverlap {
  readonly cluster: number;
  /** As of clusters, of the highest F1 over all clusters. */
  readonly p: number;
}

/** Shares of clusters whose best F1 is at least `cut`. */
export interface CurvePoint {
  readonly cut: number;
  readonly features: number;
  /** Mean over permutations, and the share that is surpassed with p at most 0.05. */
  readonly chance: number;
  readonly chance95: number;
  readonly tokens: number;
  readonly unions: number;
  readonly tokenUnions: number;
}

/** Clusters matched above the null and above the best token id, with an F1 of at least `minF1`. */
export interface HeadlineRow {
  readonly minF1: number;
  readonly above95: number;
  readonly share95: number | null;
  readonly above99: number;
  readonly share99: number | null;
}

/** Clusters of like size together: sizes `from` to `to`. */
export interface SizeBin {
  readonly from: number;
  readonly to: number;
  readonly clusters: number;
  /** Medians over clusters. */
  readonly medianF1: number;
  readonly medianTokenF1: number;
  /** Percentiles of the null, all clusters and permutations together. */
  readonly p95: number;
  readonly p99: number;
}

/** The other direction: for every feature the best cluster. */
export interface FeatureDirection {
  /** Features with fewer tokens are not counted. */
  readonly minFires: number;
  readonly counted: number;
  readonly neverFire: number;
  /** Counted features with p at most 0.05, and their share. */
  readonly above95: number;
  readonly share95: number | null;
  /** Share of counted features with a cluster of F1 at least `cut`; `chance` is the mean over permutations. */
  readonly curve: readonly { readonly cut: number; readonly share: number | null; readonly chance: number | null }[];
  /** Counted features whose best F1 is at least the lowest cut, by number. */
  readonly matches: readonly FeatureMatch[];
}

/** Where tokens could exchange labels. */
export interface StrataInfo {
  readonly by: StrataBy;
  /** Positions of an id are merged until a stratum has so many tokens. */
  readonly least: number;
  readonly count: number;
  /** Share of tokens whose stratum has one position only. */
  readonly onePosition: number;
  /** Share of all members of clusters that have a token outside their cluster in their stratum; null without clusters. */
  readonly free: number | null;
  /** Share of all members that a permutation is expected to exchange. */
  readonly exchanged: number | null;
  /** Clusters that cannot move at all. */
  readonly fixed: number;
}

/** Clusters of tokens against features of a sparse autoencoder. */
export interface MatchResult {
  readonly tokens: number;
  readonly features: number;
  /** Tokens in some cluster. */
  readonly clustered: number;
  readonly permutations: number;
  readonly seed: number;
  readonly strata: StrataInfo;
  readonly clusters: readonly ClusterMatch[];
  readonly headline: readonly HeadlineRow[];
  /** Clusters above their 95th percentile alone, and above the best token id alone. */
  readonly above95: number;
  readonly aboveToken: number;
  /** What arXiv 2601.12703 reports, by a rule that it does not state. */
  readonly paper: { readonly matched: number; readonly clusters: number };
  /** Empty without clusters. */
  readonly curve: readonly CurvePoint[];
  readonly bySize: readonly SizeBin[];
  readonly otherDirection: FeatureDirection;
  /** What the numbers can and cannot say, a sentence each. */
  readonly said: readonly string[];
}
