import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { encodeNpy } from "../../runtime/formats/npy";
import { parseTokens } from "./tokens";

const LIMITS = { vocabSize: 100, maxPositionEmbeddings: 4 };
const BLOCK = { ids: Uint32Array.of(1, 2, 3, 4, 5, 99), rows: 2, columns: 3 };
const test = suite("models/formats/tokens");

type Integers =
  | Int8Array
  | Int16Array
  | Uint8Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Float32Array;

/** A safetensors file as the format's README has it: header length, JSON, values. */
function safetensors(tensors: Record<string, { dtype: string; shape: number[]; data: Integers }>): Uint8Array {
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(BigUint64Array.of(BigInt(text.length)).buffer);
  const values = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([length, text, ...values]);
}

async function read(name: string, content: Uint8Array | string) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return parseTokens(bytes, name, LIMITS);
}

const wide = (...ids: number[]) => BigInt64Array.from(ids, BigInt);
const sound = { dtype: "I64", shape: [2, 3], data: wide(...BLOCK.ids) };

test("JSON, .npy and safetensors of every integer type give the same block", async () => {
  assert.equal(await read("ids.json", "[[1, 2, 3], [4, 5, 99]]"), BLOCK);
  assert.equal(
    await read("ids.npy", Buffer.concat(encodeNpy({ shape: [2, 3], data: Int32Array.from(BLOCK.ids) }))),
    BLOCK,
  );
  const types = { I64: sound.data, I32: Int32Array, U32: Uint32Array, U16: Uint16Array, U8: Uint8Array };
  for (const [dtype, type] of Object.entries(types)) {
    const data = typeof type === "function" ? type.from(BLOCK.ids) : type;
    assert.equal(await read("ids.safetensors", safetensors({ any: { dtype, shape: [2, 3], data } })), BLOCK, dtype);
  }
});

test("files are told apart by their bytes, whatever they are called", async () => {
  assert.equal(await read("a.bin", safetensors({ x: sound })), BLOCK);
  assert.equal(
    await read("b.bin", Buffer.concat(encodeNpy({ shape: [2, 3], data: Int32Array.from(BLOCK.ids) }))),
    BLOCK,
  );
  // A header of 0x93 bytes begins as .npy does, one of 0x5b as JSON does.
  for (const length of [0x93, 0x5b]) {
    const name = "x".repeat(length - (safetensors({ "": sound }).length - 8 - 48));
    const bytes = safetensors({ [name]: sound });
    assert.is(bytes[0], length);
    assert.equal(await read("c.bin", bytes), BLOCK);
  }
});

test("of several tensors input_ids is taken, and without it the file is refused with the names", async () => {
  const mask = { dtype: "I64", shape: [2, 3], data: wide(1, 1, 1, 1, 1, 1) };
  assert.equal(await read("ids.safetensors", safetensors({ attention_mask: mask, input_ids: sound })), BLOCK);
  const run = read("ids.safetensors", safetensors({ attention_mask: mask, labels: sound }));
  await refused(run, /ids\.safetensors: holds 2 tensors, none named "input_ids": "attention_mask", "labels"/);
  await refused(read("ids.safetensors", safetensors({})), /holds no tensor/);
});

test("of a file of several tensors only the ids are looked at", async () => {
  const odd = { dtype: "F8_E4M3", shape: [3], data: Uint8Array.of(1, 2, 3) };
  const nan = { dtype: "F32", shape: [1], data: Float32Array.of(Number.NaN) };
  assert.equal(await read("ids.safetensors", safetensors({ odd, nan, input_ids: sound })), BLOCK);
  await refused(read("ids.safetensors", safetensors({ odd })), /tensor "odd" holds F8_E4M3 values/);
  const short = { dtype: "I16", shape: [2, 3], data: Int16Array.from(BLOCK.ids) };
  const small = { dtype: "I8", shape: [2, 3], data: Int8Array.from(BLOCK.ids) };
  for (const input_ids of [short, small, { ...sound, dtype: "U64" }]) {
    assert.equal(await read("ids.safetensors", safetensors({ input_ids })), BLOCK);
  }
});

test("what is no block of ids is refused by tensor, row and column", async () => {
  const one = (change: Partial<typeof sound> | { dtype: string; data: Integers }) =>
    read("ids.safetensors", safetensors({ input_ids: { ...sound, ...change } }));
  await refused(one({ dtype: "F32", data: new Float32Array(6) }), /tensor "input_ids" holds F32 values/, /integers/);
  await refused(one({ dtype: "BOOL", data: new Uint8Array(6) }), /holds BOOL values/);
  await refused(one({ shape: [6] }), /tensor "input_ids" has shape \(6\)/, /\(rows, ids\)/);
  await refused(one({ data: wide(1, 2, 3, 4, 5, 100) }), /row 1, column 2 is 100, outside the vocabulary of 100/);
  await refused(one({ data: wide(1, -2, 3, 4, 5, 6) }), /row 0, column 1 is -2/);
  const beyond = BigInt64Array.of(1n, 2n, 3n, 2n ** 53n, 5n, 6n);
  await refused(one({ data: beyond }), /tensor "input_ids": element 3 is 9007199254740992, beyond 2\^53 - 1/);
  await refused(one({ shape: [1, 6] }), /6 ids read 5 positions.*max_position_embeddings is 4/);
  await refused(one({ shape: [6, 1] }), /rows of 1 ids/);
  await refused(read("ids.safetensors", safetensors({ x: sound }).subarray(0, 60)), /ids\.safetensors: truncated/);
  await refused(read("ids.safetensors", "abc"), /ids\.safetensors: not a safetensors file/);
  await refused(read("ids.json", Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d)), /ids\.json: not UTF-8/);
  await refused(read("ids.json", `[["${"x".repeat(1_000_000)}"]]`), /rows of 1 ids/);
  await refused(
    read("ids.json", `[[1,"${"x".repeat(1_000_000)}"]]`),
    /column 1 is "x{80}"\.\.\. \(1000000 characters\)/,
  );
  await refused(one({ shape: new Array(100_000).fill(1), data: wide(1) }), /has shape \(1, 1, .*\(100000 sizes\)\)/);
  await refused(read("ids.txt", "hello world"), /ids\.txt: not valid JSON/);
});

test.run();
