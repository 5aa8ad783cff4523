/** What a config and a checkpoint claim, against what the files hold: refused at once, by key and value. */
import * as assert from "uvu/assert";
import { memoryFiles } from "../harness/test/memory-files";
import { refused } from "../harness/test/refused";
import { safetensorsBytes } from "../harness/test/safetensors-bytes";
import { suite } from "../harness/test/suite";
import { parameterShapes } from "../runtime/transformer/family";
import { readAll } from "../runtime/transformer/weights";
import { parseModel } from "./families/registry";
import { loadModel } from "./weights";

const test = suite("models/claims");

const CONFIG = {
  model_type: "gpt_neox",
  vocab_size: 5,
  hidden_size: 4,
  num_attention_heads: 2,
  num_hidden_layers: 2,
  intermediate_size: 6,
  max_position_embeddings: 3,
};
type Entry = { readonly dtype: string; readonly shape: readonly number[]; readonly bytes: number };

/** Tensors of a config in F32, and others; `rename` gives their names in the file. */
function weights(others: Readonly<Record<string, Entry>> = {}, rename = (name: string) => name): Uint8Array {
  const own = [...parameterShapes(parseModel(CONFIG))].map(([name, shape]): [string, Entry] => {
    const bytes = 4 * shape.reduce((a, b) => a * b, 1);
    return [rename(name), { dtype: "F32", shape, bytes }];
  });
  let at = 0;
  const header = [...own, ...Object.entries(others)].map(([name, { dtype, shape, bytes }]) => {
    const begin = at;
    at += bytes;
    return [name, { dtype, shape, data_offsets: [begin, at] }];
  });
  return safetensorsBytes(Object.fromEntries(header), at);
}

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const model = (config: unknown, file = weights()) =>
  loadModel(memoryFiles("m", { "config.json": bytes(config), "model.safetensors": file }));

/** A refusal that takes neither the processor's time, which other programs do not change, nor memory. */
async function refusedSoon(run: () => Promise<unknown>, ...pieces: RegExp[]): Promise<void> {
  const since = process.cpuUsage();
  const before = process.memoryUsage();
  await refused(run(), ...pieces, /^.{0,800}$/);
  const { user, system } = process.cpuUsage(since);
  const [seconds, mib] = [(user + system) / 1e6, (process.memoryUsage().rss - before.rss) / 2 ** 20];
  assert.ok(seconds < 1 && mib < 128, `${seconds.toFixed(2)} s, ${mib.toFixed(0)} MiB`);
}

test("a config whose claims the weights keep is a model", async () => {
  const { model: read, weights: held } = await model(CONFIG);
  assert.is(read.parameters, read.parameters, "listed once");
  assert.is((await readAll(held)).size, read.parameters.size);
});

test("more layers than the file holds are refused by the key and what there is", async () => {
  for (const num_hidden_layers of [200_000_000, Number.MAX_SAFE_INTEGER, 29, 3]) {
    await refusedSoon(
      () => model({ ...CONFIG, num_hidden_layers }),
      new RegExp(
        `^m/config\\.json: "num_hidden_layers" is ${num_hidden_layers}, but m/model\\.safetensors holds 28 tensors`,
      ),
      /of 2 layers; config\.json and weights must be of the same model/,
    );
  }
  await refusedSoon(
    () => model({ ...CONFIG, num_hidden_layers: 2e8 }, safetensorsBytes({})),
    /holds 0 tensors, of 0 layers/,
  );
});

test("sizes that the tensors do not have are refused with what config.json says", async () => {
  const most = Number.MAX_SAFE_INTEGER;
  await refusedSoon(
    () => model({ ...CONFIG, vocab_size: most }),
    /"gpt_neox\.embed_in\.weight" has shape \[5, 4\], expected \[9007199254740991, 4\]; m\/config\.json says vocab_size 9/,
  );
  await refusedSoon(() => model({ ...CONFIG, intermediate_size: 2e9 }), /shape \[6, 4\].*intermediate_size 2000000000/);
  const heads = { hidden_size: 2 ** 50, num_attention_heads: 2 ** 50 };
  await refusedSoon(() => model({ ...CONFIG, ...heads }), /has shape \[5, 4\].*hidden_size 1125899906842624/);
  await refusedSoon(() => model({ ...CONFIG, num_attention_heads: 1e12 }), /"hidden_size" 4 is not divisible/);
  // No weights hold positions: nothing is made for them before a row asks.
  assert.is((await model({ ...CONFIG, max_position_embeddings: most })).model.dims.positions, most);
});

