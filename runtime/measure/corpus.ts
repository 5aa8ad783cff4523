/** What a run reads: rows of token ids, what they are called, and what is known of them. Made by its caller. */
import { SpectroscopeError } from "../../kernels/errors";

/** Names by number. */
export interface Labelling {
  /** Number of every measured target's label, in the order of the losses. */
  readonly numbers: Int32Array;
  /** Name of each number. */
  readonly names: readonly string[];
}

/** Known truth about every measured target: the role it plays, and the mode of the data that its text is of. */
export interface Labels {
  readonly roles: Labelling;
  readonly modes: Labelling;
}

/** Rows of `columns` = T + 1 ids each, of which the last T are measured targets. */
export interface Corpus {
  /** [rows, columns], row-major. */
  readonly ids: Uint32Array;
  readonly rows: number;
  readonly columns: number;
  /** The text of an id as a person would read it; `#id` where nobody knows. */
  nameOf(id: number): string;
  readonly labels?: Labels;
}

/** The texts of a run. */
export interface Corpora {
  /** Its losses are measured. */
  readonly probe: Corpus;
  /** Minibatches are drawn from it. */
  readonly pool: Corpus;
}

/** Refuses a sampling task that is the pool's where its mean loss by position is not the probe's. @throws SpectroscopeError of usage */
export function checkEqualColumns({ probe, pool }: Corpora): void {
  if (probe.columns === pool.columns) return;
  throw new SpectroscopeError(
    `sampling_task is pool: its sequences have ${pool.columns} ids, those of the probe ${probe.columns}`,
    { code: "usage", hint: "give both texts rows of one length, or --set sampling_task=probe" },
  );
}

/** The sampling task's fixed batch: the first sequences of the pool. @throws SpectroscopeError of usage when it has fewer */
export function fixedBatch(pool: Corpus, sequences: number): Corpus {
  const { ids, rows, columns, nameOf } = pool;
  if (sequences > rows) {
    throw new SpectroscopeError(`sampling_sequences is ${sequences}, the pool has ${rows} sequences`, {
      code: "usage",
      hint: `--set sampling_sequences=${rows}`,
    });
  }
  return { ids: ids.subarray(0, sequences * columns), rows: sequences, columns, nameOf };
}
