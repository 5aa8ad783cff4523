/** Documents as rows of ids: one stream, cut into rows of one length. */
import type { TokenBlock } from "../formats/tokens";

/** How documents become rows. */
export interface Packing {
  /** Ids in a row, T; a row gives T - 1 per-token losses. */
  readonly columns: number;
  /** Id put after every document. */
  readonly endOfText: number;
  /** Id put at the start of every row; undefined: none. */
  readonly beginOfText?: number;
  /** Stop at so many rows; undefined: at the end of the text. */
  readonly maxRows?: number;
}

/** Rows of ids, and what of the text they hold. */
export interface PackedBlock extends TokenBlock {
  /** Documents offered, those in no row included. */
  readonly documents: number;
  /** Documents that were left unread because `maxRows` was reached. */
  readonly unread: number;
  /** Ids of documents that were read, ends of text included, that are in no row: the tail of the stream. */
  readonly dropped: number;
  /** Where in `ids` the first id of each document is that begins in the block, ascending. */
  readonly starts: Uint32Array;
}

/**
 * How much of a text is in rows, for people: "2 documents: 4 rows of 9 ids; the last 5 ids fill no row and are left out".
 * @param limit what ended the rows before the text did, if anything: "--rows"
 */
export function packingLine({ documents, rows, columns, dropped }: PackedBlock, limit?: string): string {
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  const left = limit
    ? `; the rest of the text is beyond ${limit}`
    : dropped > 0
      ? `; the last ${dropped} ids fill no row and are left out`
      : "";
  return `${count(documents, "document")}: ${count(rows, "row")} of ${columns} ids${left}`;
}

/**
 * Rows of documents: their ids one after another, each document followed by the end-of-text id (an empty one is that id alone),
 * cut every T ids (T - 1 with a begin-of-text id, which each row then begins with). A last row that is not full is dropped,
 * unless it is the only one: then it is a shorter row. Documents are asked for one by one, and only as far as they are needed.
 * @param documents how many there are, and the ids of each
 */
export function packDocuments(
  documents: { readonly length: number; ids(index: number): ArrayLike<number> },
  { columns, endOfText, beginOfText, maxRows = Number.POSITIVE_INFINITY }: Packing,
): PackedBlock {
  const before = beginOfText === undefined ? 0 : 1;
  const body = columns - before;
  const stream: number[] = [];
  const begins: number[] = [];
  let read = 0;
  while (read < documents.length && stream.length < maxRows * body) {
    begins.push(stream.length);
    const ids = documents.ids(read++);
    for (let i = 0; i < ids.length; i++) stream.push(ids[i]);
    stream.push(endOfText);
  }

  const short = stream.length < body;
  const width = short ? stream.length : body;
  const rows = short ? Math.min(1, stream.length) : Math.min(Math.floor(stream.length / body), maxRows);
  const ids = new Uint32Array(rows * (before + width));
  for (let row = 0; row < rows; row++) {
    const at = row * (before + width);
    if (beginOfText !== undefined) ids[at] = beginOfText;
    for (let i = 0; i < width; i++) ids[at + before + i] = stream[row * width + i];
  }
  const kept = rows * width;
  const starts = begins
    .filter((begin) => begin < kept)
    .map((begin) => begin + before * (1 + Math.floor(begin / width)));
  return {
    ids,
    rows,
    columns: before + width,
    documents: documents.length,
    unread: documents.length - read,
    dropped: stream.length - kept,
    starts: Uint32Array.from(starts),
  };
}
