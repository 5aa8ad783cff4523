/** `loss` beyond one list of ids: texts, several lists, vocabularies in parts, limits and memory told without running. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { SpectroscopeError } from "../../kernels/errors";
import { parseModel } from "../../models/families/registry";
import { encodeHeader } from "../../models/formats/safetensors";
import { tokenLimits } from "../../models/formats/tokens";
import { openFolder } from "../../models/hub/open";
import { readSafetensors, writeSafetensors } from "../../models/hub/safetensors-file";
import { syntheticIds, syntheticWeights } from "../../models/synthetic";
import { textBlock } from "../../models/text/block";
import { openTokenizer } from "../../models/text/tokenizer";
import { readNpy } from "../../runtime/node/npy-file";
import { projectRoot } from "../../runtime/node/root";
import { parameterShapes } from "../../runtime/transformer/family";
import { estimateLosses, modelLosses } from "../../runtime/transformer/losses";
import { sizeOf } from "../../runtime/transformer/weights";
import { testDevice, wasmDevice } from "../test/device";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";
import { lossLimits } from "./loss/memory";

const test = suite("harness/cli/loss", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-loss-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const cli = (...words: string[]) =>
  runProgram(folder, ["loss", ...words, ...(words.includes("--adapter") ? [] : ["--adapter", "wasm"])]);
const tokenizer = join(projectRoot(), "goldens", "tokenizer", "tokenizer.json");
const MIB = 2 ** 20;

const configJson = {
  model_type: "gpt_neox",
  vocab_size: 5000,
  hidden_size: 64,
  num_attention_heads: 4,
  num_hidden_layers: 1,
  intermediate_size: 20,
  max_position_embeddings: 64,
};
const config = parseModel(configJson);
const model = join(folder, "model");
mkdirSync(model);
writeFileSync(join(model, "config.json"), JSON.stringify(configJson));
copyFileSync(tokenizer, join(model, "tokenizer.json"));
writeFileSync(join(model, "tokenizer_config.json"), JSON.stringify({ bos_token: "<|padding|>" }));
/** So small that thousands of ids take no time. */
const small = join(folder, "small");
mkdirSync(small);
const smallJson = { ...configJson, vocab_size: 70, hidden_size: 8, num_attention_heads: 2 };
writeFileSync(join(small, "config.json"), JSON.stringify(smallJson));
test.before(async () => {
  await writeSafetensors(join(model, "model.safetensors"), syntheticWeights(config));
  await writeSafetensors(join(small, "model.safetensors"), syntheticWeights(parseModel(smallJson)));
});

/** Writes rows of ids as a file for `--tokens`. */
function idsFile(name: string, rows: number, columns: number, vocabSize = config.dims.vocab) {
  const ids = syntheticIds(name, rows * columns, vocabSize);
  const lists = Array.from({ length: rows }, (_, r) => Array.from(ids.subarray(r * columns, (r + 1) * columns)));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(lists));
  return { ids, path: `${name}.json` };
}

test("a text is packed as asked for: row length, rows, begin of text; what is left out is told", async () => {
  const path = join(folder, "text.jsonl");
  const texts = ["The chains walk. ".repeat(4), "The loss.", "It is far on. ".repeat(9)];
  writeFileSync(path, texts.map((text) => `${JSON.stringify({ text })}\n`).join(""));
  const loaded = await openFolder(model);
  const tokenizer = await openTokenizer(loaded.source.store);
  for (const [options, words] of [
    [{}, []],
    [{ columns: 9, maxRows: 3, bos: true }, ["--row-length", "9", "--rows", "3", "--bos"]],
  ] as const) {
    const block = await textBlock(readFileSync(path), path, { tokenizer, limits: tokenLimits(config), ...options });
    const run = cli("--model", model, "--text", path, ...words, "--out", "text.npy", "--json");
    assert.is(run.status, 0, run.stderr);
    const told = JSON.parse(run.stdout);
    assert.equal([told.rows, told.tokens], [block.rows, block.rows * (block.columns - 1)]);
    assert.equal([told.documents, told.dropped, told.unread], [3, block.dropped, block.unread]);
    assert.equal(told.end_of_text, { id: 0, content: "<|endoftext|>" });
    const { losses } = await modelLosses(await wasmDevice(), loaded, block.ids, block.columns);
    const { shape, data } = await readNpy(join(folder, "text.npy"));
    assert.equal([...shape], [block.rows, block.columns - 1]);
    assert.equal(data, losses);
  }
});

