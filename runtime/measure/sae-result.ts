/** Comparisons of a run's clusters with features of sparse autoencoders, as `sae.json` holds them. */
import type { HeadlineRow, MatchResult } from "../sae/match-result";

export const SAE_FORMAT = "spectroscope-sae";
export const SAE_VERSION = 1;

/**
 * Where the activation that belongs to a measured token is read. `token`: at the token itself, where a feature fires "on" it.
 * `prediction`: one position before, where the model predicts it and has not read it yet.
 */
export const READ_POSITIONS = ["token", "prediction"] as const;
export type ReadPosition = (typeof READ_POSITIONS)[number];

/** An autoencoder, as its files tell of it. */
export interface SaeFacts {
  /** As a person named it. */
  readonly name: string;
  readonly format: string;
  readonly architecture: string;
  readonly features: number;
  /** Of the vectors that it reads. */
  readonly width: number;
}

/** Measured tokens that have no part in a comparison. */
export interface LeftOut {
  /** The last of a row, where the model cannot read it: rows are one id longer than its context. */
  readonly noActivation: number;
  /** Predicted at the first position of a row, of an autoencoder that was trained on rows with a token of begin there. */
  readonly rowStart: number;
}

/** The same comparison with random directions in the place of features, as many of which fire on a token. */
export interface RandomFeatures {
  /** Directions that fire on a token, in the mean. */
  readonly l0: number;
  readonly headline: readonly HeadlineRow[];
  /** Shares of clusters whose best direction has at least an F1, at the cuts of the match's own curve. */
  readonly shares: readonly number[];
}

/** The clusters of a run beside the features of one autoencoder. */
export interface SaeComparison {
  readonly sae: SaeFacts;
  /** The model whose activations were encoded. */
  readonly model: string;
  /** Where, by this program's name of the place: `l0 resid_post`. */
  readonly hook: string;
  readonly at: ReadPosition;
  /** A feature fires where its code is larger. */
  readonly active: number;
  /** SHA-256 of the `labels.npy` that it is about: another one means that the run was clustered again since. */
  readonly labels: string;
  readonly leftOut: LeftOut;
  /** Features that fire on a token, in the mean. */
  readonly l0: number;
  /** Texts of the token ids that are named, by id. */
  readonly tokenNames: Readonly<Record<string, string>>;
  /** What was read and what is doubtful about it, a sentence each. */
  readonly notes: readonly string[];
  readonly match: MatchResult;
  /** By draw; empty where none were asked for, or where no feature fires. */
  readonly random: readonly RandomFeatures[];
}

/** A comparison, and whether it is of the clusters that the run has now. */
export interface KeptComparison extends SaeComparison {
  readonly current: boolean;
}

/** Two of one key are of the same features, read at the same place: the later one takes the place of the earlier. */
export const keyOf = ({ sae, model, hook, at }: Pick<SaeComparison, "sae" | "model" | "hook" | "at">) =>
  JSON.stringify([sae.name, model, hook, at]);

/** Clusters above both their null and the best token id. */
export const isMatched = ({ above95, aboveToken }: MatchResult["clusters"][number]) => above95 && aboveToken;

/** Clusters from the best matched on: those above both first, then by the best feature's F1, then by label. */
export function bestFirst({ clusters }: MatchResult): MatchResult["clusters"] {
  const f1 = ({ best }: MatchResult["clusters"][number]) => best?.f1 ?? 0;
  return [...clusters].sort(
    (a, b) => Number(isMatched(b)) - Number(isMatched(a)) || f1(b) - f1(a) || a.cluster - b.cluster,
  );
}

/** Least and most clusters that random directions match, with an F1 of at least `minF1`; undefined where there are none. */
export function randomRange(
  { random }: Pick<SaeComparison, "random">,
  minF1: number,
): readonly [number, number] | undefined {
  const counts = random.flatMap(({ headline }) =>
    headline.filter((row) => row.minF1 === minF1).map(({ above95 }) => above95),
  );
  return counts.length > 0 ? [Math.min(...counts), Math.max(...counts)] : undefined;
}
