import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { memoryFiles } from "../harness/test/memory-files";
import { refused } from "../harness/test/refused";
import { suite } from "../harness/test/suite";
import { readBytes } from "../runtime/node/files";
import { projectRoot } from "../runtime/node/root";
import { parameterShapes } from "../runtime/transformer/family";
import { memoryTensors, pieces, readAll } from "../runtime/transformer/weights";
import { parseModel } from "./families/registry";
import { parseTokens } from "./formats/tokens";
import { openFolder } from "./hub/open";
import { writeSafetensors } from "./hub/safetensors-file";
import { loadModel } from "./weights";

const test = suite("models/weights");
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

const configJson = (changes: object = {}) => ({
  model_type: "gpt_neox",
  vocab_size: 7,
  hidden_size: 4,
  num_attention_heads: 2,
  num_hidden_layers: 2,
  intermediate_size: 6,
  max_position_embeddings: 5,
  ...changes,
});

type Tensors = Map<string, { shape: readonly number[]; data: Float32Array }>;

function tensorsFor(json: object): Tensors {
  let seed = 1;
  const next = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647 - 0.5;
  };
  return new Map(
    [...parameterShapes(parseModel(json))].map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length: size }, next) }];
    }),
  );
}

async function directory(name: string, json: object, tensors?: Tensors): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "config.json"), JSON.stringify(json));
  if (tensors) await writeSafetensors(join(path, "model.safetensors"), memoryTensors(tensors));
  return path;
}

test("a single file, whatever its order", async () => {
  const tensors = tensorsFor(configJson());
  const path = await directory("single", configJson(), new Map([...tensors].reverse()));
  const model = await openFolder(path);
  assert.equal([...model.weights.shapes.keys()], [...tensors.keys()]);
  const read = await readAll(model.weights);
  for (const [name, { data }] of tensors) assert.equal(read.get(name)?.data, data);
  assert.equal(model.source.storedTypes, ["F32"]);
  assert.equal(model.source.files, ["model.safetensors"]);
});

