/** What a run reads: rows of token ids, what they are called, and what is known of them. Made by its caller. */

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