test("one of text and ids, and options of a text with a text only", () => {
  const { path } = idsFile("usage", 1, 4);
  assertRefused(cli("--model", model), 2, "one of --text and --tokens");
  assertRefused(cli("--model", model, "--tokens", path, "--text", tokenizer), 2, "one of --text and --tokens");
  for (const words of [["--row-length", "4"], ["--rows", "1"], ["--bos"]]) {
    assertRefused(cli("--model", model, "--tokens", path, ...words), 2, `${words[0]} goes with --text`);
  }
});

test("gradients of two lists, and of a vocabulary in parts, are those of the library, file by file", async () => {
  // 32 rows of 64 are a list; parts of 1 MiB cut the vocabulary of 5,000 only.
  for (const [name, directory, rows, columns] of [
    ["lists", small, 33, 65],
    ["parts", model, 2, 9],
  ] as const) {
    const loaded = await openFolder(directory);
    const { ids, path } = idsFile(name, rows, columns, loaded.model.dims.vocab);
    const words = ["--out", `${name}.npy`, "--grads", `${name}.safetensors`, "--max-binding-mib", "1", "--json"];
    const run = cli("--model", directory, "--tokens", path, ...words);
    assert.is(run.status, 0, run.stderr);
    const { losses, gradients } = await modelLosses(await wasmDevice(), loaded, ids, columns, {
      gradients: true,
      bindingBytes: MIB,
    });
    assert.equal((await readNpy(join(folder, `${name}.npy`))).data, losses);
    const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    assert.ok(Math.abs(JSON.parse(run.stdout).mean_loss - mean) < 1e-9);
    const written = await readSafetensors(join(folder, `${name}.safetensors`));
    assert.equal([...written.keys()], [...gradients!.keys()]);
    for (const [parameter, { data, shape }] of gradients!) {
      assert.equal([...written.get(parameter)!.shape], shape, parameter);
      assert.equal(written.get(parameter)!.data, data, parameter);
    }
  }
});

test("a dry run tells what the library estimates, for parts as small as asked for, and writes nothing", async () => {
  const loaded = await openFolder(model);
  const { limits } = (await testDevice()).facts;
  const own = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const { path } = idsFile("dry", 40, 65);
  for (const gradients of [false, true]) {
    for (const bindingBytes of [own, MIB]) {
      const words = [
        ...(gradients ? ["--grads", "dry"] : []),
        ...(bindingBytes < own ? ["--max-binding-mib", "1"] : []),
      ];
      const run = cli("--model", model, "--tokens", path, "--out", "dry.npy", "--dry-run", "--json", ...words);
      assert.is(run.status, 0, run.stderr);
      const told = JSON.parse(run.stdout);
      const need = estimateLosses(loaded, 40, 65, { gradients, bindingBytes });
      assert.equal([told.rows, told.columns, told.rows_at_once], [40, 65, 32]);
      assert.equal([told.device_bytes, told.host_bytes, told.bytes], [need.total, need.hostBytes, need.bytes]);
      const { maxBufferSize, maxStorageBufferBindingSize } = need;
      assert.equal(told.limits_needed, { maxBufferSize, maxStorageBufferBindingSize });
      assert.is(told.buffers.length, need.buffers.length);
      assert.is(told.fits, true);
      const table = told.buffers.filter(({ name }: { name: string }) => name.startsWith("gpt_neox.embed_in.weight"));
      assert.is(table.length, bindingBytes === MIB ? 2 : 1);
    }
  }
  const text = cli("--model", model, "--tokens", path, "--dry-run");
  assert.is(text.status, 0, text.stderr);
  for (const part of ["40 rows of 65 ids, 32 at once", "limits needed", "on the device in all"]) {
    assert.match(text.stdout, part);
  }
  assert.not(existsSync(join(folder, "dry.npy")) || existsSync(join(folder, "dry")));
});

