/**
 * dictionary_learning: `ae.pt`, a state dict of torch.save, and `config.json`. Source: `dictionary.py`, `trainers/*top_k.py`
 * and `utils.py:load_dictionary` of dictionary-learning 0.1.0, which says what is done on load.
 */
import { quoted } from "../../kernels/quoted";
import type { Activation } from "../../runtime/sae/encoder";
import type { ModelFiles } from "../formats/files";
import { type LoadedSae, placed, widened } from "./autoencoder";
import { hookPointOf } from "./hook-names";
import { SaeSettings } from "./settings";
import { SaeTensors, transposed } from "./tensors";

export const DICTIONARY_WEIGHTS = "ae.pt";
export const DICTIONARY_CONFIG = "config.json";

const LINEAR = ["encoder.weight", "encoder.bias", "decoder.weight"];
const DIRECT = ["W_enc", "b_enc", "W_dec", "b_dec", "threshold"];
/** Tensors of each class; what may be missing has a "?" behind it. */
const CLASSES: Readonly<Record<string, readonly string[]>> = {
  AutoEncoder: [...LINEAR, "bias"],
  AutoEncoderNew: [...LINEAR, "decoder.bias"],
  GatedAutoEncoder: ["encoder.weight", "decoder.weight", "decoder_bias", "r_mag", "gate_bias", "mag_bias"],
  AutoEncoderTopK: [...LINEAR, "b_dec", "k", "threshold?"],
  BatchTopKSAE: [...LINEAR, "b_dec", "k", "threshold"],
  MatryoshkaBatchTopKSAE: [...DIRECT, "k", "group_sizes"],
  JumpReluAutoEncoder: DIRECT,
};
const NAMES = Object.keys(CLASSES).join(", ");

/** The class by its tensors, for files without a config that names it. */
function classOf(tensors: SaeTensors): string {
  const fits = Object.entries(CLASSES).filter(([, names]) => {
    const all = names.map((name) => name.replace("?", ""));
    const whole = names.every((name) => name.endsWith("?") || tensors.has(name));
    return whole && tensors.names.every((name) => all.includes(name));
  });
  if (fits.length === 1) return fits[0][0];
  const which = fits.map(([name]) => name).join(" or ");
  const has = tensors.names
    .slice(0, 8)
    .map((name) => quoted(name, 40))
    .join(", ");
  const what = fits.length > 1 ? `may be of ${which}` : `is of no class that is known; it has ${has || "no tensors"}`;
  return tensors.fail(
    what,
    `state "trainer": {"dict_class": ...} in ${DICTIONARY_CONFIG} beside it; supported: ${NAMES}`,
  );
}

