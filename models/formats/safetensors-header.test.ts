import * as assert from "uvu/assert";
import { refusedAtOnce as refused } from "../../harness/test/refused";
import { safetensorsBytes as file } from "../../harness/test/safetensors-bytes";
import { suite } from "../../harness/test/suite";
import { HEADER_LIMIT, parseSafetensors } from "./safetensors";

const test = suite("models/formats/safetensors, headers");

test("malformed headers", () => {
  const one = (entry: unknown, data = 4) => file({ x: entry }, data);
  const ok = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  refused(() => parseSafetensors(file("[1]"), "f"), /not JSON: it starts with "\[1\]"/);
  refused(() => parseSafetensors(file('{"x": '), "f"), /f: the safetensors header is not JSON/);
  refused(() => parseSafetensors(file(`${JSON.stringify({ x: ok })} junk`, 4), "f"), /not JSON/);
  refused(() => parseSafetensors(one(null), "f"), /tensor "x" is not an object/);
  refused(
    () => parseSafetensors(one({ ...ok, dtype: "F8_E4M3" }), "f"),
    /F8_E4M3 \[1\] needs 1 bytes, its offsets give 4/,
  );
  refused(
    () => parseSafetensors(one({ ...ok, dtype: "F8_E4M3", shape: [4] }), "f"),
    /"x" has dtype "F8_E4M3"; convert/,
  );
  refused(() => parseSafetensors(one({ ...ok, dtype: "F4", shape: [7] }), "f"), /F4 \[7\] needs 3\.5 bytes/);
  refused(() => parseSafetensors(one({ ...ok, dtype: "toString" }), "f"), /dtype "toString"/);
  refused(() => parseSafetensors(one({ ...ok, dtype: undefined }), "f"), /dtype undefined/);
  refused(() => parseSafetensors(one({ ...ok, shape: [-1] }), "f"), /shape \[-1\]/);
  refused(() => parseSafetensors(one({ ...ok, shape: [0.5] }), "f"), /shape \[0\.5\]/);
  refused(() => parseSafetensors(one({ ...ok, shape: [2 ** 40, 2 ** 40] }), "f"), /shape/);
  refused(() => parseSafetensors(one({ ...ok, shape: "1" }), "f"), /shape "1"/);
  refused(() => parseSafetensors(one({ ...ok, shape: [2] }), "f"), /F32 \[2\] needs 8 bytes, its offsets give 4/);
  refused(() => parseSafetensors(one({ ...ok, data_offsets: [4, 0] }), "f"), /data_offsets \[4,0\]/);
  refused(() => parseSafetensors(one({ ...ok, data_offsets: [0, 4, 8] }), "f"), /data_offsets/);
  refused(() => parseSafetensors(one({ ...ok, data_offsets: [-4, 0] }), "f"), /data_offsets/);
  refused(
    () => parseSafetensors(one({ ...ok, data_offset: [0, 4] }), "f"),
    /unknown key "data_offset"; did you mean "data_offsets"/,
  );
  refused(() => parseSafetensors(one(ok, 5), "f"), /1 bytes follow the last tensor/);
  refused(
    () => parseSafetensors(one({ ...ok, data_offsets: [4, 8] }, 8), "f"),
    /hole before it: begins at byte 4, expected 0/,
  );
  refused(() => parseSafetensors(file({ x: ok, y: ok }, 4), "f"), /overlaps/);
  refused(() => parseSafetensors(file(`{"x":${JSON.stringify(ok)},"x":${JSON.stringify(ok)}}`, 4), "f"), /twice/);
  refused(
    () => parseSafetensors(file({ __metadata__: { a: 1 }, x: ok }, 4), "f"),
    /__metadata__ is not a map of strings/,
  );
  refused(() => parseSafetensors(file({ __metadata__: [], x: ok }, 4), "f"), /__metadata__ is not a map of strings/);
  refused(() => parseSafetensors(file({ __metadata__: { a: null }, x: ok }, 4), "f"), /__metadata__ is not a map/);
  refused(() => parseSafetensors(file({ "\ud800": ok }, 4), "f"), /half a surrogate pair/);
  const sizes = { ...ok, shape: new Array(100_000).fill(2) };
  refused(() => parseSafetensors(one(sizes), "f"), /has the shape \[2, 2, 2, 2, 2, 2, 2, 2, \.\.\. \(100000 sizes\)\]/);
  const long = file("{}");
  new DataView(long.buffer).setBigUint64(0, BigInt(HEADER_LIMIT) + 1n, true);
  refused(() => parseSafetensors(long, "f"), /header length 100000001 is over the limit/);
  new DataView(long.buffer).setBigUint64(0, 2n ** 64n - 1n, true);
  refused(() => parseSafetensors(long, "f"), /over the limit/);
});

test("names that JavaScript finds special are just names", () => {
  const entry = (at: number) => `{"dtype":"U8","shape":[1],"data_offsets":[${at},${at + 1}]}`;
  const text = `{"__proto__":${entry(0)},"constructor":${entry(1)},"a\\"b{:":${entry(2)}}   `;
  const read = parseSafetensors(file(text, Uint8Array.of(1, 2, 3)), "f");
  assert.equal([...read.keys()], ["__proto__", "constructor", 'a"b{:']);
  assert.equal(
    [...read.values()].map((tensor) => tensor.data[0]),
    [1, 2, 3],
  );
});

test("what the reference implementation reads is read: metadata of null, spaces before and after, tensors without bytes", () => {
  const x = { dtype: "U8", shape: [1], data_offsets: [0, 1] };
  const empty = { dtype: "F32", shape: [0, 2 ** 50], data_offsets: [1, 1] };
  const read = parseSafetensors(
    file(` \n${JSON.stringify({ __metadata__: null, x, empty })}\t `, Uint8Array.of(9)),
    "f",
  );
  assert.equal([read.get("x")?.data[0], read.get("empty")?.data.length], [9, 0]);
});

test("a tensor that nobody reads may be of any type", () => {
  const types = {
    F8_E5M2: 1,
    F8_E4M3: 1,
    F8_E8M0: 1,
    F8_E4M3FNUZ: 1,
    F8_E5M2FNUZ: 1,
    F6_E2M3: 0.75,
    F6_E3M2: 0.75,
    F4: 0.5,
    C64: 8,
  };
  let at = 4;
  const header: Record<string, unknown> = { w: { dtype: "U8", shape: [4], data_offsets: [0, 4] } };
  for (const [dtype, bytes] of Object.entries({ ...types, F2_FUTURE: 3 })) {
    header[dtype] = { dtype, shape: [8], data_offsets: [at, at + 8 * bytes] };
    at += 8 * bytes;
  }
  const bytes = file(header, at);
  assert.equal([...parseSafetensors(bytes, "f", { select: (name) => name === "w" }).keys()], ["w"]);
  for (const dtype of [...Object.keys(types), "F2_FUTURE"]) {
    const select = (name: string) => name === dtype;
    refused(
      () => parseSafetensors(bytes, "f", { select }),
      new RegExp(`"${dtype}" has dtype "${dtype}"; convert it to one`),
    );
  }
});

test("an empty file of tensors is a file", () => {
  assert.is(parseSafetensors(file("{}"), "f").size, 0);
});

test.run();