test("keys of any length, any number of them and any depth", async () => {
  const long = "x".repeat(1_000_000);
  await refusedSoon(() => model({ ...CONFIG, [long]: 1 }), /unknown key "x{80}"\.\.\. \(1000000 characters\); if it/);
  await refusedSoon(
    () => model({ ...CONFIG, hidden_act: long }),
    /"hidden_act" "x{80}"\.\.\. \(1000000 char.*known: gelu/,
  );
  await refusedSoon(() => model({ ...CONFIG, hidden_act: [long, long] }), /"hidden_act" \["x{78,80}"\.\.\./);
  await refusedSoon(() => model({ ...CONFIG, model_type: long }), /"model_type" is "x{80}"\.\.\./);
  await refusedSoon(() => model({ ...CONFIG, rope_scaling: { [long]: 1 } }), /unknown key "rope_scaling\.x+"\.\.\./);
  await refusedSoon(
    () => model({ ...CONFIG, "hidden\u202e_size": 1 }),
    /unknown key "hidden\\u202e_size"; did you mean/,
  );
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`_${i}`, i]));
  assert.is((await model({ ...many, ...CONFIG })).model.dims.vocab, 5);
  await refusedSoon(
    () => model({ ...many, ...CONFIG, hiden_size: 4 }),
    /unknown key "hiden_size"; did you mean "hidden_size"/,
  );
  const deep = `${JSON.stringify(CONFIG).slice(0, -1)},"pruned_heads":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  await refusedSoon(() => model(deep), /m\/config\.json: /);
  await refusedSoon(() => model("[".repeat(100_000)), /m\/config\.json: /);
  await refusedSoon(
    () => model(`{"a": "${"y".repeat(2 ** 22)}"}`),
    /config\.json: 4194313 bytes, at most 4194304 are read/,
  );
});

test("tensor names of any length, and what is not text", async () => {
  const long = "w".repeat(500_000);
  const odd = { dtype: "F32", shape: [1], bytes: 4 };
  await refusedSoon(
    () => model(CONFIG, weights({ [long]: odd })),
    /unexpected tensor "w{80}"\.\.\. \(500000 characters\)/,
  );
  await refusedSoon(() => model(CONFIG, weights({ "\u001b[2J": odd })), /unexpected tensor "\\u001b\[2J" \[1\]/);
  await refusedSoon(
    () => model(CONFIG, weights({ "a\u0000": { ...odd, dtype: long } })),
    /unexpected tensor "a\\u0000"/,
  );
  const file = weights({ é: odd });
  file[file.indexOf(0xc3)] = 0xff;
  await refusedSoon(
    () => model(CONFIG, file),
    /m\/model\.safetensors: the safetensors header is not JSON: .*(utf-8|encoded)/i,
  );
});

test("masks and rotary tables are passed over, whatever their type", async () => {
  const types = {
    I8: 1,
    I16: 2,
    U64: 8,
    I64: 8,
    BOOL: 1,
    U8: 1,
    F16: 2,
    F64: 8,
    F8_E4M3: 1,
    F8_E5M2: 1,
    F4: 0.5,
    C64: 8,
    NEW1: 3,
  };
  for (const [dtype, size] of Object.entries(types)) {
    const buffers = {
      "gpt_neox.layers.0.attention.bias": { dtype, shape: [1, 1, 4, 4], bytes: 16 * size },
      "gpt_neox.layers.1.attention.masked_bias": { dtype: "F32", shape: [], bytes: 4 },
      "gpt_neox.layers.1.attention.rotary_emb.inv_freq": { dtype, shape: [2], bytes: 2 * size },
    };
    const { weights: held, source } = await model(CONFIG, weights(buffers));
    assert.is((await readAll(held)).size, 28, dtype);
    assert.equal(source.storedTypes, ["F32"]);
  }
  const dense = { "gpt_neox.layers.0.attention.dense.scale": { dtype: "I8", shape: [4], bytes: 4 } };
  await refused(model(CONFIG, weights(dense)), /unexpected tensor "gpt_neox\.layers\.0\.attention\.dense\.scale"/);
});

test("names without the model's prefix are called that, and nothing else is", async () => {
  const inner = (name: string) => name.replace("gpt_neox.", "");
  const hint = /the names lack the prefix gpt_neox\.: save the GPTNeoXForCausalLM, not its inner model/;
  await refused(model(CONFIG, weights({}, inner)), /unexpected tensor "embed_in\.weight" \[5, 4\]/, hint);
  // The first tensor of a file may be a mask.
  const mask = { "layers.0.attention.bias": { dtype: "U8", shape: [1], bytes: 1 } };
  const tied = { ...CONFIG, tie_word_embeddings: true };
  await refused(model(tied, weights(mask, inner)), hint);
  for (const wrapper of ["_orig_mod.", "module.", "base_model.model."]) {
    const hint = new RegExp(`the names begin with "${wrapper}": save the GPTNeoXForCausalLM itself, not what wraps it`);
    await refused(
      model(
        CONFIG,
        weights({}, (name) => wrapper + name),
      ),
      hint,
    );
  }
  const renamed = weights({}, (name) => name.replace("gpt_neox.", "transformer."));
  await refused(model(CONFIG, renamed), /unexpected tensor "transformer\.embed_in\.weight" \[5, 4\]; known: gpt_neox/);
});

test("an index names files beside it, by names that a folder can hold", async () => {
  const index = (shard: unknown) =>
    loadModel(
      memoryFiles("m", {
        "config.json": bytes(CONFIG),
        "model.safetensors.index.json": bytes({ metadata: null, extra: null, weight_map: { w: shard } }),
      }),
    );
  const beside = /tensor "w" lies in .*; shards are \.safetensors files beside the index/;
  for (const shard of [
    "../w.safetensors",
    "a/w.safetensors",
    "a\\w.safetensors",
    "c:w.safetensors",
    "w\0.safetensors",
  ]) {
    await refused(index(shard), beside);
  }
  for (const shard of [`${"s".repeat(300)}.safetensors`, "..", "", null, ["w.safetensors"]])
    await refused(index(shard), beside);
  await refused(index("w.safetensors"), /cannot read m\/w\.safetensors: no such file/);
});

test.run();