test("shards", async () => {
  const tensors = tensorsFor(configJson());
  const path = await directory("shards", configJson());
  const halves = [[...tensors].slice(0, 9), [...tensors].slice(9)];
  const weightMap: Record<string, string> = {};
  for (const [i, half] of halves.entries()) {
    const file = `model-0000${i + 1}-of-00002.safetensors`;
    await writeSafetensors(join(path, file), memoryTensors(new Map(half)));
    for (const [name] of half) weightMap[name] = file;
  }
  const index = join(path, "model.safetensors.index.json");
  const write = (map: object, extra: object = {}) =>
    writeFile(index, JSON.stringify({ metadata: { total_size: 1 }, weight_map: map, ...extra }));
  await write(weightMap);
  const model = await openFolder(path);
  assert.equal([...model.weights.shapes.keys()], [...tensors.keys()]);
  assert.is(model.source.files.length, 2);
  for (const [name, { data }] of await readAll(model.weights)) assert.equal(data, tensors.get(name)!.data, name);

  const second = "model-00002-of-00002.safetensors";
  await write({ ...weightMap, "gpt_neox.embed_in.weight": second });
  await refused(openFolder(path), /00001-of-00002\.safetensors: tensor "gpt_neox\.embed_in\.weight" is present, but/);
  await write({ ...weightMap, more: second });
  await refused(openFolder(path), /tensor "more" is missing, though/);
  await write({ ...weightMap, more: "../../etc/x.safetensors" });
  await refused(openFolder(path), /tensor "more" lies in "\.\.\/\.\.\/etc/);
  await write(weightMap, { wieght_map: {} });
  await refused(openFolder(path), /unknown key "wieght_map"; did you mean "weight_map"/);
  const sole = "model-00001-of-00001.safetensors";
  await writeSafetensors(join(path, sole), memoryTensors(tensors));
  const map = Object.fromEntries([...tensors.keys()].map((name) => [name, sole]));
  await write(map);
  assert.equal((await openFolder(path)).source.files, [sole]);
  await write({ ...map, more: sole });
  await refused(openFolder(path), /tensor "more" is missing, though/);
  await write({ ...weightMap, more: "model-00003-of-00002.safetensors" });
  await refused(openFolder(path), /cannot read .*00003-of-00002\.safetensors: no such file/);
});

test("files in memory are the model of the folder, shards and all; errors name the store and its file", async () => {
  const read = async (path: string) =>
    Object.fromEntries(
      await Promise.all((await readdir(path)).map(async (name) => [name, await readFile(join(path, name))] as const)),
    );
  for (const path of [join(folder, "single"), join(projectRoot(), "goldens", "random", "15")]) {
    const [page, own] = [await loadModel(memoryFiles("page", await read(path))), await openFolder(path)];
    assert.equal([page.model.family, page.model.dims], [own.model.family, own.model.dims]);
    assert.equal([page.source.files, page.source.storedTypes], [own.source.files, own.source.storedTypes]);
    assert.equal(await readAll(page.weights), await readAll(own.weights), path);
  }
  const files = await read(join(folder, "single"));
  const { "config.json": config, "model.safetensors": weights } = files;
  await refused(loadModel(memoryFiles("page", {})), /^page: no config\.json/);
  await refused(loadModel(memoryFiles("page", { "config.json": config })), /^page: no weights, neither/);
  const other = { "config.json": config, "weights.safetensors": weights };
  await refused(loadModel(memoryFiles("page", other)), /rename weights\.safetensors to model\.safetensors/);
  const cut = { ...files, "model.safetensors": weights.subarray(0, -4) };
  await refused(loadModel(memoryFiles("page", cut)), /^page\/model\.safetensors: truncated/);
});

test("tied embeddings: absent, equal, different", async () => {
  const json = configJson({ tie_word_embeddings: true });
  const tensors = tensorsFor(json);
  const embedding = tensors.get("gpt_neox.embed_in.weight")!;
  assert.not.ok((await openFolder(await directory("tied", json, tensors))).weights.shapes.has("embed_out.weight"));
  const redundant = new Map(tensors).set("embed_out.weight", embedding);
  assert.not.ok((await openFolder(await directory("tied2", json, redundant))).weights.shapes.has("embed_out.weight"));
  const alias = new Map(tensors).set("lm_head.weight", embedding);
  assert.not.ok((await openFolder(await directory("tied4", json, alias))).weights.shapes.has("lm_head.weight"));
  const changed = embedding.data.slice();
  changed[5] += 1;
  const wrong = new Map(tensors).set("embed_out.weight", { shape: embedding.shape, data: changed });
  await refused(
    openFolder(await directory("tied3", json, wrong)),
    /ties the embeddings, but embed_out\.weight differs .* \[1, 1\]/,
  );
});

/** More than one piece of 2^20 elements in each vocabulary matrix. */
const LARGE = { vocab_size: 300_001, num_hidden_layers: 1 };

test("what is wrong in a later piece of a large tensor is found there", async () => {
  const json = configJson({ ...LARGE, tie_word_embeddings: true });
  const tensors = tensorsFor(json);
  const embedding = tensors.get("gpt_neox.embed_in.weight")!;
  const redundant = new Map(tensors).set("embed_out.weight", embedding);
  await openFolder(await directory("tied, large", json, redundant));
  const changed = embedding.data.slice();
  changed[4 * 299_999 + 2] += 1;
  redundant.set("embed_out.weight", { shape: embedding.shape, data: changed });
  await refused(
    openFolder(await directory("tied, large", json, redundant)),
    /embed_out\.weight differs .* \[299999, 2\]/,
  );
  embedding.data[4 * 300_000 + 3] = Number.POSITIVE_INFINITY;
  const { weights } = await openFolder(await directory("infinite, large", json, tensors));
  await refused(readAll(weights), /"gpt_neox\.embed_in\.weight" holds Infinity at \[300000, 3\]/);
});

test("weights stored in 64 bits are rounded to 32, and refused where they do not fit", async () => {
  const json = configJson({ ...LARGE, tie_word_embeddings: true });
  const path = await directory("wide", json);
  const tensors = tensorsFor(json);
  let at = 0;
  const header = Buffer.from(
    JSON.stringify(
      Object.fromEntries(
        [...tensors].map(([name, { shape, data }]) => {
          const begin = at;
          at += 8 * data.length;
          return [name, { dtype: "F64", shape, data_offsets: [begin, at] }];
        }),
      ),
    ),
  );
  const first = Buffer.alloc(8);
  first.writeBigUInt64LE(BigInt(header.length));
  const write = (change: (name: string, values: Float64Array) => void) => {
    const parts = [...tensors].map(([name, { data }]) => {
      const values = Float64Array.from(data);
      change(name, values);
      return Buffer.from(values.buffer);
    });
    return writeFile(join(path, "model.safetensors"), Buffer.concat([first, header, ...parts]));
  };
  await write((_, values) => {
    values[0] = 0.1;
  });
  const { weights, source } = await openFolder(path);
  assert.equal(source.storedTypes, ["F64"]);
  for (const [name, { data }] of await readAll(weights)) {
    const expected = tensors.get(name)!.data.slice();
    expected[0] = Math.fround(0.1);
    assert.is(Buffer.compare(Buffer.from(data.buffer), Buffer.from(expected.buffer)), 0, name);
  }
  await write((name, values) => {
    if (name === "gpt_neox.embed_in.weight") values[4 * 299_999 + 1] = -3.5e38;
  });
  const wide = await openFolder(path);
  await refused(readAll(wide.weights), /"gpt_neox\.embed_in\.weight" holds -3\.5e\+38 at \[299999, 1\]; .*32 bits/);
});

test("a non-finite weight", async () => {
  const tensors = tensorsFor(configJson());
  tensors.get("gpt_neox.final_layer_norm.bias")!.data[3] = Number.NaN;
  const { weights } = await openFolder(await directory("nan", configJson(), tensors));
  await refused(readAll(weights), /"gpt_neox\.final_layer_norm\.bias" holds NaN at \[3\]/);
});

test("a checkpoint of 1 GiB is read through a few MiB of host memory", async (t) => {
  const sizes = { vocab_size: 260_000, hidden_size: 1024, intermediate_size: 64, num_hidden_layers: 1 };
  const json = configJson({ ...sizes, num_attention_heads: 8 });
  const path = await directory("large", json);
  let at = 0;
  const entries = [...parameterShapes(parseModel(json))].map(([name, shape]) => {
    const begin = at;
    at += 2 * shape.reduce((a, b) => a * b, 1);
    return [name, { dtype: "F16", shape, data_offsets: [begin, at] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const first = Buffer.alloc(8);
  first.writeBigUInt64LE(BigInt(header.length));
  const file = join(path, "model.safetensors");
  await writeFile(file, Buffer.concat([first, header]));
  // The values are a hole in the file: zeros that take no disk.
  await truncate(file, 8 + header.length + at);
  const { weights } = await openFolder(path);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let read = 0;
  for (const name of weights.shapes.keys()) {
    for await (const { data } of pieces(weights, name)) {
      read += data.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
  }
  assert.is(read, at / 2);
  // Pieces wait for the garbage collector, which comes after some tens of MiB.
  assert.ok(most < at / 4, `${most} bytes held for a file of ${at}`);
  t.note(
    `${(at / 2 ** 20).toFixed(0)} MiB as F16, ${((2 * at) / 2 ** 20).toFixed(0)} MiB as f32: at most ${(most / 2 ** 20).toFixed(0)} MiB held`,
  );
});

test("directories that are no models", async () => {
  await refused(openFolder(join(folder, "nowhere")), /cannot list .*nowhere: no such file or directory/);
  await mkdir(join(folder, "bare"), { recursive: true });
  await refused(openFolder(join(folder, "bare")), /bare: no config\.json; name a model directory/);
  await refused(openFolder(join(folder, "bare", "..", "single", "config.json")), /not a directory/);
  const path = await directory("weightless", configJson());
  await refused(openFolder(path), /weightless: no weights, neither model\.safetensors nor/);
  await writeFile(join(path, "pytorch_model.bin"), "");
  await refused(openFolder(path), /pytorch_model\.bin is a pickle/);
  await writeFile(join(path, "config.json"), '{"model_type": "gpt_neox",}');
  await refused(openFolder(path), /config\.json: not valid JSON: .*trailing comma/);
  await writeFile(join(path, "config.json"), "");
  await refused(openFolder(path), /config\.json: not valid JSON.*empty/);
});

test("tokens", async () => {
  const limits = { vocabSize: 7, maxPositionEmbeddings: 5 };
  const path = join(folder, "ids.json");
  const read = async (content: string) => {
    await writeFile(path, content);
    return parseTokens(await readBytes(path), path, limits);
  };
  const block = await read("[[0, 6, 1], [2, 3, 4]]");
  assert.equal([block.rows, block.columns, [...block.ids]], [2, 3, [0, 6, 1, 2, 3, 4]]);
  assert.is((await read("[[0,1,2,3,4,5]]")).columns, 6);

  await refused(
    read("[[0, 1], [2, 7]]"),
    /ids\.json: row 1, column 1 is 7, outside the vocabulary of 7; ids go from 0 to 6/,
  );
  await refused(read("[[0, -1]]"), /row 0, column 1 is -1/);
  await refused(read("[[0, 1.5]]"), /row 0, column 1 is 1\.5; ids are whole numbers/);
  await refused(read('[[0, "1"]]'), /row 0, column 1 is "1"/);
  await refused(read("[[0, null]]"), /row 0, column 1 is null/);
  await refused(read("[[0, true]]"), /column 1 is true/);
  await refused(read("[[0, 1], [2]]"), /row 1 has 1 ids, row 0 has 2/);
  await refused(read("[[1], [2]]"), /rows of 1 ids; a loss needs 2 ids/);
  await refused(read("[[], []]"), /rows of 0 ids/);
  await refused(read("[]"), /no rows/);
  await refused(read("[1, 2, 3]"), /row 0 is 1, not a list/);
  await refused(read('{"ids": [[0, 1]]}'), /not a list; expected a JSON list of rows/);
  await refused(read("[[0,1,2,3,4,5,6]]"), /read 6 positions, the model's max_position_embeddings is 5; use at most 6/);
  await refused(read("[[0, 1"), /ids\.json: not valid JSON/);
  await refused(readBytes(join(folder, "none.json")), /cannot read .*none\.json: no such file/);
});

test("tokens from .npy", async () => {
  const { writeNpy } = await import("../runtime/node/npy-file");
  const limits = { vocabSize: 7, maxPositionEmbeddings: 5 };
  const path = join(folder, "ids.npy");
  const read = async (array: Parameters<typeof writeNpy>[1]) => {
    await writeNpy(path, array);
    return parseTokens(await readBytes(path), path, limits);
  };
  assert.equal((await read({ shape: [1, 3], data: Int32Array.of(0, 6, 1) })).ids, Uint32Array.of(0, 6, 1));
  assert.equal((await read({ shape: [1, 2], data: Float64Array.of(0, 6), dtype: "i64" })).ids, Uint32Array.of(0, 6));
  await refused(read({ shape: [2, 2], data: Int32Array.of(0, 1, -1, 2) }), /ids\.npy: row 1, column 0 is -1/);
  await refused(read({ shape: [4], data: Uint16Array.of(0, 1, 2, 3) }), /has shape \(4\); expected \(rows, ids\)/);
  await refused(read({ shape: [1, 2], data: Float32Array.of(0, 1) }), /holds f32 values; ids are integers/);
  await refused(read({ shape: [0, 2], data: new Uint8Array(0) }), /no rows/);
});

test.run();
