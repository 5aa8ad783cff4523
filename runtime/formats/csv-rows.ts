/** Rows of cells out of bytes of text: in pieces, so that a file may be longer than one text can be. */
import type Papa from "papaparse";
import { SpectroscopeError } from "../../kernels/errors";
import { decodeText } from "./text";

/** About as many bytes are made text at once. */
const PIECE = 2 ** 23;
const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

export type Parser = typeof Papa;

/** The parser, which is loaded when it is first asked for. */
export async function csvParser(): Promise<Parser> {
  const { default: parser } = await import("papaparse");
  return parser;
}

/** What parts cells, in the order in which they are tried; a space stands for any number of spaces and tabs. */
export const DELIMITERS = ["\t", ";", ",", "|", " "] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** What ends lines: of a file with no line feed in its beginning, a return. */
export function lineEnd(bytes: Uint8Array): "\n" | "\r" {
  const head = bytes.subarray(0, PIECE);
  return head.includes(LINE_FEED) || !head.includes(RETURN) ? "\n" : "\r";
}

/** Whole rows of a text; a line break within quotes ends none. */
export function* pieces(bytes: Uint8Array, size = PIECE): Generator<Uint8Array> {
  let from = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) quoted = !quoted;
    else if (bytes[at] === LINE_FEED && !quoted && at + 1 - from >= size) {
      yield bytes.subarray(from, at + 1);
      from = at + 1;
    }
  }
  if (from < bytes.length) yield bytes.subarray(from);
}

const breaks = (text: string, end: string) => text.split(end).length - 1;

/** Told each row that is not blank: its cells without spaces around them, and its first line from 1. */
export type RowReader = (cells: string[], line: () => number) => void;

/**
 * Gives rows of a text of whole rows; lines that begin with `#` and blank ones are passed over.
 * @param firstLine number of the text's first line
 * @param most rows that are read
 * @throws SpectroscopeError for quotes that do not end, with their line
 */
export function eachRow(
  text: string,
  shape: { readonly parser: Parser; readonly delimiter: Delimiter; readonly end: "\n" | "\r" },
  where: { readonly file: string; readonly firstLine: number; readonly most?: number },
  read: RowReader,
): void {
  const { parser, delimiter, end } = shape;
  let seen = 0;
  parser.parse<string[]>(text, {
    delimiter,
    newline: end,
    comments: "#",
    step: ({ data, errors, meta }, handle) => {
      const line = () => {
        const before = text.slice(0, meta.cursor);
        const last = where.firstLine + breaks(before, end) - (before.endsWith(end) ? 1 : 0);
        return last - data.reduce((sum, cell) => sum + breaks(cell, end), 0);
      };
      if (errors.length > 0) {
        const at = where.firstLine + breaks(text.slice(0, errors[0].index), end);
        throw new SpectroscopeError(`${where.file}: line ${at} has quotes that do not end, or text behind them`, {
          hint: 'a quote within quotes is written twice ("")',
        });
      }
      const trimmed = data.map((cell) => cell.trim());
      const cells =
        delimiter === " " ? trimmed.flatMap((cell) => cell.split(/\s+/)).filter((cell) => cell !== "") : trimmed;
      if (cells.every((cell) => cell === "") && cells.length < 2) return;
      read(cells, line);
      if (++seen === where.most) handle.abort();
    },
  });
}

/** Text of whole rows. @throws SpectroscopeError naming the file for what is not UTF-8 */
export function textOf(piece: Uint8Array, file: string): string {
  return decodeText(piece, file);
}
