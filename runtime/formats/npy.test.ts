import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { readNpy, writeNpy } from "../node/npy-file";
import { decodeNpy, encodeNpy, type NpyInput } from "./npy";

const test = suite("runtime/formats/npy");
const bytesOf = (array: NpyInput) => new Uint8Array(Buffer.concat(encodeNpy(array)));

/** A file with a given header text, as NumPy pads it. */
function withHeader(text: string, data: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const header = new TextEncoder().encode(`${text}\n`);
  const lengthBytes = version === 1 ? 2 : 4;
  const out = new Uint8Array(8 + lengthBytes + header.length + data.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(out.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  out.set(header, 8 + lengthBytes);
  out.set(data, 8 + lengthBytes + header.length);
  return out;
}
const refused = (bytes: Uint8Array, line: RegExp) =>
  assert.throws(
    () => decodeNpy(bytes, "x.npy"),
    (error: { line: string }) => /^x\.npy: /.test(error.line) && line.test(error.line),
  );

test("every type and rank is read back", () => {
  const arrays: NpyInput[] = [
    { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 3e-40, -0, Number.NaN) },
    { shape: [], data: Float64Array.of(Math.PI) },
    { shape: [4], data: Uint8Array.of(0, 1, 254, 255) },
    { shape: [1, 1, 2], data: Uint16Array.of(0, 65535) },
    { shape: [2], data: Int32Array.of(-2147483648, 2147483647) },
    { shape: [2], data: Uint32Array.of(0, 4294967295) },
    { shape: [3], data: Float64Array.of(-1, 0, 2 ** 53 - 1), dtype: "i64" },
    { shape: [0, 7], data: new Float32Array(0) },
  ];
  for (const array of arrays) {
    const bytes = bytesOf(array);
    const back = decodeNpy(bytes, "x.npy");
    assert.equal(back.shape, array.shape);
    assert.is(back.data.constructor, array.data.constructor);
    assert.ok(Buffer.from(back.data.buffer).equals(Buffer.from(array.data.buffer)));
    assert.ok(array.dtype === undefined || array.dtype === back.dtype);
    assert.is((10 + bytes[8] + 256 * bytes[9]) % 64, 0, "values start at a multiple of 64");
  }
});

test("the header is NumPy's", () => {
  const bytes = bytesOf({ shape: [3], data: new Float32Array(3) });
  assert.equal([...bytes.subarray(0, 10)], [0x93, 78, 85, 77, 80, 89, 1, 0, 118, 0]);
  const text = new TextDecoder().decode(bytes.subarray(10, 128));
  assert.is(text, `${"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }".padEnd(117)}\n`);
});

test("a view into a larger buffer is written alone", () => {
  const whole = Float32Array.of(9, 1, 2, 9);
  assert.equal(decodeNpy(bytesOf({ shape: [2], data: whole.subarray(1, 3) }), "x").data, Float32Array.of(1, 2));
});

test("other writers' headers: versions, spacing, quotes, key order", () => {
  const data = new Uint8Array(Int32Array.of(4, 5).buffer);
  for (const version of [1, 2, 3]) {
    const bytes = withHeader(`{"shape":(2,),'fortran_order' : False,'descr':"<i4"}   `, data, version);
    assert.equal(decodeNpy(bytes, "x"), { dtype: "i32", shape: [2], data: Int32Array.of(4, 5) });
  }
});

test("every type of numbers that NumPy writes, in both byte orders and in Fortran order", () => {
  // Rows of three, and the bytes that NumPy 2.4 (numpy.save) wrote of them.
  const rows: Readonly<Record<string, readonly number[]>> = {
    f2: [0.5, -2, 65504, 2 ** -24, -0, Number.POSITIVE_INFINITY],
    f4: [0.5, -2, Math.fround(3e38), Math.fround(1e-45), -0, Math.fround(1 / 3)],
    f8: [0.5, -2, 1e308, 5e-324, -0, 1 / 3],
    i1: [0, -1, 127, -128, 5, 6],
    i2: [0, -1, 32767, -32768, 5, 6],
    i4: [0, -1, 2 ** 31 - 1, -(2 ** 31), 5, 6],
    i8: [0, -1, 2 ** 53 - 1, -(2 ** 53) + 1, 5, 6],
    u1: [0, 255, 3, 4, 5, 6],
    u2: [0, 65535, 3, 4, 5, 6],
    u4: [0, 2 ** 32 - 1, 3, 4, 5, 6],
    u8: [0, 2 ** 53 - 1, 3, 4, 5, 6],
    b1: [0, 1, 1, 1, 0, 0],
  };
  const dtypes: Readonly<Record<string, string>> = {
    ...{ f2: "f16", f4: "f32", f8: "f64", i1: "i8", i2: "i16", i4: "i32", i8: "i64" },
    ...{ u1: "u8", u2: "u16", u4: "u32", u8: "u64", b1: "bool" },
  };
  const files: readonly (readonly [descr: string, fortran: boolean, hex: string])[] = [
    ["<f2", false, "003800c0ff7b01000080007c"],
    [">f2", false, "3800c0007bff000180007c00"],
    [">f2", true, "38000001c00080007bff7c00"],
    ["<f4", false, "0000003f000000c0e6b1617f0100000000000080abaaaa3e"],
    [">f4", false, "3f000000c00000007f61b1e600000001800000003eaaaaab"],
    [">f4", true, "3f00000000000001c0000000800000007f61b1e63eaaaaab"],
    ["<f8", false, "000000000000e03f00000000000000c0a0c8eb85f3cce17f01000000000000000000000000000080555555555555d53f"],
    [">f8", false, "3fe0000000000000c0000000000000007fe1ccf385ebc8a0000000000000000180000000000000003fd5555555555555"],
    [">f8", true, "3fe00000000000000000000000000001c00000000000000080000000000000007fe1ccf385ebc8a03fd5555555555555"],
    ["|i1", false, "00ff7f800506"],
    ["|i1", true, "0080ff057f06"],
    ["<i2", false, "0000ffffff7f008005000600"],
    [">i2", false, "0000ffff7fff800000050006"],
    [">i2", true, "00008000ffff00057fff0006"],
    ["<i4", false, "00000000ffffffffffffff7f000000800500000006000000"],
    [">i4", false, "00000000ffffffff7fffffff800000000000000500000006"],
    [">i4", true, "0000000080000000ffffffff000000057fffffff00000006"],
    ["<i8", false, "0000000000000000ffffffffffffffffffffffffffff1f00010000000000e0ff05000000000000000600000000000000"],
    [">i8", false, "0000000000000000ffffffffffffffff001fffffffffffffffe000000000000100000000000000050000000000000006"],
    [">i8", true, "0000000000000000ffe0000000000001ffffffffffffffff0000000000000005001fffffffffffff0000000000000006"],
    ["|u1", false, "00ff03040506"],
    ["|u1", true, "0004ff050306"],
    ["<u2", false, "0000ffff0300040005000600"],
    [">u2", false, "0000ffff0003000400050006"],
    [">u2", true, "00000004ffff000500030006"],
    ["<u4", false, "00000000ffffffff03000000040000000500000006000000"],
    [">u4", false, "00000000ffffffff00000003000000040000000500000006"],
    [">u4", true, "0000000000000004ffffffff000000050000000300000006"],
    ["<u8", false, "0000000000000000ffffffffffff1f000300000000000000040000000000000005000000000000000600000000000000"],
    [">u8", false, "0000000000000000001fffffffffffff0000000000000003000000000000000400000000000000050000000000000006"],
    [">u8", true, "00000000000000000000000000000004001fffffffffffff000000000000000500000000000000030000000000000006"],
    ["|b1", false, "000101010000"],
    ["|b1", true, "000101000100"],
  ];
  for (const [descr, fortran, hex] of files) {
    const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (2, 3), }`;
    const { dtype, shape, data } = decodeNpy(withHeader(header, Buffer.from(hex, "hex")), "x.npy");
    assert.is(dtype, dtypes[descr.slice(1)], descr);
    assert.equal(shape, [2, 3]);
    const right = rows[descr.slice(1)].every((value, i) => Object.is(value, data[i]));
    assert.ok(right, `${descr}${fortran ? " in Fortran order" : ""}: ${Array.from(data).join(", ")}`);
  }
});

test("three axes in Fortran order", () => {
  // numpy.arange(24).reshape(2, 3, 4) as uint8, numpy.asfortranarray, numpy.save.
  const hex = "000c0410081401" + "0d0511091502" + "0e06120a1603" + "0f07130b17";
  const header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }";
  const { data } = decodeNpy(withHeader(header, Buffer.from(hex, "hex")), "x.npy");
  assert.equal(
    data,
    Uint8Array.from({ length: 24 }, (_, i) => i),
  );
});

test("a NaN of half precision is one, and any byte but 0 is true", () => {
  const one = (descr: string, hex: string) =>
    decodeNpy(
      withHeader(`{'descr': '${descr}', 'fortran_order': False, 'shape': (2,), }`, Buffer.from(hex, "hex")),
      "x",
    );
  assert.equal(Array.from(one("<f2", "017e00fc").data, String), ["NaN", "-Infinity"]);
  assert.equal(one("|b1", "0207").data, Uint8Array.of(1, 1));
});

test("one-dimensional Fortran order is C order", () => {
  const bytes = withHeader("{'descr': '|u1', 'fortran_order': True, 'shape': (1,), }", Uint8Array.of(3));
  assert.equal(decodeNpy(bytes, "x").data, Uint8Array.of(3));
});

test("truncated anywhere is refused", () => {
  const whole = bytesOf({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
  for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length), /truncated|not a \.npy/);
  refused(whole.subarray(0, whole.length - 1), /truncated: f32 \(2, 2\) needs 16 bytes of values, found 15; .*again/);
  refused(Buffer.concat([whole, Uint8Array.of(0)]), /has bytes after its end/);
});

test("what is no plain array of numbers is refused by name, with the line that helps", () => {
  const header = (descr: string, order = "False", shape = "(1,)") =>
    withHeader(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`, new Uint8Array(8));
  const others: [string, RegExp][] = [
    ["'|O'", /holds Python objects: element type "\|O" is not supported; save x\.astype\(numpy\.float64\)$/],
    ["'<c16'", /complex numbers.*"<c16".*abs\(x\)$/],
    ["'<f16'", /longdouble.*"<f16".*; save x\.astype\(numpy\.float64\)$/],
    ["'>f16'", /longdouble/],
    ["'<U2'", /holds text.*"<U2".*astype\(numpy\.float64\)/],
    ["'|S2'", /holds text.*"\|S2"/],
    ["'<M8[D]'", /dates.*"<M8\[D\]".*datetime64\[s\]/],
    ["'<m8[s]'", /durations.*"<m8\[s\]".*timedelta64/],
    ["'|V2'", /without a type.*"\|V2".*bfloat16/],
    ["[('a', '<f4')]", /holds a structured array; save numpy\.lib\.recfunctions\.structured_to_unstructured/],
    ["[('a', '<i4'), ('b', '<M8[ns]'), ('c', '<f4', (2,))]", /holds a structured array; /],
    ["'=f4'", /"=f4" is not supported; save x\.astype/],
    ["'f4'", /"f4" is not supported/],
    ["'|f4'", /"\|f4" is not supported/],
    ["'<f3'", /"<f3" is not supported/],
  ];
  for (const [descr, line] of others) refused(header(descr), line);
  refused(header("'<f4'", "False", "(-2,)"), /unreadable shape/);
  refused(header("'<f4'", "False", "(2.5,)"), /unreadable shape/);
  refused(header("'<f4'", "False", "(99999999999, 99999999999)"), /too large/);
  refused(header("'<f4'", "0"), /unreadable/);
  refused(withHeader("{'descr': '<f4', 'shape': (2,), }"), /unreadable/);
  refused(withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'extra': True}"), /unreadable/);
  refused(withHeader("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}"), /twice/);
  refused(withHeader("__import__('os')"), /unreadable/);
  refused(withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", new Uint8Array(4), 9), /version 9/);
  refused(new TextEncoder().encode("PK\x03\x04 an npz archive"), /not a \.npy file/);
});

test("what is claimed is held against the file before anything is made of it", () => {
  const header = (shape: string, minor = 0) => {
    const bytes = withHeader(`{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`, new Uint8Array(8));
    bytes[7] = minor;
    return bytes;
  };
  refused(header("(2000000000,)"), /truncated: f32 \(2000000000\) needs 8000000000 bytes of values, found 8/);
  refused(header("(9007199254740993,)"), /too large/);
  refused(header(`(${"9".repeat(400)},)`), /too large/);
  for (const shape of ["(2)", "(True,)", "(02,)", "(2L,)", "2", "(,)", "(2,,)"]) refused(header(shape), /unreadable/);
  refused(header(`(${"1, ".repeat(64)}2)`), /has 65 axes, NumPy has at most 64/);
  refused(header("(2,)", 1), /version 1\.1 is not known/);
  refused(
    withHeader(`{'descr': '\u001b${"x".repeat(2000)}', 'fortran_order': False, 'shape': (), }`),
    /element type "\\u001bx+\.\.\." is not/,
  );
  refused(withHeader(" ".repeat(70_000), new Uint8Array(0), 2), /header of 7\d+ bytes, at most 65535/);
});

test("integers beyond 2^53 - 1 are refused, not rounded", () => {
  const bytes = withHeader(
    "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }",
    new Uint8Array(BigInt64Array.of(2n ** 53n).buffer),
  );
  refused(bytes, /element 0 is 9007199254740992, beyond 2\^53 - 1; save smaller integers/);
  const square = (descr: string, fortran: string, values: BigInt64Array | BigUint64Array) =>
    withHeader(`{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (2, 3), }`, new Uint8Array(values.buffer));
  refused(
    square("<i8", "False", BigInt64Array.of(0n, 1n, 2n, 3n, 4n, -(2n ** 60n))),
    /element \(1, 2\) is -1152921504606846976/,
  );
  refused(
    square("<u8", "True", BigUint64Array.of(0n, 1n, 2n, 2n ** 64n - 1n, 4n, 5n)),
    /element \(1, 1\) is 18446744073709551615/,
  );
  assert.throws(() => encodeNpy({ shape: [1], data: Float64Array.of(0.5), dtype: "i64" }), /not an integer/);
});

test("a shape that does not fit is not written", () => {
  assert.throws(() => encodeNpy({ shape: [3], data: new Float32Array(2) }), /needs 3 elements, data has 2/);
  assert.throws(() => encodeNpy({ shape: [-1, -2], data: new Float32Array(2) }), /needs NaN/);
  assert.throws(
    () => encodeNpy({ shape: [2], data: new Float32Array(2), dtype: "i32" }),
    /cannot write f32 data as i32/,
  );
});

test("files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
  try {
    const path = join(folder, "deep", "er", "x.npy");
    await writeNpy(path, { shape: [2], data: Float32Array.of(1, 2) });
    await writeNpy(path, { shape: [1], data: Float32Array.of(3) });
    assert.equal(await readNpy(path), { dtype: "f32", shape: [1], data: Float32Array.of(3) });
    let line = "";
    await readNpy(join(folder, "none.npy")).catch((error) => {
      line = error.line;
    });
    assert.match(line, /cannot read .*none\.npy: no such file/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
