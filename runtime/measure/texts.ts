/** The texts that chains read: of a run's corpora, what its sampling task asks for. */
import { SpectroscopeError } from "../../kernels/errors";
import type { RunConfig } from "./config";
import type { Corpora, Corpus } from "./corpus";

export interface SampledTexts {
  readonly probe: Corpus;
  readonly pool: Corpus;
  /** The sampling task's fixed batch, where it is not the probe. */
  readonly task?: Corpus;
}

/** @throws SpectroscopeError (usage) for a fixed batch of the pool that the pool, or the probe's length, does not allow */
export function sampledTexts(
  { probe, pool }: Corpora,
  { sampling_task, sampling_sequences }: Pick<RunConfig, "sampling_task" | "sampling_sequences">,
): SampledTexts {
  if (sampling_task === "probe") return { probe, pool };
  if (probe.columns !== pool.columns) {
    throw new SpectroscopeError(
      `sampling_task is pool: its sequences have ${pool.columns} ids, those of the probe ${probe.columns}`,
      { code: "usage", hint: "give both texts rows of one length, or --set sampling_task=probe" },
    );
  }
  if (sampling_sequences > pool.rows) {
    throw new SpectroscopeError(`sampling_sequences is ${sampling_sequences}, the pool has ${pool.rows} sequences`, {
      code: "usage",
      hint: `--set sampling_sequences=${pool.rows}`,
    });
  }
  const { ids, columns, nameOf } = pool;
  const task: Corpus = {
    ids: ids.subarray(0, sampling_sequences * columns),
    rows: sampling_sequences,
    columns,
    nameOf,
  };
  return { probe, pool, task };
}
