import { parseModel } from "../../../models/families/registry";
import { parseSafetensors, type SafetensorsTensor } from "../../../models/formats/safetensors";
import { readShardIndex } from "../../../models/formats/safetensors-reader";
import { loadModel } from "../../../models/weights";
import { decodeText, parseJson } from "../../../runtime/formats/json";
import { parameterShapes } from "../../../runtime/transformer/family";
import { memoryFiles } from "../../test/memory-files";
import { mutatedJson } from "../mutate";
import type { Random } from "../random";
import { bytesOf, type Input, joined, target } from "../target";
import { name } from "../words";
import { digest } from "./npy";

/** Types whose values are made here. */
type SafetensorsType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "U32" | "U16" | "U8" | "BOOL";

interface Given {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A file of a header's text and what follows it, the length before it fitting. */
function withLength(header: string, data: Uint8Array): Uint8Array {
  const text = bytesOf(header);
  const first = new Uint8Array(8);
  new DataView(first.buffer).setBigUint64(0, BigInt(text.length), true);
  return joined(first, text, data);
}

function parts(tensors: readonly Given[], metadata?: Readonly<Record<string, string>>): [string, Uint8Array] {
  let at = 0;
  const entries = tensors.map(({ name: own, dtype, shape, bytes }) => {
    const entry = [own, { dtype, shape, data_offsets: [at, at + bytes.length] }];
    at += bytes.length;
    return entry;
  });
  const all = metadata ? [["__metadata__", metadata], ...entries] : entries;
  const text = `{${all.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  return [text.padEnd(Math.ceil(text.length / 8) * 8), joined(...tensors.map(({ bytes }) => bytes))];
}

export const safetensorsFile = (tensors: readonly Given[], metadata?: Readonly<Record<string, string>>) =>
  withLength(...parts(tensors, metadata));

const WIDTH: Readonly<Record<SafetensorsType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

function element(dtype: SafetensorsType, random: Random): { bytes: Uint8Array; value: number } {
  const out = Buffer.alloc(WIDTH[dtype]);
  switch (dtype) {
    case "F64":
      out.writeDoubleLE(random.double());
      return { bytes: out, value: out.readDoubleLE() };
    case "F32":
      out.writeFloatLE(Math.fround(random.from(-999, 999) / 8));
      return { bytes: out, value: out.readFloatLE() };
    case "BF16": {
      const bits = random.below(0x7f80) | (random.chance(0.5) ? 0x8000 : 0);
      out.writeUInt16LE(bits);
      return { bytes: out, value: new Float32Array(Uint32Array.of(bits << 16).buffer)[0] };
    }
    case "F16": {
      const bits = random.below(0x7c00) | (random.chance(0.5) ? 0x8000 : 0);
      out.writeUInt16LE(bits);
      const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
      const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
      return { bytes: out, value: bits & 0x8000 ? -size : size };
    }
    case "I64":
      out.writeBigInt64LE(BigInt(random.pick([random.from(-99, 99), 2 ** 53 - 1])));
      return { bytes: out, value: Number(out.readBigInt64LE()) };
    case "I32":
      out.writeInt32LE(random.next() | 0);
      return { bytes: out, value: out.readInt32LE() };
    case "U32":
      out.writeUInt32LE(random.next());
      return { bytes: out, value: out.readUInt32LE() };
    case "U16":
      out.writeUInt16LE(random.below(65536));
      return { bytes: out, value: out.readUInt16LE() };
    case "U8":
      out[0] = random.below(256);
      return { bytes: out, value: out[0] };
    case "BOOL":
      out[0] = random.below(2);
      return { bytes: out, value: out[0] };
  }
}

/** Tensors as they are compared: type, shape and values as doubles. */
interface Read {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}
const plain = (tensors: ReadonlyMap<string, SafetensorsTensor>) =>
  [...tensors].map(([own, { dtype, shape, data }]): [string, Read] => [
    own,
    { dtype, shape, values: Array.from(data) },
  ]);

function tensors(random: Random): { given: Given[]; expected: [string, Read][] } {
  const names = [...new Set(random.list(random.from(0, 4), () => name(random)))];
  const all = names.map((own) => {
    const dtype = random.pick(Object.keys(WIDTH) as SafetensorsType[]);
    const shape = random.list(random.from(0, 3), () => random.from(random.chance(0.1) ? 0 : 1, 3));
    const elements = random.list(
      shape.reduce((product, size) => product * size, 1),
      () => element(dtype, random),
    );
    const given: Given = { name: own, dtype, shape, bytes: joined(...elements.map(({ bytes }) => bytes)) };
    const expected: [string, Read] = [own, { dtype, shape, values: elements.map(({ value }) => value) }];
    return { given, expected };
  });
  return { given: all.map(({ given }) => given), expected: all.map(({ expected }) => expected) };
}

const byName = (list: readonly [string, Read][]) => [...list].sort(([a], [b]) => (a < b ? -1 : 1));
const metadataOf = (random: Random) =>
  random.chance(0.3) ? { format: "pt", [name(random)]: name(random) } : undefined;

export const safetensors = target<[string, Read][]>({
  name: "safetensors",
  weight: 4,
  make(random) {
    const { given, expected } = tensors(random);
    return { input: { "x.safetensors": safetensorsFile(given, metadataOf(random)) }, expected: byName(expected) };
  },
  odd(random) {
    const [header, data] = parts(tensors(random).given, metadataOf(random));
    return { "x.safetensors": withLength(mutatedJson(header, random), data) };
  },
  read: (input) => byName(plain(parseSafetensors(input["x.safetensors"], "x.safetensors"))),
  flaw: (list) =>
    list.some(([, { values }]) => !values.every(Number.isFinite)) ? "a value that is not finite" : undefined,
  peer: {
    kind: "safetensors",
    facts: (list) => ({
      tensors: byName(list).map(([own, { dtype, shape, values }]) => ({
        ...{ name: own, dtype, shape },
        sha256: digest(new Uint8Array(Float64Array.from(values).buffer)),
      })),
    }),
  },
});

export const shardIndex = target<[string, string][]>({
  name: "shard-index",
  weight: 1,
  make(random) {
    const map = random.list(random.from(1, 4), (i): [string, string] => [
      `${name(random)}.${i}`,
      `model-0000${i}-of-00004.safetensors`,
    ]);
    const text = JSON.stringify({ metadata: { total_size: 12 }, weight_map: Object.fromEntries(map) });
    return { input: { "i.json": bytesOf(text) }, expected: map };
  },
  read: async (input) => [...(await readShardIndex(memoryFiles("m", input), "i.json"))],
  flaw: (map) => (map.some(([, file]) => /[/\\]|^\.\./.test(file)) ? "a shard outside its folder" : undefined),
});

function config(random: Random): Record<string, unknown> {
  const heads = random.from(1, 3);
  return {
    ...{
      architectures: ["GPTNeoXForCausalLM"],
      model_type: "gpt_neox",
      vocab_size: random.from(2, 9),
      hidden_size: 4 * heads,
    },
    ...{ num_hidden_layers: random.from(1, 3), num_attention_heads: heads, intermediate_size: random.from(1, 8) },
    ...{ max_position_embeddings: random.from(2, 16), rotary_pct: random.pick([0.5, 1]), rotary_emb_base: 10000 },
    ...{
      hidden_act: random.pick(["gelu", "gelu_new", "relu"]),
      layer_norm_eps: 1e-5,
      use_parallel_residual: random.chance(0.5),
    },
    ...(random.chance(0.5)
      ? { bos_token_id: 0, eos_token_id: 0, torch_dtype: "float32", tie_word_embeddings: false }
      : {}),
    ...(random.chance(0.3) ? { attention_bias: random.chance(0.5), use_cache: true, initializer_range: 0.02 } : {}),
  };
}

export const modelConfig = target<Record<string, unknown>>({
  name: "model-config",
  weight: 2,
  make(random) {
    const json = config(random);
    const {
      vocab_size: vocab,
      num_hidden_layers: layers,
      hidden_size: hidden,
      max_position_embeddings: positions,
    } = json;
    return { input: { "config.json": bytesOf(JSON.stringify(json)) }, expected: { vocab, layers, hidden, positions } };
  },
  read(input) {
    const { dims, config: own } = parseModel(
      parseJson(decodeText(input["config.json"], "config.json"), "config.json"),
      "config.json",
    );
    const { numHiddenLayers: layers, hiddenSize: hidden } = own as { numHiddenLayers?: number; hiddenSize?: number };
    return { vocab: dims.vocab, layers, hidden, positions: dims.positions };
  },
});

/** A directory of a tiny model: config and weights. */
function folder(random: Random): { input: Input; expected: string[] } {
  const json = config(random);
  const shapes = parameterShapes(parseModel(json, "config.json"));
  const given = [...shapes].map(([own, shape]): Given => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { name: own, dtype: "F32", shape, bytes: new Uint8Array(new Float32Array(count).fill(0.5).buffer) };
  });
  const input = { "config.json": bytesOf(JSON.stringify(json)), "model.safetensors": safetensorsFile(given) };
  return { input, expected: given.map(({ name: own }) => own) };
}

export const model = target<string[]>({
  name: "model",
  weight: 0.5,
  make: folder,
  read: async (input) => [...(await loadModel(memoryFiles("m", input))).weights.shapes.keys()],
});