test("a model that does not fit the adapter: the dry run says so, and so does the run", async () => {
  const { limits } = (await testDevice()).facts;
  const wide = join(folder, "wide");
  mkdirSync(wide);
  // The weights of an MLP are bound whole: a row of them too many.
  const json = { ...configJson, intermediate_size: Math.floor(limits.maxStorageBufferBindingSize / 256) + 1 };
  writeFileSync(join(wide, "config.json"), JSON.stringify(json));
  const shapes = parameterShapes(parseModel(json));
  const header = encodeHeader(shapes);
  let elements = 0;
  for (const shape of shapes.values()) elements += sizeOf(shape);
  const file = await open(join(wide, "model.safetensors"), "w");
  await file.write(header);
  // A hole: zeros that take no disk.
  await file.truncate(header.length + 4 * elements);
  await file.close();
  const { path } = idsFile("wide", 1, 3);
  const run = cli("--model", wide, "--tokens", path, "--dry-run", "--json", "--adapter", "gpu");
  assert.is(run.status, 1, run.stderr);
  assert.is(JSON.parse(run.stdout).fits, false);
  assert.match(cli("--model", wide, "--tokens", path, "--dry-run", "--adapter", "gpu").stdout, "TOO SMALL");
  assertRefused(cli("--model", wide, "--tokens", path, "--adapter", "gpu"), 1, "this needs max", "gives");
});

test("more than WebAssembly can hold is refused before it is read, with what can be done", () => {
  const config = parseModel({
    ...configJson,
    vocab_size: 50304,
    hidden_size: 2048,
    num_attention_heads: 16,
    num_hidden_layers: 24,
    intermediate_size: 8192,
  });
  const large = { model: config, weights: syntheticWeights(config) };
  const request = { rows: 1, columns: 9, gradients: false };
  const limits = { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31 };
  assert.throws(
    () => lossLimits(large, request, { ...limits, memoryBytes: 2 ** 32 }),
    (error: SpectroscopeError) => /WebAssembly memory/.test(error.line) && /--adapter software/.test(error.line),
  );
  assert.equal(Object.keys(lossLimits(large, request, limits).limits), Object.keys(limits));
});

test("an adapter is asked for what is needed and no more, and cuts the vocabulary where it must", () => {
  const pythia = parseModel({
    ...configJson,
    vocab_size: 50304,
    hidden_size: 2048,
    num_attention_heads: 16,
    intermediate_size: 8192,
  });
  const large = { model: pythia, weights: syntheticWeights(pythia) };
  const matrix = 50304 * 2048 * 4;
  const request = { rows: 1, columns: 9, gradients: true };
  const ample = lossLimits(large, request, { maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 31 });
  assert.equal(ample.limits, { maxBufferSize: matrix, maxStorageBufferBindingSize: matrix });
  const less = lossLimits(large, request, { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 });
  assert.is(less.bindingBytes, 2 ** 27);
  assert.equal(less.limits, { maxBufferSize: 2 ** 27, maxStorageBufferBindingSize: 2 ** 27 });
  const buffers = lossLimits(large, request, { maxBufferSize: 2 ** 26, maxStorageBufferBindingSize: 2 ** 27 });
  assert.equal(buffers.limits, { maxBufferSize: 2 ** 26, maxStorageBufferBindingSize: 2 ** 26 });
  const asked = lossLimits(
    large,
    { ...request, bindingBytes: 2 ** 26 },
    { maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 31 },
  );
  assert.is(asked.limits.maxStorageBufferBindingSize, 2 ** 26);
});

test.run();
