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

test("what is not a plain little-endian C array is refused by name", () => {
  const header = (descr: string, order = "False", shape = "(1,)") =>
    withHeader(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`, new Uint8Array(8));
  refused(header("'>f4'"), />f4.*little-endian/);
  refused(header("'|O'"), /"\|O" is not supported/);
  refused(header("'<c16'"), /c16/);
  refused(header("[('a', '<f4')]"), /structured|unreadable/);
  refused(header("'<f4'", "True", "(1, 2)"), /Fortran order; save numpy\.ascontiguousarray/);
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
  refused(bytes, /element 0 is 9007199254740992/);
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
