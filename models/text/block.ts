/** A text as a block of token ids for a model. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { checkSize, type TokenLimits } from "../formats/tokens";
import { parseDocuments } from "./documents";
import { type PackedBlock, packDocuments } from "./pack";
import type { Token, Tokenizer } from "./tokenizer";
import { checkMarks } from "./unicode";

/** What to make of a text. */
export interface TextOptions {
  /** The model's tokenizer, or what opens it once the text is known to be one. */
  readonly tokenizer: Tokenizer | (() => Promise<Tokenizer>);
  readonly limits: TokenLimits;
  /** Ids in a row, T, which reads T - 1 positions. Default: max_position_embeddings + 1, the most that the model takes. */
  readonly columns?: number;
  /** Begin every row with the begin-of-text id. Default: no. */
  readonly bos?: boolean;
  /** Stop at so many rows. Default: take the whole text. */
  readonly maxRows?: number;
}

/** Rows of ids of a text, see `packDocuments` for the rules. */
export interface TextBlock extends PackedBlock {
  /** The token that follows every document. */
  readonly endOfText: Token;
  /** The token that begins every row, if `bos` asked for it. */
  readonly beginOfText?: Token;
  /** Name of the tokenizer.json that was used. */
  readonly tokenizerFile: string;
}

function fail(where: string, message: string, hint: string): never {
  throw new SpectroscopeError(`${where}: ${message}`, { code: "bad-input", hint });
}

function checkVocabulary(ids: ArrayLike<number>, where: string, tokenizer: Tokenizer, limits: TokenLimits): void {
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < limits.vocabSize) continue;
    const token = `token ${quoted(tokenizer.nameOf(ids[i]))} has id ${ids[i]} in ${tokenizer.file}`;
    fail(where, `${token}, the model's vocab_size is ${limits.vocabSize}`, "that tokenizer is not this model's");
  }
}

/** Ids of a document. A regular expression takes no word of tens of millions of characters. @throws SpectroscopeError */
function encodeWhole(tokenizer: Tokenizer, text: string, where: string): Uint32Array {
  try {
    return tokenizer.encode(text);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SpectroscopeError(
      `${where}: ${text.length} characters, with a word too long for the tokenizer or too many in all`,
      { code: "bad-input", hint: "is it text? split it: in a .jsonl every line is a document", cause },
    );
  }
}

function checkCounts(options: TextOptions, file: string): void {
  for (const key of ["columns", "maxRows"] as const) {
    const value = options[key];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1)) {
      fail(file, `${key} is ${value}`, "it must be a whole number of at least 1");
    }
  }
}

/**
 * Token ids of a text file (`.txt`: one document; `.jsonl`: one a line), packed into rows.
 * @param bytes of the file; see `parseDocuments` for what is text
 * @throws SpectroscopeError naming file, line, key or id: no or unsupported tokenizer, no text, rows too long for the model, an
 *   id beyond its vocabulary
 */
export async function textBlock(bytes: Uint8Array, file: string, options: TextOptions): Promise<TextBlock> {
  checkCounts(options, file);
  const { limits, columns = limits.maxPositionEmbeddings + 1, bos = false, maxRows } = options;
  checkSize(file, 1, columns, limits);
  const documents = parseDocuments(bytes, file);
  if (documents.every(({ text }) => text === "")) fail(file, "no text", "give a file with something to read");
  const tokenizer = typeof options.tokenizer === "function" ? await options.tokenizer() : options.tokenizer;
  const { endOfText } = tokenizer;
  const beginOfText = bos ? tokenizer.beginOfText() : undefined;
  if (bos && !beginOfText) {
    fail(tokenizer.file, "no begin-of-text token", `name it as "bos_token" in tokenizer_config.json beside it`);
  }
  checkVocabulary([endOfText.id, ...(beginOfText ? [beginOfText.id] : [])], file, tokenizer, limits);

  const encoded = {
    length: documents.length,
    ids(index: number) {
      const { text, where } = documents[index];
      checkMarks(text, where);
      const ids = encodeWhole(tokenizer, text, where);
      checkVocabulary(ids, where, tokenizer, limits);
      return ids;
    },
  };
  const packed = packDocuments(encoded, {
    columns,
    endOfText: endOfText.id,
    beginOfText: beginOfText?.id,
    maxRows,
  });
  // A text of nothing that the tokenizer knows leaves an end of text alone.
  checkSize(file, packed.rows, packed.columns, limits);
  return { ...packed, endOfText, ...(beginOfText ? { beginOfText } : {}), tokenizerFile: tokenizer.file };
}
