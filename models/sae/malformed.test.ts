/** Files that are no autoencoder, or not whole: one line each, naming file and key or tensor, and nothing else is thrown. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { memoryFiles } from "../../harness/test/memory-files";
import { refused } from "../../harness/test/refused";
import { safetensorsBytes } from "../../harness/test/safetensors-bytes";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { projectRoot } from "../../runtime/node/root";
import { headerOf } from "../formats/safetensors";
import { openSae } from "./open";

const test = suite("models/sae/malformed");
const ROOT = join(projectRoot(), "goldens", "sae");
type Files = Record<string, Uint8Array>;
const fixture = (folder: string): Files =>
  Object.fromEntries(
    readdirSync(join(ROOT, folder)).map((name) => [name, new Uint8Array(readFileSync(join(ROOT, folder, name)))]),
  );
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const open = (files: Files) => openSae(memoryFiles("m", files));

/** A fixture with keys of its config set, or taken away where undefined; `inner`: of an object in it. */
function configured(folder: string, name: string, changes: object, inner?: string): Files {
  const files = fixture(folder);
  const config = JSON.parse(new TextDecoder().decode(files[name]));
  Object.assign(inner ? config[inner] : config, changes);
  return { ...files, [name]: json(config) };
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}
/** A fixture whose safetensors header is changed; data stay. */
function reheaded(
  folder: string,
  name: string,
  change: (header: Record<string, Entry>, data: Uint8Array) => void,
): Files {
  const files = fixture(folder);
  const { entries, dataStart } = headerOf(files[name], name);
  const header = Object.fromEntries(
    entries.map(({ name: own, dtype, shape, begin, end }): [string, Entry] => [
      own,
      { dtype, shape: [...shape], data_offsets: [begin, end] },
    ]),
  );
  const data = files[name].slice(dataStart);
  change(header, data);
  return { ...files, [name]: safetensorsBytes(header, data) };
}

const lens = (changes: object, inner?: string, folder = "saelens-standard") =>
  open(configured(folder, "cfg.json", changes, inner));

test("SAELens: what is not supported is refused by its name", async () => {
  await refused(
    lens({ architecture: "transcoder" }),
    /m\/cfg\.json: "architecture" is "transcoder", which is not supported; supported: standard, gated/,
  );
  for (const architecture of ["temporal", "matching_pursuit", "abstopk", "skip_transcoder"])
    await refused(lens({ architecture }), new RegExp(`"architecture" is "${architecture}", which is not supported`));
  await refused(lens({ architecture: "batchtopk" }), /a state of training: save_inference_model/);
  await refused(
    lens({ normalize_activations: "covariance_whitening" }),
    /"normalize_activations" is "covariance_whitening"/,
  );
  await refused(lens({ reshape_activations: "hook_z" }), /"reshape_activations" is "hook_z"/);
  await refused(lens({ hook_head_index: 3 }, "metadata"), /"metadata\.hook_head_index" is 3.*single heads/);
  await refused(
    lens({ hook_name: "blocks.1.attn.hook_z" }, "metadata"),
    /"metadata\.hook_name" is "blocks\.1\.attn\.hook_z"/,
  );
  await refused(lens({ hook_point_head_index: 0 }, undefined, "saelens-flat"), /"hook_point_head_index" is 0/);
  await refused(
    lens({ activation_fn_str: "tanh-relu" }, undefined, "saelens-flat"),
    /"activation_fn_str" is "tanh-relu"/,
  );
  await refused(
    lens({ finetuning_scaling_factor: true }, undefined, "saelens-flat"),
    /"finetuning_scaling_factor" is true/,
  );
});

