/** The bytes of a chunk before compression, type by type: written as Zarr lays them out, and refused where they are not. */
import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { checkValues, chunkBytes, chunkValues, hasNoValue, zarrTypeNamed } from "./zarr-values";

const test = suite("runtime/store/zarr-values");

const refusedBytes = (run: () => unknown, line: RegExp) =>
  assert.throws(run, (error: unknown) => error instanceof RangeError && line.test(error.message));

test("numbers are little-endian, 64-bit integers exact up to 2^53 - 1", () => {
  assert.equal([...chunkBytes("u32", Uint32Array.of(1, 0x01020304))], [1, 0, 0, 0, 4, 3, 2, 1]);
  assert.equal([...chunkBytes("i64", Float64Array.of(-2))], [254, ...new Array(7).fill(255)]);
  assert.equal([...chunkBytes("f32", Float32Array.of(0, 1).subarray(1))], [0, 0, 128, 63]);
  const ends = Float64Array.of(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0);
  assert.equal(chunkValues("i64", chunkBytes("i64", ends), 3), ends);
  const beyond = new Uint8Array(BigInt64Array.of(1n, 2n ** 53n).buffer);
  refusedBytes(() => chunkValues("i64", beyond, 2), /element 1 is beyond/);
  refusedBytes(() => chunkValues("f64", new Uint8Array(12), 2), /12 bytes, expected 16/);
  // A part of a larger buffer that begins anywhere in it.
  const bytes = Uint8Array.of(9, 0, 0, 128, 63).subarray(1);
  assert.equal(chunkValues("f32", bytes, 1), Float32Array.of(1));
});

test("texts are their number, and each one's length and bytes", () => {
  const bytes = chunkBytes("string", ["a", "", "é"]);
  assert.equal([...bytes], [3, 0, 0, 0, 1, 0, 0, 0, 97, 0, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0xa9]);
  assert.equal(chunkValues("string", bytes, 3), ["a", "", "é"]);
  assert.equal(chunkValues("string", Uint8Array.of(0, 0, 0, 0), 0), []);
});

test("texts that are not as many, or not as long, as they say are refused", () => {
  refusedBytes(() => chunkValues("string", Uint8Array.of(5, 0, 0, 0), 0), /5 texts, expected 0/);
  refusedBytes(() => chunkValues("string", Uint8Array.of(1, 0, 0, 0), 1), /text 0 goes beyond the end/);
  refusedBytes(() => chunkValues("string", Uint8Array.of(1, 0, 0), 1), /0 texts, expected 1/);
  const whole = chunkBytes("string", ["ab", "c"]);
  refusedBytes(() => chunkValues("string", whole.subarray(0, -1), 2), /text 1 goes beyond the end/);
  refusedBytes(() => chunkValues("string", whole.subarray(0, 10), 2), /text 1 goes beyond the end/);
  refusedBytes(() => chunkValues("string", Uint8Array.of(...whole, 0), 2), /1 bytes behind the last text/);
  assert.throws(() => chunkValues("string", Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 255), 1), "no UTF-8");
});

test("values that a type cannot hold are refused by their place, floats are taken as they are", () => {
  for (const [type, fits, not] of [
    ["i32", -(2 ** 31), -(2 ** 31) - 1],
    ["i32", 2 ** 31 - 1, 2 ** 31],
    ["u32", 0, -1],
    ["u32", 2 ** 32 - 1, 2 ** 32],
    ["i64", Number.MAX_SAFE_INTEGER, 2 ** 53],
    ["i64", 3, 3.5],
  ] as const) {
    checkValues(type, [fits], "x");
    refusedAtOnce(() => checkValues(type, [fits, not], "x"), /x: element 1 is .*, which u?int\d\d cannot hold/);
  }
  checkValues("f32", [1e300, Number.NaN], "x");
  checkValues("string", ["1"], "x");
  refusedAtOnce(() => checkValues("string", ["1", 1] as unknown as string[], "x"), /element 1 is 1, which string/);
  refusedAtOnce(() => checkValues("f32", ["1"] as unknown as number[], "x"), /element 0 is 1, which float32/);
});

test("types by Zarr's names; floats alone have no value where nothing was written", () => {
  assert.equal(["float64", "int64", "string", "bool", undefined].map(zarrTypeNamed), [
    ...(["f64", "i64", "string"] as const),
    ...[undefined, undefined],
  ]);
  assert.equal((["f32", "f64", "i32", "u32", "i64", "string"] as const).filter(hasNoValue), ["f32", "f64"]);
});

test.run();
