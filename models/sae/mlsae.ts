/**
 * mlsae (multi-layer sparse autoencoders): `config.json` and `model.safetensors`. Source: `mlsae/model/autoencoder.py` of
 * tim-lawson/mlsae: standardize, subtract, multiply, the k largest, relu.
 */
import type { InputScaling } from "../../runtime/sae/encoder";
import type { ModelFiles } from "../formats/files";
import { type LoadedSae, placed, widened } from "./autoencoder";
import { hookPointOf } from "./hook-names";
import { SaeSettings } from "./settings";
import { SaeTensors } from "./tensors";

export const MLSAE_CONFIG = "config.json";
export const MLSAE_WEIGHTS = "model.safetensors";
const EPSILON = 1e-5;

/** @param hook name of the place; the files have only numbers of layers */
export async function readMlsae(files: ModelFiles, folder: string, hook: string | undefined): Promise<LoadedSae> {
  const config = await SaeSettings.read(files, `${folder}${MLSAE_CONFIG}`);
  if (config.flag("lens")) config.refuse("lens", "matrices of each layer before the encoder are not read");
  const [width, features] = [config.needed("n_inputs"), config.needed("n_latents")];
  const k = config.choice("k", features);
  const standardize = config.flag("standardize") ?? true;
  const { layers } = config.json;
  const listed = Array.isArray(layers) && layers.every((layer) => Number.isInteger(layer) && layer >= 0 && layer < 1e6);
  if (layers !== undefined && layers !== null && !listed) config.refuse("layers", "it must be a list of layers");

  const tensors = await SaeTensors.ofSafetensors(files, `${folder}${MLSAE_WEIGHTS}`);
  tensors.only(["encoder.weight", "decoder.weight", "pre_encoder_bias", "last_nonzero"], "mlsae");
  const why = `n_inputs ${width}, n_latents ${features} of ${MLSAE_CONFIG}`;
  tensors.check("encoder.weight", [features, width], why);
  tensors.check("decoder.weight", [width, features], why);
  const scaling: InputScaling = standardize ? { kind: "standardize", epsilon: EPSILON } : { kind: "none" };
  const encoder = {
    width,
    features,
    scaling,
    center: await tensors.floats("pre_encoder_bias", [width], why),
    weight: await tensors.floats("encoder.weight", [features, width], why),
    bias: new Float32Array(features),
    activation: { kind: "topk", k },
  } as const;
  const own = listed && layers.length === 1 ? `layers.${layers[0]}` : undefined;
  const name = hook ?? own;
  const [place, placeNotes] = placed({ hook: name }, name === undefined ? undefined : hookPointOf(name));
  const many = listed && layers.length > 1 && hook === undefined;
  const trained = many ? [`trained on the outputs of ${layers.length} layers: name one`] : placeNotes;
  return {
    format: "mlsae",
    architecture: "topk",
    encoder,
    place,
    notes: [...widened(tensors.types), ...trained],
    files: [MLSAE_CONFIG, MLSAE_WEIGHTS],
  };
}