test("configs: missing and impossible sizes, choices of more features than there are", async () => {
  await refused(lens({ d_in: undefined }), /m\/cfg\.json: "d_in" is missing/);
  await refused(lens({ d_in: "16" }), /"d_in" is "16"; it must be a whole number/);
  await refused(lens({ d_sae: 1e300 }), /"d_sae" is 1e\+300/);
  await refused(
    lens({ d_in: 12 }),
    /sae_weights\.safetensors: tensor "W_enc" has the shape \[16, 24\], expected \[12, 24\] \(d_in 12, d_sae 24 of cfg\.json\)/,
  );
  await refused(lens({ apply_b_dec_to_input: 1 }), /"apply_b_dec_to_input" is 1; it must be true or false/);
  await refused(lens({ metadata: 3 }), /"metadata" is 3; it must be an object/);
  await refused(lens({ k: 25 }, undefined, "saelens-topk"), /"k" is 25, there are 24 features/);
  await refused(lens({ k: undefined }, undefined, "saelens-topk"), /"activation_fn_kwargs\.k" is missing/);
  const sparsify = (changes: object, folder = "sparsify/layers.3") => open(configured(folder, "cfg.json", changes));
  await refused(sparsify({ k: 25 }), /"k" is 25, there are 24/);
  await refused(sparsify({ k: 5 }, "sparsify/layers.3.mlp"), /24 features are not that many equal groups/);
  await refused(sparsify({ signed: true }), /"signed" is true/);
  await refused(sparsify({ activation: "relu" }), /"activation" is "relu".*topk, groupmax/);
  await refused(sparsify({ num_latents: 0 }), /"encoder\.weight" has the shape \[24, 16\], expected \[512, 16\]/);
  await refused(sparsify({ skip_connection: false }, "sparsify/layers.2"), /tensor "W_skip" is not of sparsify/);
  const mlsae = (changes: object) => open(configured("mlsae-plain", "config.json", changes));
  await refused(mlsae({ lens: true }), /"lens" is true/);
  await refused(mlsae({ k: 0 }), /"k" is 0; it must be a whole number from 1/);
  await refused(mlsae({ n_latents: 23 }), /expected \[23, 16\]/);
  await refused(mlsae({ layers: "all" }), /"layers" is "all"/);
  const dictionary = (changes: object, folder = "dictionary-topk") =>
    open(configured(folder, "config.json", changes, "trainer"));
  await refused(
    dictionary({ dict_class: "CrossCoder" }),
    /"trainer\.dict_class" is "CrossCoder".*AutoEncoder, AutoEncoderNew/,
  );
  await refused(
    dictionary({ dict_class: "AutoEncoder" }),
    /ae\.pt: tensor "k" is not of the class AutoEncoder|tensor "b_dec" is not of the class/,
  );
  await refused(dictionary({ dict_size: 25 }), /config\.json: "trainer\.dict_size" is 25, ae\.pt has 24/);
  await refused(dictionary({ k: 3 }), /tensor "k" is 4, "trainer\.k" of config\.json is 3/);
  await refused(
    open({ ...fixture("saelens-topk"), "cfg.json": new Uint8Array(2 ** 22 + 1) }),
    /at most 4194304 are read/,
  );
  await refused(open({ ...fixture("saelens-topk"), "cfg.json": json([1]) }), /cfg\.json: not a JSON object/);
});

