/** Random encoders of every activation. */
import type { Random } from "../../kernels/kernel";
import type { Activation, Encoder } from "../../runtime/sae/encoder";

/** Activations by name, for `features` features. */
export function everyActivation(features: number, random: Random): Record<string, Activation> {
  const normals = (shift = 0) => Float32Array.from({ length: features }, () => shift + random.normal());
  const positive = () => normals().map((v) => 0.5 + Math.abs(v));
  const divisor = [7, 5, 3, 2, 1].find((n) => features % n === 0)!;
  return {
    relu: { kind: "relu" },
    jumprelu: { kind: "jumprelu", threshold: positive() },
    gated: { kind: "gated", scale: positive(), gateBias: normals(-0.5) },
    topk: { kind: "topk", k: Math.min(features, 9) },
    "topk with scores": { kind: "topk", k: Math.min(features, 9), score: positive() },
    groupmax: { kind: "groupmax", k: features / divisor },
  };
}

/** An encoder of normal weights whose pre-activations have size 1. */
export function randomEncoder(
  width: number,
  features: number,
  random: Random,
  rest: Partial<Pick<Encoder, "scaling" | "activation" | "center">> = {},
): Encoder {
  const normals = (size: number, scale: number) => Float32Array.from({ length: size }, () => scale * random.normal());
  return {
    ...{ width, features, scaling: { kind: "none" }, activation: { kind: "relu" } },
    weight: normals(features * width, 1 / Math.sqrt(width)),
    bias: normals(features, 0.3),
    ...rest,
  };
}
