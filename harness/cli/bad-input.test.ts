/** Checkpoints and ids that are not as they should be: one line that names file and value, exit 1, nothing written. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSafetensors, writeSafetensors } from "../../models/hub/safetensors-file";
import { projectRoot } from "../../runtime/node/root";
import { type HostTensor, memoryTensors } from "../../runtime/transformer/weights";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/bad-input", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-bad-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const nano = join(projectRoot(), "models", "nano");
const configJson = JSON.parse(readFileSync(join(nano, "config.json"), "utf8"));
const whole = readFileSync(join(nano, "model.safetensors"));
const goodIds = JSON.stringify([Array.from({ length: 9 }, (_, i) => i)]);
const QKV = "gpt_neox.layers.0.attention.query_key_value.weight";
const NORM = "gpt_neox.final_layer_norm.weight";

/** Runs `loss` on a directory of its own; whatever it says, no result may be left. */
function attempt(name: string, files: { config?: unknown; weights?: Uint8Array; ids?: string; argument?: string[] }) {
  const model = join(folder, name);
  mkdirSync(model, { recursive: true });
  writeFileSync(join(model, "config.json"), JSON.stringify(files.config ?? configJson));
  if (files.weights) writeFileSync(join(model, "model.safetensors"), files.weights);
  writeFileSync(join(model, "ids.json"), files.ids ?? goodIds);
  const out = join(folder, `${name} out`);
  mkdirSync(out, { recursive: true });
  const results = ["--out", join(out, "losses.npy"), "--grads", join(out, "grads.safetensors")];
  const run = runProgram(folder, ["loss", "--model", model, "--tokens", join(model, "ids.json"), ...results]);
  assert.equal(readdirSync(out), [], "nothing is written");
  return run;
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** nano's file with another header over the same values. */
function withHeader(change: (header: Header) => void): Uint8Array {
  const length = Number(whole.readBigUInt64LE(0));
  const header = JSON.parse(whole.subarray(8, 8 + length).toString("utf8")) as Header;
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const first = Buffer.alloc(8);
  first.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([first, text, whole.subarray(8 + length)]);
}

/** nano's file with other tensors. */
async function withTensors(change: (tensors: Map<string, HostTensor>) => void): Promise<Uint8Array> {
  const tensors = (await readSafetensors(join(nano, "model.safetensors"))) as unknown as Map<string, HostTensor>;
  change(tensors);
  const path = join(folder, "changed.safetensors");
  await writeSafetensors(path, memoryTensors(tensors));
  return readFileSync(path);
}

test("files that are not safetensors", () => {
  assertRefused(attempt("weightless", {}), 1, "weightless: no weights, neither model.safetensors nor");
  const cut = whole.subarray(0, whole.length - 100);
  assertRefused(
    attempt("cut", { weights: cut }),
    1,
    /model\.safetensors: truncated: tensor ".*" needs \d+ bytes/,
    "download it again",
  );
  const giant = Buffer.from(whole);
  giant.writeBigUInt64LE(1_000_000_000n);
  assertRefused(attempt("giant", { weights: giant }), 1, "header length 1000000000 is over the limit of 100000000");
  const overlapping = withHeader((header) => {
    header[QKV].data_offsets = header[QKV.replace("layers.0", "layers.1")].data_offsets;
  });
  assertRefused(attempt("overlap", { weights: overlapping }), 1, /tensor ".*" (overlaps|leaves a hole)/, "expected");
});

test("tensors that are not the config's", async () => {
  const integers = withHeader((header) => {
    header[QKV].dtype = "I32";
  });
  assertRefused(attempt("integers", { weights: integers }), 1, `tensor "${QKV}" is I32`, "F32, F16 or BF16");
  const unknown = withHeader((header) => {
    header[QKV].dtype = "F12";
  });
  assertRefused(attempt("float12", { weights: unknown }), 1, `tensor "${QKV}" is F12`, "F32, F16 or BF16");
  const missing = await withTensors((tensors) => tensors.delete(NORM));
  assertRefused(attempt("missing", { weights: missing }), 1, `missing tensor "${NORM}" [64]`);
  const extra = await withTensors((tensors) => tensors.set(`${NORM}s`, { shape: [1], data: Float32Array.of(0) }));
  assertRefused(attempt("extra", { weights: extra }), 1, `unexpected tensor "${NORM}s" [1]`, `did you mean "${NORM}"`);
  const turned = withHeader((header) => {
    header[QKV].shape.reverse();
  });
  assertRefused(attempt("turned", { weights: turned }), 1, `"${QKV}" has shape [64, 192], expected [192, 64]`);
  const broken = await withTensors((tensors) => {
    tensors.get(QKV)!.data[64 * 5 + 7] = Number.NaN;
  });
  assertRefused(attempt("nan", { weights: broken }), 1, `tensor "${QKV}" holds NaN at [5, 7]`);
});

test("finite weights whose losses or gradients are not: named, and nothing is written", async () => {
  const overflowing = await withTensors((tensors) => tensors.get(NORM)!.data.fill(3e38));
  const run = attempt("overflow", { weights: overflowing });
  assertRefused(run, 1, /loss of row 0, token 1 is (NaN|-?Infinity)/, "nothing was written");
  const model = join(folder, "overflow");
  const losses = ["--tokens", join(model, "ids.json"), "--out", "never.npy"];
  assertRefused(runProgram(folder, ["loss", "--model", model, ...losses]), 1, "loss of row 0, token 1");
  assert.not(readdirSync(folder).includes("never.npy"));
  // Hidden states of 1e-30 become 1e-11 in the final norm, and its gradient 1e19 times what it was: beyond f32.
  const steep = await withTensors((tensors) => {
    const scale = (data: Float32Array, by: number) => data.set(data.map((value) => value * by));
    for (const [name, { data }] of tensors) {
      if (/(dense|dense_4h_to_h)\.(weight|bias)$|norm\.bias$/.test(name)) data.fill(0);
      else if (name === "gpt_neox.embed_in.weight") scale(data, 1e-30);
      else if (name === "embed_out.weight") scale(data, 1e20);
    }
  });
  const gradient = attempt("steep", { weights: steep, config: { ...configJson, layer_norm_eps: 2e-38 } });
  assertRefused(gradient, 1, /the gradient of .* holds (NaN|-?Infinity) at element \d+/, "nothing was written");
});

test("configs that change the mathematics in a way that is not known", () => {
  const refused = (changes: object, ...texts: (string | RegExp)[]) =>
    assertRefused(
      attempt("config", { config: { ...configJson, ...changes }, weights: whole }),
      1,
      "config.json",
      ...texts,
    );
  refused({ rotary_pc: 0.25 }, 'unknown key "rotary_pc"', 'did you mean "rotary_pct"');
  refused({ hidden_act: "silu" }, '"hidden_act" "silu"');
  refused({ vocab_size: 0 }, '"vocab_size" is 0');
  refused({ architectures: ["LlamaForCausalLM"] }, "LlamaForCausalLM", "GPTNeoXForCausalLM");
});

test("ids that the model cannot read", () => {
  const refused = (rows: unknown, ...texts: (string | RegExp)[]) =>
    assertRefused(attempt("ids", { weights: whole, ids: JSON.stringify(rows) }), 1, "ids.json", ...texts);
  const { vocab_size: vocabulary, max_position_embeddings: positions } = configJson;
  refused([[0, vocabulary]], `row 0, column 1 is ${vocabulary}, outside the vocabulary of ${vocabulary}`);
  refused([Array(positions + 2).fill(1)], `max_position_embeddings is ${positions}`, `at most ${positions + 1} ids`);
  refused([[1]], "rows of 1 ids");
  refused([], "no rows");
});

test("places that cannot be written are told before anything is computed", () => {
  const model = join(folder, "sound");
  mkdirSync(model, { recursive: true });
  writeFileSync(join(model, "config.json"), JSON.stringify(configJson));
  writeFileSync(join(model, "model.safetensors"), whole);
  writeFileSync(join(folder, "ids.json"), goodIds);
  const out = join(folder, "ids.json", "losses.npy");
  assertRefused(
    runProgram(folder, [
      "loss",
      "--model",
      model,
      "--tokens",
      "ids.json",
      "--out",
      out,
      "--grads",
      "grads.safetensors",
    ]),
    1,
    "cannot write",
    "a part of the path is a file",
  );
  assert.not(readdirSync(folder).includes("grads.safetensors"), "nor is what could be");
});

test("results over one another, over what is read, or in the model's directory are refused, and nothing is touched", () => {
  const model = join(folder, "precious");
  mkdirSync(model, { recursive: true });
  writeFileSync(join(model, "config.json"), JSON.stringify(configJson));
  writeFileSync(join(model, "model.safetensors"), whole);
  writeFileSync(join(folder, "ids.json"), goodIds);
  const refused = (words: string[], ...texts: string[]) =>
    assertRefused(runProgram(folder, ["loss", "--model", model, "--tokens", "ids.json", ...words]), 2, ...texts);
  refused(["--grads", join(model, "model.safetensors")], "--grads", "lies in the model's directory");
  refused(["--out", join("precious", ".", "losses.npy")], "--out", "lies in the model's directory");
  refused(["--out", "./ids.json"], "--out ./ids.json is the file of --tokens");
  refused(["--out", "same", "--grads", "same"], "--grads same is the file of --out");
  assert.equal(readFileSync(join(model, "model.safetensors")), whole);
  assert.is(readFileSync(join(folder, "ids.json"), "utf8"), goodIds);
  assert.not(readdirSync(folder).includes("same"));
});

test.run();
