/**
 * SAELens: `cfg.json` and `sae_weights.safetensors`. Source: `sae_lens/saes/*_sae.py` and `loading/pretrained_sae_loaders.py`
 * of sae-lens 6.54. Configs before version 6 are flat and have older names for some keys.
 */
import { quoted } from "../../kernels/quoted";
import type { Activation, InputScaling } from "../../runtime/sae/encoder";
import type { ModelFiles } from "../formats/files";
import { type LoadedSae, placed, widened } from "./autoencoder";
import { hookPointOf } from "./hook-names";
import { SaeSettings } from "./settings";
import { SaeTensors, transposed } from "./tensors";

export const LENS_CONFIG = "cfg.json";
export const LENS_WEIGHTS = "sae_weights.safetensors";

const SUPPORTED = "supported: standard, gated, topk, jumprelu (batchtopk and matryoshka are saved as jumprelu)";
const COMMON = ["W_enc", "W_dec", "b_dec"];
const TENSORS: Readonly<Record<string, readonly string[]>> = {
  standard: [...COMMON, "b_enc"],
  gated: [...COMMON, "b_gate", "b_mag", "r_mag"],
  topk: [...COMMON, "b_enc"],
  jumprelu: [...COMMON, "b_enc", "threshold"],
};
const EPSILON = 1e-5;

/** Refuses what would change the codes and is not read. */
function architectureOf(cfg: SaeSettings, metadata: SaeSettings): string {
  const activation = cfg.text("activation_fn") ?? cfg.text("activation_fn_str");
  let architecture = cfg.text("architecture") ?? "standard";
  if (activation === "topk") architecture = "topk";
  else if (activation !== undefined && !["relu", architecture].includes(activation))
    cfg.refuse(cfg.json.activation_fn === undefined ? "activation_fn_str" : "activation_fn", "supported: relu, topk");
  if (!Object.hasOwn(TENSORS, architecture)) {
    const training = /batchtopk/.test(architecture);
    cfg.refuse(
      "architecture",
      training ? "it is a state of training: save_inference_model writes what is read" : SUPPORTED,
    );
  }
  for (const from of [cfg, metadata])
    for (const key of ["hook_head_index", "hook_point_head_index"])
      if ((from.json[key] ?? null) !== null) from.refuse(key, "autoencoders of single heads are not read");
  const reshape = cfg.text("reshape_activations") ?? "none";
  if (reshape !== "none") cfg.refuse("reshape_activations", "supported: none");
  if (cfg.json.finetuning_scaling_factor) cfg.refuse("finetuning_scaling_factor", "SAELens 6 does not read it either");
  return architecture;
}

function scalingOf(cfg: SaeSettings): [InputScaling, string[]] {
  const value = cfg.json.normalize_activations ?? "none";
  switch (value) {
    case "none":
    case false:
      return [{ kind: "none" }, []];
    case "layer_norm":
      return [{ kind: "standardize", epsilon: EPSILON }, []];
    case "constant_norm_rescale":
      return [{ kind: "unit_rms" }, []];
    case "expected_average_only_in":
    case true:
      return [
        { kind: "none" },
        [
          "normalize_activations is expected_average_only_in: the factor is not in the files, and none is applied, as in SAELens",
        ],
      ];
    default:
      return cfg.refuse(
        "normalize_activations",
        "supported: none, expected_average_only_in, layer_norm, constant_norm_rescale",
      );
  }
}

