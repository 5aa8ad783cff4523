/** Token ids to be measured: a block of B rows of T ids, from a JSON list of lists or an integer `.npy`. */
import { SpectroscopeError } from "../kernels/errors";
import { parseJson, readBytes } from "../runtime/store/files";
import { decodeNpy, type NpyArray } from "../runtime/store/npy";

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

const FORMAT = "a JSON list of rows of ids, all of one length, or an integer .npy of shape (rows, ids)";

function fail(file: string, message: string, hint?: string): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code: "bad-input", hint });
}

function checkSize(file: string, rows: number, columns: number, limits: TokenLimits): void {
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
    fail(file, `${where} is ${JSON.stringify(id)}`, "ids are whole numbers");
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
    fail(file, `row ${notRow} is ${JSON.stringify(json[notRow]).slice(0, 40)}, not a list`, `expected ${FORMAT}`);
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

/** Ids from an integer array of shape (rows, columns). @throws SpectroscopeError */
export function tokensFromNpy(array: NpyArray, limits: TokenLimits, file: string): TokenBlock {
  const shape = `(${array.shape.join(", ")})`;
  if (array.dtype === "f32" || array.dtype === "f64") {
    fail(file, `holds ${array.dtype} values`, "ids are integers: save x.astype(numpy.int64)");
  }
  if (array.shape.length !== 2) fail(file, `has shape ${shape}`, "expected (rows, ids)");
  const [rows, columns] = array.shape;
  checkSize(file, rows, columns, limits);
  const ids = new Uint32Array(rows * columns);
  for (let i = 0; i < ids.length; i++) {
    ids[i] = checkId(file, Math.floor(i / columns), i % columns, array.data[i], limits);
  }
  return { ids, rows, columns };
}

/** Read ids from a `.json` or `.npy` file, told apart by its first byte. @throws SpectroscopeError */
export async function readTokens(path: string, limits: TokenLimits): Promise<TokenBlock> {
  const bytes = await readBytes(path);
  if (bytes[0] === 0x93) return tokensFromNpy(decodeNpy(bytes, path), limits, path);
  return tokensFromJson(parseJson(new TextDecoder().decode(bytes), path), limits, path);
}
