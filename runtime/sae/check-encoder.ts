import { SpectroscopeError } from "../../kernels/errors";
import type { Encoder } from "./encoder";

/**
 * @param file where it comes from, for errors
 * @throws SpectroscopeError bad-input: sizes that do not agree, a k that chooses nothing, numbers that are not finite
 */
export function checkEncoder(encoder: Encoder, file?: string): void {
  const { width, features, scaling, center, weight, bias, activation } = encoder;
  const wrong = (what: string, why = "look at the file that it was read from"): SpectroscopeError =>
    new SpectroscopeError(`${file === undefined ? "" : `${file}: `}encoder: ${what}`, { code: "bad-input", hint: why });
  const count = (k: number) => {
    if (!Number.isSafeInteger(k) || k < 1 || k > features) throw wrong(`k is ${k} of ${features} features`);
  };
  const finite = (name: string, values: Float32Array, size: number) => {
    if (values.length !== size) throw wrong(`${name} has ${values.length} values, not ${size}`);
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) throw wrong(`${name} is ${values[at]} at ${at}`);
  };
  for (const [name, size] of Object.entries({ width, features })) {
    if (!Number.isSafeInteger(size) || size < 1) throw wrong(`${name} is ${size}`, "it is a whole number, 1 or more");
  }
  finite("weight", weight, features * width);
  finite("bias", bias, features);
  if (center) finite("center", center, width);
  if (scaling.kind === "factor" && !Number.isFinite(scaling.factor)) throw wrong(`its factor is ${scaling.factor}`);
  if (scaling.kind === "standardize" && !(scaling.epsilon >= 0 && Number.isFinite(scaling.epsilon)))
    throw wrong(`its epsilon is ${scaling.epsilon}`, "it is 0 or more");
  if (activation.kind === "jumprelu") finite("threshold", activation.threshold, features);
  if (activation.kind === "gated") {
    finite("scale", activation.scale, features);
    finite("gateBias", activation.gateBias, features);
  }
  if (activation.kind === "topk") {
    count(activation.k);
    if (activation.score) finite("score", activation.score, features);
  }
  if (activation.kind === "groupmax") {
    count(activation.k);
    if (features % activation.k !== 0)
      throw wrong(`${features} features are no ${activation.k} groups of equal size`, "k divides the features");
  }
}