/** @param hook name of the place, where the config does not tell it */
export async function readDictionary(files: ModelFiles, folder: string, hook: string | undefined): Promise<LoadedSae> {
  const key = `${folder}${DICTIONARY_CONFIG}`;
  const described = (await files.size(key)) !== undefined;
  const config = described ? await SaeSettings.read(files, key) : new SaeSettings({}, files.nameOf(key));
  const [trainer, buffer] = [config.inner("trainer"), config.inner("buffer")];
  const named = trainer.text("dict_class");
  if (named !== undefined && !Object.hasOwn(CLASSES, named)) trainer.refuse("dict_class", `supported: ${NAMES}`);

  const tensors = await SaeTensors.ofTorch(files, `${folder}${DICTIONARY_WEIGHTS}`);
  const kind = named ?? classOf(tensors);
  const known = CLASSES[kind].map((name) => name.replace("?", ""));
  tensors.only(known, `the class ${kind}`);
  const direct = CLASSES[kind].includes("W_enc");
  const [rows, columns] = tensors.matrix(direct ? "W_enc" : "encoder.weight");
  const [features, width] = direct ? [columns, rows] : [rows, columns];
  const told = { activation_dim: width, dict_size: features };
  for (const [name, size] of Object.entries(told)) {
    const says = trainer.whole(name);
    if (says !== undefined && says !== size) {
      trainer.fail(
        `"trainer.${name}" is ${says}, ${DICTIONARY_WEIGHTS} has ${size}`,
        "they are of different autoencoders",
      );
    }
  }
  const why = `of ${features} features of width ${width}`;
  tensors.check(direct ? "W_dec" : "decoder.weight", direct ? [features, width] : [width, features], why);
  const per = (name: string, size: number) => tensors.floats(name, [size], why);

  const notes: string[] = [];
  let weight = await tensors.floats(
    direct ? "W_enc" : "encoder.weight",
    direct ? [width, features] : [features, width],
    why,
  );
  if (direct) weight = transposed(weight, width, features);
  let center: Float32Array | undefined;
  let bias = await per(kind === "GatedAutoEncoder" ? "mag_bias" : direct ? "b_enc" : "encoder.bias", features);
  let activation: Activation = { kind: "relu" };
  switch (kind) {
    case "AutoEncoder": {
      center = await per("bias", width);
      const norms = columnNorms(await tensors.floats("decoder.weight", [width, features], why), width, features);
      if (norms.every((norm) => Math.abs(norm - 1) <= 1e-5)) break;
      // As its loader does: codes are then in units of unit decoder columns.
      weight = weight.map((value, i) => value * norms[Math.floor(i / width)]);
      bias = bias.map((value, i) => value * norms[i]);
      notes.push("norms of the decoder's columns were folded into the encoder, as its loader does");
      break;
    }
    case "AutoEncoderNew":
      await per("decoder.bias", width);
      break;
    case "GatedAutoEncoder":
      center = await per("decoder_bias", width);
      activation = {
        kind: "gated",
        scale: (await per("r_mag", features)).map(Math.exp),
        gateBias: await per("gate_bias", features),
      };
      break;
    case "JumpReluAutoEncoder":
      await per("b_dec", width);
      activation = { kind: "jumprelu", threshold: await per("threshold", features) };
      break;
    default: {
      center = await per("b_dec", width);
      const k = await tensors.scalar("k");
      const says = trainer.whole("k");
      if (!Number.isInteger(k) || k < 1 || k > features)
        tensors.fail(`tensor "k" is ${k}, there are ${features} features`, "k is a whole number from 1 to that");
      if (says !== undefined && says !== k)
        tensors.fail(`tensor "k" is ${k}, "trainer.k" of ${DICTIONARY_CONFIG} is ${says}`);
      if (kind === "AutoEncoderTopK") activation = { kind: "topk", k };
      else {
        const threshold = await tensors.scalar("threshold");
        if (threshold < 0)
          notes.push(`the threshold is ${threshold}: training never set it, so every code above 0 is kept`);
        activation = { kind: "jumprelu", threshold: new Float32Array(features).fill(threshold) };
      }
    }
  }
  const layer = trainer.whole("layer", 0);
  const name = trainer.text("submodule_name") ?? hook ?? undefined;
  const [place, placeNotes] = placed(
    { model: trainer.text("lm_name"), hook: name, contextSize: buffer.whole("ctx_len") },
    name === undefined ? undefined : hookPointOf(name),
  );
  if (name === undefined && layer !== undefined) notes.push(`its config says layer ${layer} and not which place of it`);
  else notes.push(...placeNotes);
  const encoder = {
    width,
    features,
    scaling: { kind: "none" },
    ...(center ? { center } : {}),
    weight,
    bias,
    activation,
  } as const;
  return {
    format: "dictionary_learning",
    architecture: kind,
    encoder,
    place,
    notes: [...widened(tensors.types), ...notes],
    files: [...(described ? [DICTIONARY_CONFIG] : []), DICTIONARY_WEIGHTS],
  };
}

/** |column| of [rows, columns]. */
function columnNorms(values: Float32Array, rows: number, columns: number): Float32Array {
  const squares = new Float64Array(columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) squares[column] += values[row * columns + column] ** 2;
  return Float32Array.from(squares, Math.sqrt);
}
