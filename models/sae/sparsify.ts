/**
 * EleutherAI's sparsify: a folder per hookpoint with `cfg.json` and `sae.safetensors`. Source: `sparsify/sparse_coder.py` and
 * `fused_encoder.py` of eai-sparsify 1.3.3: relu, then the choice, which gives the same codes as the choice, then relu.
 */
import type { Activation } from "../../runtime/sae/encoder";
import type { ModelFiles } from "../formats/files";
import { type LoadedSae, placed, widened } from "./autoencoder";
import { hookPointOf, inputPointOf } from "./hook-names";
import { SaeSettings } from "./settings";
import { SaeTensors } from "./tensors";

export const SPARSIFY_CONFIG = "cfg.json";
export const SPARSIFY_WEIGHTS = "sae.safetensors";
const RUN = "config.json";

/** @param hook name of the place, which is the folder's */
export async function readSparsify(files: ModelFiles, folder: string, hook: string | undefined): Promise<LoadedSae> {
  const cfg = await SaeSettings.read(files, `${folder}${SPARSIFY_CONFIG}`);
  const width = cfg.needed("d_in");
  const features = cfg.whole("num_latents", 0) || width * (cfg.whole("expansion_factor") ?? 32);
  if (cfg.flag("signed")) cfg.refuse("signed", "only false is read");
  const name = cfg.text("activation") ?? "topk";
  if (name !== "topk" && name !== "groupmax") cfg.refuse("activation", "supported: topk, groupmax");
  const k = cfg.json.k === undefined ? 32 : cfg.choice("k", features);
  if (k > features) cfg.fail(`"k" is missing, so 32, and there are ${features} features`, "state k");
  if (name === "groupmax" && features % k !== 0)
    cfg.fail(
      `"k" is ${k}, and ${features} features are not that many equal groups`,
      "k divides the number of features",
    );
  const [transcode, skip] = [cfg.flag("transcode") ?? false, cfg.flag("skip_connection") ?? false];

  const tensors = await SaeTensors.ofSafetensors(files, `${folder}${SPARSIFY_WEIGHTS}`);
  tensors.only(["encoder.weight", "encoder.bias", "W_dec", "b_dec", ...(skip ? ["W_skip"] : [])], "sparsify");
  const why = `d_in ${width} and ${features} latents of ${SPARSIFY_CONFIG}`;
  tensors.check("encoder.weight", [features, width], why);
  // It may be left out where nobody decodes.
  if (tensors.has("W_dec")) tensors.check("W_dec", [features, width], why);
  if (tensors.has("W_skip")) tensors.check("W_skip", [width, width], why);
  const activation: Activation = name === "groupmax" ? { kind: "groupmax", k } : { kind: "topk", k };
  const center = await tensors.floats("b_dec", [width], why);
  const encoder = {
    width,
    features,
    scaling: { kind: "none" },
    ...(transcode ? {} : { center }),
    weight: await tensors.floats("encoder.weight", [features, width], why),
    bias: await tensors.floats("encoder.bias", [features], why),
    activation,
  } as const;

  // The folder above is the run's; a repository of one autoencoder has none.
  const above = folder.replace(/[^/]+\/$/, "");
  const run =
    (await files.size(`${above}${RUN}`)) === undefined ? undefined : await SaeSettings.read(files, `${above}${RUN}`);
  const point = hook === undefined ? undefined : transcode ? inputPointOf(hook) : hookPointOf(hook);
  const [place, placeNotes] = placed({ model: run?.text("model"), hook, contextSize: run?.whole("ctx_len") }, point);
  const notes = [
    ...widened(tensors.types),
    ...(transcode ? ["a transcoder: it reads what its module gets, and predicts what that gives"] : []),
    ...placeNotes,
  ];
  return { format: "sparsify", architecture: name, encoder, place, notes, files: [SPARSIFY_CONFIG, SPARSIFY_WEIGHTS] };
}
