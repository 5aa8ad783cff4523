/** What a report shows; `report.ts` turns it into one HTML file. Everything in it was measured or read, nothing is derived there. */

/** Per component of the run. */
export interface ComponentDiagnostics {
  readonly name: string;
  /** Weights that move. */
  readonly weights: number;
  readonly lr: number;
  /** Mean of phi = L(w) - L(w*) over chains and draws, nats. */
  readonly meanRise: number;
  /** Split R-hat of phi over chains; 1 is agreement. Absent with fewer than 4 draws. */
  readonly rHat?: number;
  /** Local learning coefficient n_beta * mean rise, with its standard error over chains. */
  readonly llc?: { readonly value: number; readonly error: number };
  /** Effective number of independent draws of phi, all chains together (bulk, rank-normalized). */
  readonly effectiveDraws?: number;
  /** Correlation of phi with that of the draw before, within chains. */
  readonly lag1?: number;
  /** Acceptance that Metropolis and Hastings would give SGLD's steps, 0 to 1. */
  readonly acceptance?: number;
  /** What the step size does to one weight: the log acceptance ratio's root mean square over the root of the weights' number. */
  readonly stepError?: number;
  /** Correlation over tokens of this component's clustered column between halves of the chains, stepped up to all of them. */
  readonly reliability?: number;
  /** phi at every draw, by chain: [chains][draws]. */
  readonly traces: readonly (readonly number[])[];
}

/** One probe token: the target whose loss was measured. */
export interface TokenInfo {
  readonly text: string;
  readonly sequence: number;
  readonly position: number;
  /** Per-token loss at the trained weights, nats. */
  readonly loss: number;
  readonly mode?: string;
  readonly role?: string;
}

export interface ClusterInfo {
  readonly id: number;
  readonly members: readonly number[];
  readonly conductance: number;
  readonly seed: number;
  /** Mean over members of the clustered columns, normalized as they were there, and its standard error over chains. */
  readonly profile: readonly number[];
  readonly profileError: readonly number[];
  /** The known role that the cluster finds best, with its F1, where roles are known. */
  readonly bestRole?: { readonly name: string; readonly f1: number };
  /** Jaccard of the best match when clustered again on half the tokens, the components, the chains; means over repeats. */
  readonly stability?: { readonly tokens?: number; readonly components?: number; readonly chains?: number };
}

/** One row of the score table: a feature set or a control through the same clustering. */
export interface ScoreRow {
  /** For instance "chi", "chi, shuffled draws", "trace features", "token identity". */
  readonly features: string;
  readonly control: boolean;
  /** Features that owe nothing to the measurement: token identity, last-layer activations. */
  readonly baseline?: boolean;
  readonly clusters: number;
  /** Share of tokens in some cluster. */
  readonly covered: number;
  /** Mean over roles (at least 10 tokens) of the best F1 of any cluster. */
  readonly meanBestF1: number;
  readonly rolesAboveHalf: number;
  readonly ariRoles: number;
  readonly ariModes: number;
  readonly nmiRoles: number;
}

/** A run of a sensitivity sweep, beside the run itself. */
export interface SensitivityRow {
  /** `lr=0.01`; `seed=1`, the run's own settings, says how far equal runs agree. All rows have that seed. */
  readonly setting: string;
  /** Over components: Spearman's correlation over tokens between both runs' columns of chi. */
  readonly medianSpearman: number;
  readonly lowestSpearman: number;
  readonly columns: readonly { readonly name: string; readonly spearman: number }[];
  /** Adjusted Rand index of both runs' clusters. */
  readonly ari: number;
  readonly clusters: number;
  /** Least and greatest mean rise over components, nats. */
  readonly rise: readonly [low: number, high: number];
}

/** What other settings of the sampler do to the results. */
export interface Sensitivity {
  readonly rows: readonly SensitivityRow[];
}

export interface ReportData {
  readonly title: string;
  /** ISO date of when the run ended, or words where it is not known. */
  readonly date: string;
  readonly version: string;
  readonly adapter: { readonly name: string; readonly software: boolean; readonly driver?: string };
  readonly model: {
    readonly name: string;
    readonly parameters: number;
    readonly layers: number;
    readonly heads: number;
    readonly hidden: number;
    readonly vocabulary: number;
  };
  /** The run's config as given, snake_case keys; of the clustering what is not the default. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Seconds by phase, in order. */
  readonly seconds: readonly { readonly phase: string; readonly seconds: number }[];
  readonly components: readonly ComponentDiagnostics[];
  readonly tokens: readonly TokenInfo[];
  /** By sequence, the token before its first target, which has no loss; shown, not measured. */
  readonly starts?: readonly string[];
  /** Names of chi's columns, in order. */
  readonly columns: readonly string[];
  /** [tokens × columns] row-major; estimator named in config. */
  readonly chi: Float32Array;
  /** Jackknife standard error over chains, same layout. */
  readonly chiError: Float32Array;
  /** Clusters of chi, and label per token (-1: none). */
  readonly clusters: readonly ClusterInfo[];
  readonly labels: Int32Array;
  /** Number of known roles with at least 10 tokens, when roles are known. */
  readonly roles?: number;
  readonly scores: readonly ScoreRow[];
  /** Absent where no sweep was run. */
  readonly sensitivity?: Sensitivity;
  /** Where the run lies, for commands to copy. */
  readonly directory?: string;
  /** Honest remarks: what was left out or is doubtful. */
  readonly remarks: readonly string[];
}
