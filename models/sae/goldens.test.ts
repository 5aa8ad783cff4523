/** Codes of every fixture against its Python package's own encode, and where each says that it reads its model. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { memoryFiles } from "../../harness/test/memory-files";
import { safetensorsBytes } from "../../harness/test/safetensors-bytes";
import { suite } from "../../harness/test/suite";
import { goldensFolder } from "../../harness/verify/manifest";
import { projectRoot } from "../../runtime/node/root";
import { encodeReference } from "../../runtime/sae/reference";
import { ModelFolder } from "../hub/model-folder";
import { readSafetensors } from "../hub/safetensors-file";
import { openSae } from "./open";

const test = suite("models/sae/goldens");
const ROOT = join(projectRoot(), "goldens", "sae");

/** What each folder must say of itself: architecture, activation, input scaling, point, notes. */
const POINT = "resid_post 3";
const CASES: Readonly<Record<string, readonly [string, string, string, string, RegExp?]>> = {
  "saelens-standard": ["standard", "relu", "none", POINT],
  "saelens-standard-no-center": ["standard", "relu", "none", POINT],
  "saelens-standard-layer-norm": ["standard", "relu", "standardize", POINT],
  "saelens-standard-constant-norm": ["standard", "relu", "unit_rms", POINT],
  "saelens-standard-expected-average": ["standard", "relu", "none", POINT, /the factor is not in the files/],
  "saelens-gated": ["gated", "gated", "none", POINT],
  "saelens-gated-layer-norm": ["gated", "gated", "standardize", POINT],
  "saelens-jumprelu": ["jumprelu", "jumprelu", "none", POINT],
  "saelens-jumprelu-bf16": ["jumprelu", "jumprelu", "none", POINT, /stored as BF16/],
  "saelens-topk": ["topk", "topk", "none", POINT],
  "saelens-topk-f16": ["topk", "topk", "none", POINT, /stored as F16/],
  "saelens-topk-rescaled": ["topk", "topk", "standardize", POINT],
  "saelens-batchtopk": ["jumprelu", "jumprelu", "none", POINT],
  "saelens-matryoshka": ["jumprelu", "jumprelu", "none", POINT],
  "saelens-flat": ["standard", "relu", "none", "resid_pre 0", /the factor is not in the files/],
  "saelens-flat-topk": ["topk", "topk", "none", "mlp_out 2"],
  "sparsify/layers.3": ["topk", "topk", "none", POINT],
  "sparsify/layers.3.mlp": ["groupmax", "groupmax", "none", "mlp_out 3"],
  "sparsify/layers.2": ["topk", "topk", "none", "resid_pre 2", /a transcoder/],
  "mlsae-standardized": ["topk", "topk", "standardize", POINT],
  "mlsae-plain": ["topk", "topk", "none", "-", /outputs of 3 layers/],
  "dictionary-standard": ["AutoEncoder", "relu", "none", POINT],
  "dictionary-standard-scaled": ["AutoEncoder", "relu", "none", POINT, /norms of the decoder/],
  "dictionary-new": ["AutoEncoderNew", "relu", "none", POINT],
  "dictionary-gated": ["GatedAutoEncoder", "gated", "none", POINT],
  "dictionary-topk": ["AutoEncoderTopK", "topk", "none", POINT],
  "dictionary-batchtopk": ["BatchTopKSAE", "jumprelu", "none", POINT],
  "dictionary-batchtopk-bf16": ["BatchTopKSAE", "jumprelu", "none", POINT, /stored as BF16/],
  "dictionary-matryoshka": ["MatryoshkaBatchTopKSAE", "jumprelu", "none", POINT],
  "dictionary-jumprelu": ["JumpReluAutoEncoder", "jumprelu", "none", POINT, /stored as F16/],
};

