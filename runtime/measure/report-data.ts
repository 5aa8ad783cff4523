/** What a report shows; `report.ts` turns it into one HTML file. Everything in it was measured or read, nothing is derived there. */

import type { ModeFindings } from "./mode-findings";
import type { RowDraws } from "./row-draws";
import type { KeptComparison } from "./sae-result";

/** The prior of a component, nats. */
export interface PriorDiagnostics {
  /** Mean of phi of the n_beta = 0 control. */
  readonly meanRise: number;
  /** The same at equal rise, with the localizations that were found, by chain. */
  readonly equalRise?: { readonly meanRise: number; readonly localization: readonly number[] };
}

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
  /** Mean kinetic temperature of BAOAB's momenta over checks and chains, 1 in equilibrium, and its sampling error. */
  readonly temperature?: number;
  readonly temperatureError?: number;
  /** Correlation over tokens of this component's clustered column between halves of the chains, stepped up to all of them. */
  readonly reliability?: number;
  /** Where it was sampled. */
  readonly prior?: PriorDiagnostics;
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
  /** Of a row that comes from draws; equal chains and draws make rows comparable. */
  readonly drawn?: RowDraws;
  readonly clusters: number;
  /** Share of tokens in some cluster. */
  readonly covered: number;
  /** Mean over roles (at least 10 tokens) of the best F1 of any cluster. */
  readonly meanBestF1: number;
  readonly rolesAboveHalf: number;
  readonly ariRoles: number;
  readonly ariModes: number;
  readonly nmiRoles: number;
  /** Leave-one-out scores of a token's 8 nearest points among those of scored roles, where roles are known and there are points. */
  readonly knnAccuracy?: number;
  readonly knnPurity?: number;
}

/** A number with its interval of 95 %; null where chains are too few to tell. */
export interface IntervalOf {
  readonly value: number | null;
  readonly error: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Within each of two measurements and between them, over pairs; and between less the root of both within. */
export interface AlikeInfo {
  readonly within: readonly [number, number];
  readonly between: number;
  readonly excess: IntervalOf;
}

/** Whether a feature set and the same of its prior differ by more than their noise. */
export interface PriorComparison {
  readonly features: string;
  readonly against: string;
  readonly chains: number;
  /** Of each chain, of both. */
  readonly draws: readonly [number, number];
  /** Parts that the chains are dealt into: single chains, where they are few. */
  readonly parts: number;
  /** Means over parts, each scored by itself; first less second. */
  readonly scores: readonly {
    readonly measure: string;
    readonly means: readonly [number, number];
    readonly difference: IntervalOf;
  }[];
  /** Adjusted Rand index between clusterings of single parts. */
  readonly clusters?: AlikeInfo;
  readonly columns?: {
    /** How many can be told apart, at 5 % for all of them. */
    readonly apart: number;
    /** Median of the correlations freed of noise; null where none is known. */
    readonly correlation: number | null;
    /** Mean excess over columns. */
    readonly together: IntervalOf;
    readonly each: readonly (AlikeInfo & {
      readonly name: string;
      readonly apart: boolean;
      /** Correlation freed of noise: between over the root of both within; null where chains do not agree among themselves. */
      readonly correlation: number | null;
    })[];
  };
  /** The same in words, a sentence each. */
  readonly said: readonly string[];
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
  /** Settings whose chains flew off, with where: nothing else is known of them. */
  readonly flown?: readonly { readonly setting: string; readonly why: string }[];
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
  /** Of chi and of traces with their priors; empty where there is no prior, or fewer than three chains. */
  readonly comparisons: readonly PriorComparison[];
  /** Absent where no sweep was run. */
  readonly sensitivity?: Sensitivity;
  /** Absent where modes were not looked for. */
  readonly modes?: ModeFindings;
  /** Whether they were found with other clusters than these. */
  readonly modesStale?: boolean;
  /** Absent where clusters were held against no autoencoder. */
  readonly autoencoders?: readonly KeptComparison[];
  /** Where the run lies, for commands to copy. */
  readonly directory?: string;
  /** Honest remarks: what was left out or is doubtful. */
  readonly remarks: readonly string[];
}
