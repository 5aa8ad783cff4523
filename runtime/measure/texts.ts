/** The texts that chains read: of a run's corpora, what its sampling task asks for. */
import type { RunConfig } from "./config";
import { type Corpora, type Corpus, checkEqualColumns, fixedBatch } from "./corpus";

export interface SampledTexts extends Corpora {
  /** The sampling task's fixed batch, where it is not the probe. */
  readonly task?: Corpus;
}

/** @throws SpectroscopeError (usage) for a fixed batch of the pool that the pool, or the probe's length, does not allow */
export function sampledTexts(
  corpora: Corpora,
  { sampling_task, sampling_sequences }: Pick<RunConfig, "sampling_task" | "sampling_sequences">,
): SampledTexts {
  if (sampling_task === "probe") return corpora;
  checkEqualColumns(corpora);
  return { ...corpora, task: fixedBatch(corpora.pool, sampling_sequences) };
}