// The goldens hang on no tie and on no last bit: their script refuses inputs whose features change when the input is 1e-5 off.
// So which features are on must be equal, and each code within 1e-5 of its own value.
for (const [folder, [architecture, activation, scaling, point, note]] of Object.entries(CASES)) {
  test(`${folder}: codes as the package's own, and what the files say`, async () => {
    const codes = await readSafetensors(join(goldensFolder(), "sae", "codes.safetensors"));
    const x = codes.get("x");
    const expected = codes.get(folder);
    assert.ok(x && expected, "codes.safetensors has it");
    const sae = await openSae(new ModelFolder(ROOT), { folder });
    const { encoder, place, notes } = sae;
    assert.equal(expected.shape, [x.shape[0], encoder.features]);
    const got = encodeReference(encoder, x.data);
    let firing = 0;
    for (let i = 0; i < got.length; i++) {
      const want = expected.data[i];
      if (want > 0) firing++;
      assert.ok(
        want > 0 ? Math.abs(got[i] - want) <= 1e-5 * want : got[i] === 0,
        `token ${Math.floor(i / encoder.features)}, feature ${i % encoder.features}: ${got[i]}, the package says ${want}`,
      );
    }
    assert.ok(firing >= x.shape[0], `${firing} codes are above 0`);
    const at =
      place.point === undefined ? "-" : "layer" in place.point ? `${place.point.kind} ${place.point.layer}` : "embed";
    assert.equal(
      [sae.architecture, encoder.activation.kind, encoder.scaling.kind, at],
      [architecture, activation, scaling, point],
    );
    if (note) assert.match(notes.join("; "), note);
    else assert.equal(notes, []);
  });
}

test("what the configs say of the model: name, begin of rows, length of rows", async () => {
  const files = new ModelFolder(ROOT);
  const of = async (folder: string) => (await openSae(files, { folder })).place;
  const hook = "blocks.3.hook_resid_post";
  const point = { kind: "resid_post", layer: 3 };
  const common = { model: "pythia-70m-deduped", contextSize: 128 };
  assert.equal(await of("saelens-standard"), { ...common, hook, prependBos: true, point });
  assert.equal((await of("saelens-flat")).prependBos, true, "the default of old configs");
  assert.equal((await of("saelens-flat-topk")).prependBos, false);
  const model = "EleutherAI/pythia-70m-deduped";
  assert.equal(await of("sparsify/layers.3"), { model, hook: "layers.3", contextSize: 2048, point });
  assert.equal(await of("dictionary-topk"), { model, hook: "resid_post_layer_3", contextSize: 128, point });
  assert.equal(await of("mlsae-standardized"), { hook: "layers.3", point });
});

test("a square encoder is turned by its tensor's name, not by its shape", async () => {
  const data = new Uint8Array(Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40, 5, 6, 7, 8).buffer);
  const entry = (shape: number[], from: number) => ({
    ...{ dtype: "F32", shape },
    data_offsets: [4 * from, 4 * (from + shape.reduce((a, b) => a * b))] as [number, number],
  });
  const read = async (names: readonly [string, string, string, string], config: string, file: string, cfg: object) => {
    const [enc, dec, be, bd] = names;
    const header = { [enc]: entry([2, 2], 0), [dec]: entry([2, 2], 4), [be]: entry([2], 8), [bd]: entry([2], 10) };
    const files = { [config]: Buffer.from(JSON.stringify(cfg)), [file]: safetensorsBytes(header, data) };
    return [...(await openSae(memoryFiles("m", files))).encoder.weight];
  };
  const lens = ["W_enc", "W_dec", "b_enc", "b_dec"] as const;
  assert.equal(await read(lens, "cfg.json", "sae_weights.safetensors", { d_in: 2, d_sae: 2 }), [1, 3, 2, 4]);
  const sparsify = ["encoder.weight", "W_dec", "encoder.bias", "b_dec"] as const;
  assert.equal(await read(sparsify, "cfg.json", "sae.safetensors", { d_in: 2, num_latents: 2, k: 1 }), [1, 2, 3, 4]);
});

test("every fixture is tested", () => {
  const folders = readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => /^(sae_weights|sae|model)\.safetensors$|^ae\.pt$/.test(entry.name))
    .map((entry) => (entry.parentPath ?? entry.path).slice(ROOT.length + 1).replaceAll("\\", "/"));
  assert.equal(folders.filter((folder) => !folder.startsWith("refused-")).sort(), Object.keys(CASES).sort());
});

test.run();
