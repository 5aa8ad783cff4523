/** What a run reads: rows of token ids, what they are called, and what is known of them. Made by its caller. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Dims, Model } from "../transformer/family";

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

/** Tokens of a corpus whose losses are taken. */
export function tokensOf({ rows, columns }: Corpus): number {
  return rows * (columns - 1);
}

/** The texts of a run. */
export interface Corpora {
  /** Its losses are measured. */
  readonly probe: Corpus;
  /** Minibatches are drawn from it. */
  readonly pool: Corpus;
}

/**
 * Refuses texts that are no rows of ids, or that a model cannot read: kernels ask no id whether it is one.
 * @throws SpectroscopeError naming the text and the place
 */
export function checkCorpora({ probe, pool }: Corpora, { dims }: Pick<Model, "dims">): void {
  checkCorpus("probe", probe, dims);
  checkCorpus("pool", pool, dims);
}

/** The same for one of them. */
export function checkCorpus(
  name: string,
  { ids, rows, columns, labels }: Pick<Corpus, "ids" | "rows" | "columns" | "labels">,
  { vocab, positions }: Dims,
): void {
  const fail = (what: string, hint: string): never => {
    throw new SpectroscopeError(`${name}: ${what}`, { code: "bad-input", hint });
  };
  const whole = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  if (!whole(rows, 1) || !whole(columns, 2)) {
    fail(`${rows} rows of ${columns} ids`, "give a row or more, of 2 ids or more: one to read, one to predict");
  }
  if (ids.length !== rows * columns)
    fail(`${ids.length} ids are no ${rows} rows of ${columns}`, "give rows of one length");
  if (columns - 1 > positions) {
    fail(
      `rows of ${columns} ids read ${columns - 1} positions, the model has ${positions}`,
      `use at most ${positions + 1} ids in a row`,
    );
  }
  const at = ids.findIndex((id) => id >= vocab);
  if (at >= 0) {
    const place = `row ${Math.floor(at / columns)}, column ${at % columns}`;
    fail(`${place} is ${ids[at]}, outside the vocabulary of ${vocab}`, `ids go from 0 to ${vocab - 1}`);
  }
  for (const [kind, { numbers, names }] of Object.entries(labels ?? {}) as [string, Labelling][]) {
    const targets = rows * (columns - 1);
    if (numbers.length !== targets) fail(`${numbers.length} ${kind} of ${targets} targets`, "give each target one");
    const odd = numbers.findIndex((number) => number >= names.length);
    if (odd >= 0) fail(`${kind}: number ${numbers[odd]} of target ${odd} has no name`, "give each number a name");
  }
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
