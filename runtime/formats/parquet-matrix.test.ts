import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { FILES } from "./parquet-cases";
import { parseParquetMatrix } from "./parquet-matrix";

const test = suite("runtime/formats/parquet-matrix");
type Name = keyof typeof FILES;
const bytesOf = (name: Name) => new Uint8Array(Buffer.from(FILES[name], "base64"));

async function gives(name: Name, rows: number[][], names: string[], said: RegExp[] = []): Promise<void> {
  const { matrix, names: found, said: lines } = await parseParquetMatrix(bytesOf(name), "x.parquet");
  const { cols, data } = matrix;
  const got = Array.from({ length: matrix.rows }, (_, i) => Array.from(data.subarray(i * cols, (i + 1) * cols)));
  assert.equal(got, rows, name);
  assert.equal(found, names);
  assert.is(lines.length, said.length);
  said.forEach((line, i) => {
    assert.match(lines[i], line);
  });
}

async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    await parseParquetMatrix(bytes, "x.parquet");
  } catch (error) {
    assert.ok(error instanceof SpectroscopeError, String(error));
    assert.is(error.exitCode, 1);
    assert.match(error.line, /^x\.parquet: /);
    return error.line;
  }
  return "";
}

test("every codec that PyArrow writes", async () => {
  const column = Array.from({ length: 16 }, (_, i) => [[1.5], [-2], [1.5], [0.25]][i % 4]);
  for (const codec of ["snappy", "gzip", "brotli", "zstd", "lz4"] as const) await gives(codec, column, ["x"]);
});

test("dictionaries, pages of version 2, several row groups, columns that may not be null", async () => {
  const values = [1.5, -2, 1.5, 0.25];
  const numbers = [7, 8, 7, 9];
  const rows = Array.from({ length: 16 }, (_, i) => i);
  await gives(
    "dictionary",
    rows.map((i) => [values[i % 4], numbers[i % 4]]),
    ["x", "n"],
  );
  await gives(
    "pages2",
    rows.map((i) => [values[i % 4], i]),
    ["x", "n"],
  );
  await gives(
    "groups",
    [1, 2, 3, 4, 5].map((i) => [i, i + 5]),
    ["x", "y"],
  );
  await gives("required", [[1], [2]], ["x"]);
});

test("all types of numbers", async () => {
  await gives(
    "signed",
    [
      [-1, -1, -1, -1],
      [5, 5, 5, 5],
    ],
    ["i8", "i16", "i32", "i64"],
  );
  await gives(
    "unsigned",
    [
      [255, 65535, 2 ** 32 - 1, 2 ** 53 - 1],
      [1, 1, 1, 1],
    ],
    ["u8", "u16", "u32", "u64"],
  );
  await gives(
    "floats",
    [
      [0.5, Math.fround(0.1), 0.1, 1],
      [-65504, -2, 1e308, 0],
    ],
    ["f16", "f32", "f64", "bool"],
  );
  await gives("decimal", [[1.25], [-3.5]], ["d"]);
});

test("pandas' index is left out and said, whatever its name", async () => {
  await gives("index", [[0.5], [2]], ["a"], [/^pandas' index is left out: __index_level_0__$/]);
  await gives("namedIndex", [[0.5], [2]], ["a"], [/index is left out: gene$/]);
  await gives("rangeIndex", [[0.5], [2]], ["a"]);
  await gives("indexWithoutNotes", [[0.5], [2]], ["a"], [/__index_level_0__/]);
});

test("what is no number is refused by column, with the way on", async () => {
  const lines: readonly (readonly [Name, RegExp])[] = [
    ["nulls", /row 1, column "y" is null; .*dropna/],
    ["nan", /row 1, column "x" is NaN, not a finite number/],
    ["big", /row 1, column "x" is 9007199254740992, beyond 2\^53 - 1; .*float64/],
    ["bigUnsigned", /row 1, column "x" is 18446744073709551615, beyond/],
    ["text", /column "name" holds text; .*select_dtypes/],
    ["bytes", /column "x" holds bytes/],
    ["list", /column "v" holds lists; save numpy\.stack/],
    ["struct", /column "s" holds structs; .*json_normalize/],
    ["map", /column "m" holds structs/],
    ["time", /column "t" holds dates or times; .*int64/],
    ["date", /column "t" holds dates or times/],
    ["allNull", /column "t" holds nulls/],
    ["empty", /has no rows/],
    ["onlyIndex", /has no columns of numbers/],
  ];
  for (const [name, line] of lines) assert.match(await refusal(bytesOf(name)), line, name);
});

test("cut, encrypted and foreign files are refused in one line", async () => {
  const whole = bytesOf("zstd");
  for (let length = 4; length < whole.length; length++)
    assert.match(await refusal(whole.subarray(0, length)), /damaged or unknown Parquet/, String(length));
  const encrypted = whole.slice();
  encrypted[3] = 0x45;
  assert.match(await refusal(encrypted), /encrypted/);
  // A view into a larger buffer is read alone.
  const shifted = new Uint8Array(whole.length + 16);
  shifted.set(whole, 7);
  assert.is(await refusal(shifted.subarray(7, 7 + whole.length)), "");
});

test.run();
