/** What was found of a run's modes: `modes.json`, and the section of the report. Plain values; equal runs give equal bytes. */

/** What says how likely tokens are after contexts. */
export type LawName = "grammar" | "model" | "counts";

/** A place where a mode's function is large: a context, by the measured token that it stands before, or a token id. */
export interface ModeEnd {
  /** Number of the context, or the id. */
  readonly index: number;
  readonly value: number;
  /** The last tokens of the context, or the token. */
  readonly text: string;
}

export interface ModeEnds {
  readonly positive: readonly ModeEnd[];
  readonly negative: readonly ModeEnd[];
}

/** A mode in words. */
export interface ModeInfo {
  /** From 0, the trivial one. */
  readonly mode: number;
  readonly value: number;
  readonly contexts: ModeEnds;
  readonly tokens: ModeEnds;
}

/** Shares by k = 1, 2, ...; errors are the jackknife's over chains, null where chains are too few. */
export interface ModeCurve {
  readonly shares: readonly number[];
  readonly errors?: readonly (number | null)[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
}

/** Shares of chi's variance over all pairs of a context and a token: about its mean over them, which the trivial pair holds alone. */
export interface ModeShares {
  /** In the pairs (a, b < k) of the modes. */
  readonly modes: ModeCurve;
  /** The same modes in random orders, the trivial one first: mean and 5 to 95 %. */
  readonly randomOrder: ModeCurve;
  /** k random orthonormal functions on either side, the constant one first. */
  readonly randomBases: ModeCurve;
  /** The k functions on either side that hold the most. Held out: fitted to half of the chains, tried on the other half. */
  readonly best: ModeCurve;
  /** k principal components of the matrix of pairs by components. */
  readonly principal: ModeCurve;
}

/** Pairs of modes by the smaller of their singular values. */
export interface ModeBand {
  /** Least singular value; the next band's above it. */
  readonly from: number;
  readonly modes: number;
  /** Share of chi's variance without noise in pairs both of whose modes reach `from`, and of the same number of modes at random. */
  readonly share: number;
  readonly error: number | null;
  readonly random: number;
}

/** chi_ab of a component, nats squared, [size, size] of the first modes; a of the context, b of the token. */
export interface CouplingMap {
  readonly name: string;
  readonly values: readonly number[];
  readonly errors: readonly (number | null)[];
}

export interface ClusterModes {
  /** Id of the cluster. */
  readonly id: number;
  /** The largest |z| first. */
  readonly loads: readonly {
    readonly mode: number;
    readonly side: "context" | "token";
    readonly mean: number;
    readonly z: number;
  }[];
}

/** Rows that come from modes through the same clustering as chi. */
export interface ModeClustering {
  /** s_a v_a(x) and s_a u_a(y), which know nothing of chi; or the expansion of chi, cut. */
  readonly rows: "coordinates" | "chi";
  /** Modes that they are made of, the first ones. */
  readonly k: number;
  readonly clusters: number;
  /** Adjusted Rand index with the clusters of chi. */
  readonly ari: number;
  /** With known roles. */
  readonly ariRoles?: number;
}

/** Of one law. */
export interface LawFindings {
  readonly law: LawName;
  /** How it was made, in words. */
  readonly source: string;
  /** Mean log loss of the measured tokens under it, nats. */
  readonly loss: number;
  /** Singular values, descending, the trivial one first. */
  readonly values: readonly number[];
  /** Share of all squared singular values but the trivial one that these hold. */
  readonly held: number;
  readonly modes: readonly ModeInfo[];
  /** As estimated. */
  readonly plain: ModeShares;
  /** Without the noise of chains: products of different chains only. */
  readonly noiseFree?: ModeShares;
  /** Share of chi on the measured tokens that the expansion cut at k gives. */
  readonly measured: readonly number[];
  readonly bands: readonly ModeBand[];
  /** Modes of a map's side. */
  readonly mapSize: number;
  /** Root of the mean square over components. */
  readonly overall: readonly number[];
  readonly maps: readonly CouplingMap[];
  readonly clusters: readonly ClusterModes[];
  readonly clusterings: readonly ModeClustering[];
  readonly said: readonly string[];
}

export interface ModeFindings {
  readonly format: "spectroscope-modes";
  readonly version: 1;
  /** Hash of the labels.npy whose clusters these are. */
  readonly labels: string;
  readonly contexts: number;
  readonly tokens: number;
  readonly components: number;
  readonly chains: number;
  readonly draws: number;
  /** Share of chi's variance that chains agree about: without noise over as estimated; null with one chain. */
  readonly agreed: number | null;
  readonly laws: readonly LawFindings[];
}
