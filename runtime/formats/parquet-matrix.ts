/** Matrices in Parquet files: columns of numbers, read by hyparquet. */
import type { AsyncBuffer, Compressors } from "hyparquet";
import { SpectroscopeError } from "../../kernels/errors";
import type { GivenMatrix } from "./given-matrix";
import { labelColumnWords } from "./label-column";
import { indexColumns, unfit } from "./parquet-schema";
import { shown, shownList } from "./text";
import { unpackedLimit } from "./unpacked";

/** Columns that are unpacked at once. */
const AT_ONCE = 32;

/** Whether bytes begin as a Parquet file's do, encrypted ones too. */
export const isParquet = (bytes: Uint8Array) =>
  bytes[0] === 0x50 && bytes[1] === 0x41 && bytes[2] === 0x52 && (bytes[3] === 0x31 || bytes[3] === 0x45);

/**
 * The columns of numbers and truth values, in their order. pandas' index is left out, and said.
 * @throws SpectroscopeError naming row and column of a null, NaN, infinity or an integer beyond 2^53 - 1; columns of anything else
 */
export async function parseParquetMatrix(bytes: Uint8Array, file: string): Promise<GivenMatrix> {
  const fail = (what: string, hint: string, code = "bad-input"): never => {
    throw new SpectroscopeError(`${file}: ${what}`, { code, hint });
  };
  if (bytes[3] === 0x45) fail("is encrypted Parquet", "write it without encryption");
  const limit = unpackedLimit(bytes.length);
  const { parquetMetadata, parquetSchema, parquetRead } = await import("hyparquet");
  const metadata = await sound(file, async () => parquetMetadata(bytes));
  const { names, index, rows } = await sound(file, async () => {
    const { children } = parquetSchema(metadata);
    const all = children.map(({ element }) => element.name);
    if (all.some((name) => typeof name !== "string")) throw new Error("a column has no name");
    const left = indexColumns(metadata, all);
    const repeated = all.find((name, i) => all.indexOf(name) !== i);
    if (repeated !== undefined) fail(`has two columns named "${shown(repeated)}"`, "give every column its own name");
    const kept = children.filter(({ element }) => !left.includes(element.name));
    for (const column of kept) {
      const other = unfit(column);
      if (other) fail(`column "${shown(column.element.name)}" holds ${other.kind}`, other.hint);
    }
    return { names: kept.map(({ element }) => element.name), index: left, rows: Number(metadata.num_rows) };
  });
  if (!(rows > 0) || names.length === 0)
    fail(`has ${rows > 0 ? "no columns of numbers" : "no rows"}`, "save a table of numbers");
  if (rows * names.length * 8 > limit)
    fail(
      `${bytes.length} bytes of Parquet become ${rows} x ${names.length} numbers, more than ${limit} bytes`,
      "if that is as it should be, save it as .npy: numpy.save(FILE, df.to_numpy())",
    );
  const matrix = { rows, cols: names.length, data: new Float64Array(rows * names.length) };
  const filling = new Filling(matrix.data, names, rows);
  const compressors = await limited(limit);
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const columns = names.slice(from, from + AT_ONCE);
    await sound(file, () =>
      parquetRead({ file: bufferOf(bytes), metadata, columns, compressors, geoparquet: false, onChunk: filling.take }),
    );
    if (filling.fault) fail(filling.fault.what, filling.fault.hint, filling.fault.code);
  }
  const short = filling.shortest();
  if (short) fail(`column "${shown(short.name)}" has ${short.rows} values for ${rows} rows`, "write it again");
  const said = index.length > 0 ? [`pandas' index is left out: ${shownList(index)}`] : [];
  return { matrix, names, said: [...said, ...labelColumnWords(matrix, names)] };
}

/** What a damaged file makes the reader throw is told as that. @throws SpectroscopeError */
async function sound<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof SpectroscopeError) throw cause;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new SpectroscopeError(`${file}: damaged or unknown Parquet: ${shown(said, 160)}`, {
      hint: "write it again: df.to_parquet(FILE)",
      cause,
    });
  }
}

/** Bytes as the reader asks for them; a copy each, for it wants buffers of their own, and Node's `slice` makes none. */
const bufferOf = (bytes: Uint8Array): AsyncBuffer => ({
  byteLength: bytes.length,
  slice: (start, end = bytes.length) => new Uint8Array(bytes.subarray(start, end)).buffer,
});

/** Codecs that make nothing larger than the limit, whatever a page says of itself. */
async function limited(limit: number): Promise<Compressors> {
  const { compressors } = await import("hyparquet-compressors");
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, unpack]) => [
      codec,
      (input: Uint8Array, length: number) => {
        if (!(length >= 0 && length <= limit)) throw new Error(`a page of ${length} bytes`);
        return unpack(input, length);
      },
    ]),
  );
}

interface Fault {
  readonly what: string;
  readonly hint: string;
  readonly code: string;
}

/** Puts columns into a matrix; the first value that is no number is noted, for nothing may be thrown where chunks come in. */
class Filling {
  fault?: Fault & { readonly row: number; readonly column: number };
  private readonly columns: ReadonlyMap<string, number>;
  private readonly counts: Float64Array;

  constructor(
    private readonly data: Float64Array,
    private readonly names: readonly string[],
    private readonly rows: number,
  ) {
    this.columns = new Map(names.map((name, c) => [name, c]));
    this.counts = new Float64Array(names.length);
  }

  readonly take = (chunk: { columnName: string; columnData: ArrayLike<unknown>; rowStart: number }): void => {
    const column = this.columns.get(chunk.columnName);
    if (column === undefined) return;
    const { columnData: values, rowStart } = chunk;
    const end = Math.min(values.length, this.rows - rowStart);
    for (let i = 0; i < end; i++) {
      const value = values[i];
      const number =
        typeof value === "number"
          ? value
          : typeof value === "bigint" || typeof value === "boolean"
            ? Number(value)
            : NaN;
      if (!Number.isFinite(number) || (typeof value === "bigint" && !Number.isSafeInteger(number)))
        this.note(value, rowStart + i, column);
      this.data[(rowStart + i) * this.names.length + column] = number;
    }
    this.counts[column] += end;
  };

  private note(value: unknown, row: number, column: number): void {
    if (this.fault && (this.fault.column < column || (this.fault.column === column && this.fault.row <= row))) return;
    const place = `row ${row}, column "${shown(this.names[column])}"`;
    if (value === null || value === undefined) {
      const hint = "leave its row or column out, or fill it: df.dropna(), df.fillna(df.median())";
      this.fault = { what: `${place} is null`, hint, code: "non-finite", row, column };
    } else if (typeof value === "bigint") {
      const hint = 'save df.astype("float64") where rounding does no harm';
      this.fault = { what: `${place} is ${value}, beyond 2^53 - 1`, hint, code: "bad-input", row, column };
    } else {
      const hint = "every value must be finite: leave its row or column out, or find what produced it";
      this.fault = {
        what: `${place} is ${shown(String(value))}, not a finite number`,
        hint,
        code: "non-finite",
        row,
        column,
      };
    }
  }

  /** A column that has not a value for every row. */
  shortest(): { name: string; rows: number } | undefined {
    const column = this.counts.findIndex((count) => count !== this.rows);
    return column < 0 ? undefined : { name: this.names[column], rows: this.counts[column] };
  }
}
