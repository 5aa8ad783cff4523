/** Token ids to be measured: a block of B rows of T ids, from a JSON list of lists, an integer `.npy` or `.safetensors`. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted, sizes, unquoted } from "../../kernels/quoted";
import { decodeText, parseJson } from "../../runtime/formats/json";
import { decodeNpy, type NpyArray } from "../../runtime/formats/npy";
import type { Model } from "../../runtime/transformer/family";
import { headerOf, tensorOf } from "./safetensors";

/** Row-major ids, `[rows, columns]`. A row gives `columns - 1` per-token losses. */
export interface TokenBlock {
  readonly ids: Uint32Array;
  readonly rows: number;
  readonly columns: number;
}

/** What a model can take. */
export interface TokenLimits {
  readonly vocabSize: number;
  readonly maxPositionEmbeddings: number;
}

/** Those of a model. */
export function tokenLimits({ dims }: Pick<Model, "dims">): TokenLimits {
  return { vocabSize: dims.vocab, maxPositionEmbeddings: dims.positions };
}

const FORMAT =
  "a JSON list of rows of ids, all of one length, or an integer .npy or .safetensors tensor of shape (rows, ids)";
/** Name of the tensor that is taken from a safetensors file of several; Hugging Face's name for token ids. */
const IDS = "input_ids";

function fail(file: string, message: string, hint?: string): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code: "bad-input", hint });
}

/** Refuses a block without rows, without a loss, or of rows that the model cannot read. @throws SpectroscopeError */
export function checkSize(file: string, rows: number, columns: number, limits: TokenLimits): void {
  if (rows === 0) fail(file, "no rows", FORMAT);
  if (columns < 2) fail(file, `rows of ${columns} ids`, "a loss needs 2 ids or more: one to read, one to predict");
  if (columns - 1 > limits.maxPositionEmbeddings) {
    const most = limits.maxPositionEmbeddings;
    fail(
      file,
      `rows of ${columns} ids read ${columns - 1} positions, the model's max_position_embeddings is ${most}`,
      `use at most ${most + 1} ids in a row`,
    );
  }
}

function checkId(file: string, row: number, column: number, id: unknown, limits: TokenLimits): number {
  const where = `row ${row}, column ${column}`;
  if (typeof id !== "number" || !Number.isInteger(id)) {
    fail(file, `${where} is ${quoted(id)}`, "ids are whole numbers");
  }
  if (id < 0 || id >= limits.vocabSize) {
    fail(
      file,
      `${where} is ${id}, outside the vocabulary of ${limits.vocabSize}`,
      `ids go from 0 to ${limits.vocabSize - 1}`,
    );
  }
  return id;
}

/** Ids from a parsed JSON value; rows and columns are counted from 0 in errors. @throws SpectroscopeError */
export function tokensFromJson(json: unknown, limits: TokenLimits, file: string): TokenBlock {
  if (!Array.isArray(json)) fail(file, "not a list", `expected ${FORMAT}`);
  const notRow = json.findIndex((row) => !Array.isArray(row));
  if (notRow >= 0) {
    fail(file, `row ${notRow} is ${quoted(json[notRow], 40)}, not a list`, `expected ${FORMAT}`);
  }
  const list = json as unknown[][];
  const columns = list[0]?.length ?? 0;
  const ragged = list.findIndex((row) => row.length !== columns);
  if (ragged >= 0) {
    fail(file, `row ${ragged} has ${list[ragged].length} ids, row 0 has ${columns}`, "make all rows the same length");
  }
  checkSize(file, list.length, columns, limits);
  const ids = new Uint32Array(list.length * columns);
  list.forEach((row, r) => {
    row.forEach((id, c) => {
      ids[r * columns + c] = checkId(file, r, c, id, limits);
    });
  });
  return { ids, rows: list.length, columns };
}

/** Rows and columns of a shape that can be a block of ids. @throws SpectroscopeError */
function checkShape(file: string, shape: readonly number[], limits: TokenLimits, what: string) {
  if (shape.length !== 2) fail(file, `${what}has shape (${sizes(shape).slice(1, -1)})`, "expected (rows, ids)");
  const [rows, columns] = shape;
  checkSize(file, rows, columns, limits);
  return { rows, columns };
}

/** Ids from an integer array of shape (rows, columns). @throws SpectroscopeError */
function tokensFromArray(
  shape: readonly number[],
  data: ArrayLike<number>,
  limits: TokenLimits,
  file: string,
  what = "",
): TokenBlock {
  const { rows, columns } = checkShape(file, shape, limits, what);
  const ids = new Uint32Array(rows * columns);
  for (let i = 0; i < ids.length; i++) {
    ids[i] = checkId(file, Math.floor(i / columns), i % columns, data[i], limits);
  }
  return { ids, rows, columns };
}

/** Ids from an integer array of shape (rows, columns). @throws SpectroscopeError */
export function tokensFromNpy(array: NpyArray, limits: TokenLimits, file: string): TokenBlock {
  if (!/^[iu]/.test(array.dtype)) {
    fail(file, `holds ${array.dtype} values`, "ids are integers: save x.astype(numpy.int64)");
  }
  return tokensFromArray(array.shape, array.data, limits, file);
}

/** Ids from the tensor named `input_ids`, or from the only one whatever its name. Others are not looked at. @throws SpectroscopeError */
function tokensFromSafetensors(bytes: Uint8Array, limits: TokenLimits, file: string): TokenBlock {
  const header = headerOf(bytes, file);
  const { entries } = header;
  const entry = entries.find(({ name }) => name === IDS) ?? entries[0];
  if (entry === undefined) fail(file, "holds no tensor", `expected ${FORMAT}`);
  if (entry.name !== IDS && entries.length > 1) {
    const some = entries.slice(0, 4).map(({ name }) => quoted(name));
    const list = `${some.join(", ")}${entries.length > 4 ? ", ..." : ""}`;
    fail(file, `holds ${entries.length} tensors, none named "${IDS}": ${list}`, `save the ids alone or as "${IDS}"`);
  }
  const what = `tensor ${quoted(entry.name)} `;
  if (!/^[IU]\d+$/.test(entry.dtype)) {
    fail(file, `${what}holds ${unquoted(entry.dtype, 20)} values`, "ids are integers: save them as I64 or I32");
  }
  checkShape(file, entry.shape, limits, what);
  const { data } = tensorOf(bytes, header, entry, file);
  return tokensFromArray(entry.shape, data, limits, file, what);
}

/** Ids of a `.json`, `.npy` or `.safetensors` file, told apart by its first bytes. @throws SpectroscopeError */
export function parseTokens(bytes: Uint8Array, file: string, limits: TokenLimits): TokenBlock {
  // Eight bytes of header length begin a safetensors file, of which the high ones are 0; `.npy` has a letter there.
  if (file.endsWith(".safetensors") || (bytes[5] === 0 && bytes[7] === 0)) {
    return tokensFromSafetensors(bytes, limits, file);
  }
  if (bytes[0] === 0x93) return tokensFromNpy(decodeNpy(bytes, file), limits, file);
  return tokensFromJson(parseJson(decodeText(bytes, file), file), limits, file);
}