/** @param folder prefix of keys, "" or ending in "/" */
export async function readSaeLens(files: ModelFiles, folder: string): Promise<LoadedSae> {
  const cfg = await SaeSettings.read(files, `${folder}${LENS_CONFIG}`);
  // Before version 6 what is known of the model stood among the settings.
  const metadata = cfg.json.metadata === undefined ? cfg : cfg.inner("metadata");
  const architecture = architectureOf(cfg, metadata);
  const hook = metadata.text("hook_name") ?? metadata.text("hook_point");
  if (hook?.endsWith("hook_z"))
    metadata.refuse(metadata.json.hook_name === undefined ? "hook_point" : "hook_name", "heads' outputs are not read");
  const [width, features] = [cfg.needed("d_in"), cfg.needed("d_sae")];
  const [scaling, scalingNotes] = scalingOf(cfg);
  const tensors = await SaeTensors.ofSafetensors(files, `${folder}${LENS_WEIGHTS}`);
  const logarithm = architecture === "jumprelu" && tensors.has("log_threshold");
  const known = logarithm ? [...COMMON, "b_enc", "log_threshold"] : TENSORS[architecture];
  tensors.only([...known, "scaling_factor"], `the architecture ${architecture}`);
  const why = `d_in ${width}, d_sae ${features} of ${LENS_CONFIG}`;
  tensors.check("W_enc", [width, features], why);
  tensors.check("W_dec", [features, width], why);
  const perFeature = (name: string) => tensors.floats(name, [features], why);
  if (
    tensors.has("scaling_factor") &&
    (await perFeature("scaling_factor")).some((value) => Math.abs(value - 1) > EPSILON)
  )
    tensors.fail(
      `tensor ${quoted("scaling_factor")} is not of ones, which is not supported`,
      "SAELens 6 does not read it either",
    );

  const center = await tensors.floats("b_dec", [width], why);
  const centered = cfg.flag("apply_b_dec_to_input") ?? true;
  let activation: Activation;
  switch (architecture) {
    case "gated":
      activation = {
        kind: "gated",
        scale: (await perFeature("r_mag")).map(Math.exp),
        gateBias: await perFeature("b_gate"),
      };
      break;
    case "jumprelu": {
      const stored = await perFeature(logarithm ? "log_threshold" : "threshold");
      activation = { kind: "jumprelu", threshold: logarithm ? stored.map(Math.exp) : stored };
      break;
    }
    case "topk": {
      const older = cfg.inner("activation_fn_kwargs");
      const k = (cfg.json.k === undefined ? older : cfg).choice("k", features);
      if ((older.whole("k") ?? k) !== k) older.refuse("k", `"k" is ${k}: they must be the same`);
      const rescaled = cfg.flag("rescale_acts_by_decoder_norm") ?? false;
      activation = { kind: "topk", k, ...(rescaled ? { score: await rowNorms(tensors, features, width, why) } : {}) };
      break;
    }
    default:
      activation = { kind: "relu" };
  }
  const encoder = {
    width,
    features,
    scaling,
    ...(centered ? { center } : {}),
    weight: transposed(await tensors.floats("W_enc", [width, features], why), width, features),
    bias: await perFeature(architecture === "gated" ? "b_mag" : "b_enc"),
    activation,
  };
  const [place, placeNotes] = placed(
    {
      model: metadata.text("model_name"),
      hook,
      prependBos: metadata.flag("prepend_bos") ?? (metadata === cfg ? true : undefined),
      contextSize: metadata.whole("context_size"),
    },
    hook === undefined ? undefined : hookPointOf(hook),
  );
  const notes = [...widened(tensors.types), ...narrowed(cfg, tensors.types), ...scalingNotes, ...placeNotes];
  return { format: "SAELens", architecture, encoder, place, notes, files: [LENS_CONFIG, LENS_WEIGHTS] };
}

/** What SAELens computes with by its config, where that has fewer digits than what is stored. */
function narrowed(cfg: SaeSettings, types: readonly string[]): string[] {
  const type = cfg.text("dtype")?.replace(/^torch\./, "");
  const bare = (type === "float16" && !types.includes("F16")) || (type === "bfloat16" && !types.includes("BF16"));
  return bare ? [`"dtype" is ${type}, which SAELens rounds weights and activations to; here they are not rounded`] : [];
}

/** |row| of W_dec [F, d]. */
async function rowNorms(tensors: SaeTensors, features: number, width: number, why: string): Promise<Float32Array> {
  const rows = await tensors.floats("W_dec", [features, width], why);
  const norm = (row: number) =>
    Math.sqrt(rows.subarray(row * width, (row + 1) * width).reduce((sum, x) => sum + x * x, 0));
  return Float32Array.from({ length: features }, (_, row) => norm(row));
}
