import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import * as assert from "uvu/assert";
import { refusedAtOnce as refused } from "../../harness/test/refused";
import { safetensorsBytes as file } from "../../harness/test/safetensors-bytes";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { type HostTensor, memoryTensors } from "../../runtime/transformer/weights";
import { ModelFolder } from "../hub/model-folder";
import { readSafetensors, writeSafetensors } from "../hub/safetensors-file";
import { decodeHalf } from "./half";
import { encodeHeader, parseSafetensors } from "./safetensors";
import { openSafetensors } from "./safetensors-reader";

const test = suite("models/formats/safetensors");
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

/** A file's header and values. */
function encoded(tensors: ReadonlyMap<string, HostTensor>): Uint8Array[] {
  const values = [...tensors.values()].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return [encodeHeader(memoryTensors(tensors).shapes), ...values];
}

const sample = () =>
  new Map([
    ["b.weight", { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 3e-40, -0, 3.4e38) }],
    ["10", { shape: [], data: Float32Array.of(7) }],
    ["a", { shape: [0, 4], data: new Float32Array(0) }],
  ]);

test("what is written is read back, in order and bit for bit", async () => {
  const path = join(folder, "one.safetensors");
  await writeSafetensors(path, memoryTensors(sample()), { made: "here" });
  const back = await readSafetensors(path);
  assert.equal([...back.keys()].sort(), ["10", "a", "b.weight"]);
  for (const [name, { shape, data }] of sample()) {
    assert.equal(back.get(name)?.shape, shape);
    assert.ok(Buffer.from(back.get(name)!.data.buffer).equals(Buffer.from(data.buffer)), name);
  }
  const { header } = await openSafetensors(new ModelFolder(folder), basename(path));
  assert.equal(header.metadata, { made: "here" });
  assert.is(header.dataStart % 8, 0);
  const first = await readFile(path);
  await writeSafetensors(path, memoryTensors(sample()), { made: "here" });
  assert.ok(first.equals(await readFile(path)), "the same map gives the same bytes");
  assert.equal(
    (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("a tensor of more than one piece is written as it is, from a part of a larger array too", async () => {
  const path = join(folder, "large.safetensors");
  const whole = Float32Array.from({ length: 1_200_010 }, (_, i) => i);
  const data = whole.subarray(4, 1_200_004);
  const tensors = memoryTensors(new Map([["w", { shape: [1_200_000], data }]]));
  await writeSafetensors(path, tensors);
  const own = (await readSafetensors(path)).get("w")!.data;
  assert.is(own.length, data.length);
  assert.is(
    own.findIndex((value, i) => value !== i + 4),
    -1,
  );
});

test("every type is decoded", () => {
  const data = new Uint8Array(8 * 7);
  const view = new DataView(data.buffer);
  view.setFloat64(0, Math.PI, true);
  view.setBigInt64(8, -9007199254740991n, true);
  view.setInt32(16, -5, true);
  view.setUint32(20, 4294967295, true);
  view.setUint16(24, 0x3c01, true); // F16: 1 + 1/1024
  view.setUint16(26, 0x0001, true); // F16: 2^-24
  view.setUint16(28, 0xbf80, true); // BF16: -1
  view.setUint16(30, 65535, true);
  data[32] = 255;
  data[33] = 1;
  view.setInt16(34, -32768, true);
  view.setInt8(36, -128);
  view.setBigUint64(37, 9007199254740991n, true);
  const header: Record<string, unknown> = {};
  let at = 0;
  const add = (name: string, dtype: string, shape: number[], bytes: number) => {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes] };
    at += bytes;
  };
  add("f64", "F64", [1], 8);
  add("i64", "I64", [1], 8);
  add("i32", "I32", [1], 4);
  add("u32", "U32", [1], 4);
  add("f16", "F16", [2], 4);
  add("bf16", "BF16", [1], 2);
  add("u16", "U16", [1], 2);
  add("u8", "U8", [1], 1);
  add("bool", "BOOL", [1], 1);
  add("i16", "I16", [1], 2);
  add("i8", "I8", [1], 1);
  add("u64", "U64", [1], 8);
  const read = parseSafetensors(file(header, data.subarray(0, at)), "x");
  const values = Object.fromEntries([...read].map(([name, tensor]) => [name, [...tensor.data]]));
  assert.equal(values, {
    f64: [Math.PI],
    i64: [-9007199254740991],
    i32: [-5],
    u32: [4294967295],
    f16: [1 + 1 / 1024, 2 ** -24],
    bf16: [-1],
    u16: [65535],
    u8: [255],
    bool: [1],
    i16: [-32768],
    i8: [-128],
    u64: [9007199254740991],
  });
});

test("half floats: limits, zeros, NaN", () => {
  const f16 = decodeHalf(Uint16Array.of(0x7bff, 0x0400, 0x03ff, 0x8000, 0x7c00, 0xfc00, 0x7e00), "F16");
  assert.equal([...f16.slice(0, 3)], [65504, 2 ** -14, 1023 * 2 ** -24]);
  assert.ok(Object.is(f16[3], -0));
  assert.equal([...f16.slice(4, 6)], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.ok(Number.isNaN(f16[6]));
  const bf16 = decodeHalf(Uint16Array.of(0x3f80, 0x7f7f, 0x0001), "BF16");
  assert.equal([...bf16], [1, Math.fround(3.3895313892515355e38), 2 ** -133]);
});

test("truncated anywhere: file, tensor, bytes and remedy are told", () => {
  const [header, ...values] = encoded(sample());
  const whole = Buffer.concat([header, ...values]);
  for (let length = 0; length < whole.length; length++) {
    refused(() => parseSafetensors(whole.subarray(0, length), "m.safetensors"), /^m\.safetensors: /, /again|download/);
  }
  refused(
    () => parseSafetensors(whole.subarray(0, whole.length - 8), "m.safetensors"),
    /truncated: tensor "b.weight" needs 24 bytes, the file holds 20 of them/,
  );
});

test("a truncated file on disk is refused the same way", async () => {
  const path = join(folder, "cut.safetensors");
  await writeSafetensors(path, memoryTensors(sample()));
  await truncate(path, (await readFile(path)).length - 3);
  let line = "";
  await readSafetensors(path).catch((error) => {
    line = error.line;
  });
  assert.match(line, /cut\.safetensors: truncated: tensor "10" needs 4 bytes, the file holds 1 of them; .*again/);
});

test("NaN and infinity are refused with their place, in every float type", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const data = new Float32Array(6);
    data[5] = bad;
    const bytes = Buffer.concat(encoded(new Map([["w", { shape: [2, 3], data }]])));
    refused(() => parseSafetensors(bytes, "f"), /tensor "w" holds (NaN|-?Infinity) at \[1, 2\]/);
    assert.is(parseSafetensors(bytes, "f", { allowNonFinite: true }).size, 1);
    assert.is(parseSafetensors(bytes, "f", { select: () => false }).size, 0);
  }
  const half = { w: { dtype: "F16", shape: [1], data_offsets: [0, 2] } };
  refused(() => parseSafetensors(file(half, Uint8Array.of(0, 0x7c)), "f"), /holds Infinity at \[0\]/);
  const brain = { w: { dtype: "BF16", shape: [], data_offsets: [0, 2] } };
  refused(() => parseSafetensors(file(brain, Uint8Array.of(0xc0, 0x7f)), "f"), /holds NaN at \[\]/);
});

test("unaligned buffers are read right", () => {
  const bytes = file(
    { x: { dtype: "F32", shape: [1], data_offsets: [0, 4] } },
    new Uint8Array(Float32Array.of(1.5).buffer),
  );
  for (let shift = 0; shift < 8; shift++) {
    const pool = new Uint8Array(bytes.length + 16);
    pool.set(bytes, shift);
    assert.is(parseSafetensors(pool.subarray(shift, shift + bytes.length), "f").get("x")?.data[0], 1.5);
  }
});

test("a source that fails while it is read leaves no file", async () => {
  const path = join(folder, "never.safetensors");
  refused(
    () => memoryTensors(new Map([["w", { shape: [3], data: new Float32Array(2) }]])),
    /tensor "w": shape \[3\] needs 3 elements, data has 2/,
  );
  const shapes = new Map([["w", [2_000_000]]]);
  const read = async (_: string, from: number, to: number) => {
    if (from > 0) throw new SpectroscopeError("the second piece is gone");
    return new Float32Array(to - from);
  };
  let line = "";
  await writeSafetensors(path, { shapes, read }).catch((error) => {
    line = error.line;
  });
  assert.match(line, /second piece is gone/);
  assert.equal(
    (await readdir(folder)).filter((name) => name.includes("never")),
    [],
  );
});

test("ranges of a file are the parts of the whole, in every float type; a file that changed is refused", async () => {
  const path = join(folder, "ranges.safetensors");
  const types = { F64: 8, F32: 4, F16: 2, BF16: 2 };
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(types).map(([dtype, bytes]) => {
      const entry = { dtype, shape: [3, 7], data_offsets: [at, at + 21 * bytes] };
      at += 21 * bytes;
      return [dtype, entry];
    }),
  );
  // Bytes below 0x3c keep every exponent finite.
  await writeFile(
    path,
    file(
      header,
      Uint8Array.from({ length: at }, (_, i) => (i * 37) % 0x3c),
    ),
  );
  const whole = await readSafetensors(path);
  const reader = await openSafetensors(new ModelFolder(folder), basename(path));
  for (const entry of reader.header.entries) {
    for (const [from, to] of [
      [0, 21],
      [5, 6],
      [6, 20],
      [21, 21],
    ]) {
      const expected = whole.get(entry.name)!.data.slice(from, to);
      assert.equal(await reader.read(entry, from, to), expected, `${entry.name} ${from} to ${to}`);
    }
  }
  let line = "";
  const before = await stat(path);
  await utimes(path, before.atime, new Date(before.mtimeMs + 5_000));
  await reader.read(reader.header.entries[0], 0, 1).catch((error) => {
    line = error.line;
  });
  assert.match(line, /ranges\.safetensors: it changed while being read/, "written over by as many bytes");
  await utimes(path, before.atime, before.mtime);
  await truncate(path, (await readFile(path)).length - 1);
  line = "";
  await reader.read(reader.header.entries[0], 0, 1).catch((error) => {
    line = error.line;
  });
  assert.match(line, /ranges\.safetensors: it changed while being read/);
});

test("missing files and directories", async () => {
  await writeFile(join(folder, "empty.safetensors"), "");
  const lines: string[] = [];
  for (const path of [join(folder, "none"), folder, join(folder, "empty.safetensors")]) {
    await readSafetensors(path).catch((error) => lines.push(error.line));
  }
  assert.match(lines[0], /cannot read .*none: no such file or directory; check the path/);
  assert.match(lines[1], /is a directory/);
  assert.match(lines[2], /not a safetensors file: 0 bytes/);
});

test.run();