test("without a config the tensors of a dictionary say its class, where they can", async () => {
  const bare = (folder: string) => open({ "ae.pt": fixture(folder)["ae.pt"] });
  for (const [folder, kind] of [
    ["standard", "AutoEncoder"],
    ["new", "AutoEncoderNew"],
    ["gated", "GatedAutoEncoder"],
    ["jumprelu", "JumpReluAutoEncoder"],
  ])
    assert.is((await bare(`dictionary-${folder}`)).architecture, kind);
  await refused(
    bare("dictionary-topk"),
    /ae\.pt: may be of AutoEncoderTopK or BatchTopKSAE; state "trainer": \{"dict_class"/,
  );
  await refused(bare("refused-legacy"), /ae\.pt: is a \.pt of before PyTorch 1\.6, which is not read; save it again/);
  await refused(open({ "ae.pt": new Uint8Array(40) }), /ae\.pt: is no archive of torch\.save/);
});

test("tensors: missing, of another shape or type, not finite, unknown", async () => {
  const file = "sae_weights.safetensors";
  const changed = (change: Parameters<typeof reheaded>[2]) => open(reheaded("saelens-jumprelu", file, change));
  const renamed = (header: Record<string, Entry>, from: string, to: string) => {
    header[to] = header[from];
    delete header[from];
  };
  await refused(
    changed((header) => renamed(header, "W_enc", "log_threshold")),
    /tensor "threshold" is not of the architecture jumprelu/,
  );
  await refused(
    changed((header) => renamed(header, "b_enc", "scaling_factor")),
    /"scaling_factor" is not of ones/,
  );
  await refused(
    open(reheaded("saelens-standard", file, (header) => renamed(header, "b_enc", "b_gate"))),
    /"b_gate" is not of the architecture standard; it has W_enc, W_dec, b_dec, b_enc/,
  );
  await refused(
    open(configured("saelens-standard", "cfg.json", { architecture: "jumprelu" })),
    /tensor "threshold" is missing; it has "/,
  );
  await refused(
    changed((header) => {
      header.W_dec.shape = [16, 24];
    }),
    /"W_dec" has the shape \[16, 24\], expected \[24, 16\]/,
  );
  await refused(
    changed((header) => {
      header.threshold.shape = [24, 1];
    }),
    /"threshold" has the shape \[24, 1\], expected \[24\]/,
  );
  await refused(
    changed((header) => {
      header.threshold.dtype = "I32";
    }),
    /"threshold" has dtype "I32"; floats are read: F64, F32, F16, BF16/,
  );
  const poisoned = changed((header, data) =>
    new DataView(data.buffer).setFloat32(header.W_enc.data_offsets[0] + 4 * 30, Number.NaN, true),
  );
  await refused(poisoned, /m\/sae_weights\.safetensors: tensor "W_enc" holds NaN at \[1, 6\]/);
  const huge = safetensorsBytes({ W_enc: { dtype: "F32", shape: [2 ** 20, 2 ** 20], data_offsets: [0, 2 ** 42] } }, 64);
  await refused(
    open({ ...fixture("saelens-standard"), [file]: huge }),
    /truncated: tensor "W_enc" needs 4398046511104 bytes/,
  );
});

test("SAELens: a choice without its k, two that differ, weights that an exponential makes infinite, a narrower type", async () => {
  await refused(
    lens({ activation_fn_str: "topk" }),
    /m\/cfg\.json: "activation_fn_kwargs\.k" is missing; the config is not whole/,
  );
  await refused(
    lens({ activation_fn_kwargs: { k: 3 } }, undefined, "saelens-topk"),
    /"activation_fn_kwargs\.k" is 3, which is not supported; "k" is 4: they must be the same/,
  );
  const gated = reheaded("saelens-gated", "sae_weights.safetensors", (header, data) =>
    new DataView(data.buffer).setFloat32(header.r_mag.data_offsets[0] + 8, 200, true),
  );
  await refused(open(gated), /m\/sae_weights\.safetensors: encoder: scale is Infinity at 2/);
  const { notes } = await lens({ dtype: "torch.bfloat16" });
  assert.match(notes.join(), /"dtype" is bfloat16, which SAELens rounds weights and activations to; here they are not/);
});

test("folders that hold none say what they hold", async () => {
  await refused(
    open({}),
    /m holds no sparse autoencoder: nothing is in it; an autoencoder is cfg\.json and sae_weights/,
  );
  await refused(open({ "params.npz": json(1) }), /"params\.npz" is none that is read/);
  await refused(open({ "sae_weights.safetensors": json(1) }), /m: sae_weights\.safetensors without cfg\.json/);
});

test("a file cut anywhere, or with a byte changed, is refused cleanly or read in its shapes", async () => {
  const weights = {
    "saelens-gated": "sae_weights.safetensors",
    "dictionary-batchtopk": "ae.pt",
  };
  for (const [folder, name] of Object.entries(weights)) {
    const files = fixture(folder);
    const whole = files[name];
    const tried = async (bytes: Uint8Array, what: string) => {
      try {
        const { encoder } = await open({ ...files, [name]: bytes });
        assert.equal(
          [encoder.width, encoder.features, encoder.weight.length, encoder.bias.length],
          [16, 24, 384, 24],
          what,
        );
        return true;
      } catch (error) {
        assert.instance(error, SpectroscopeError, `${folder}, ${what}: ${(error as Error).stack}`);
        assert.is.not((error as SpectroscopeError).code, "internal", what);
        return false;
      }
    };
    for (let length = 0; length < whole.length; length += length < 400 ? 1 : 13)
      assert.not(await tried(whole.subarray(0, length), `cut at ${length}`), `${folder}: cut at ${length} is read`);
    for (let at = 0; at < whole.length; at++) {
      const bytes = whole.slice();
      bytes[at] ^= 1 << (at % 8);
      await tried(bytes, `byte ${at}`);
    }
  }
});

test.run();
