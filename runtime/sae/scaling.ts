/** What an encoder does to activations before its product. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Encoder } from "./encoder";

/** Beyond this a product of f32 numbers could overflow, and the order of codes with it. */
const LARGEST = 1e37;

/**
 * How far an encoder can lengthen a vector: no pre-activation of x, nor any partial sum of one, passes
 * (slope |x| + offset) in size.
 */
export interface Reach {
  readonly slope: number;
  readonly offset: number;
}

/** Largest length of a row of the weights, times the largest scale, and the largest bias. O(F d). */
export function reachOf({ width, features, weight, bias, activation }: Encoder): Reach {
  let square = 0;
  for (let f = 0; f < features; f++) {
    let sum = 0;
    for (let i = f * width; i < (f + 1) * width; i++) sum += weight[i] * weight[i];
    if (sum > square) square = sum;
  }
  const largest = (values: Float32Array) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const scale = scaleOf(activation);
  const factor = scale ? Math.max(1, largest(scale)) : 1;
  const gate = activation.kind === "gated" ? largest(activation.gateBias) : 0;
  return { slope: factor * Math.sqrt(square), offset: factor * Math.max(largest(bias), gate) };
}

/** [F]: what products or pre-activations are multiplied by; absent: 1. */
export function scaleOf(activation: Encoder["activation"]): Float32Array | undefined {
  if (activation.kind === "gated") return activation.scale;
  return activation.kind === "topk" ? activation.score : undefined;
}

/**
 * scaled(x) - center of `rows` activation vectors [rows, d] into `out`, in f64. A vector of zeros has no direction that
 * `unit_rms` could keep, nor one number a spread: these are NaN, as the packages have it.
 * `first`: the token of the first row, for errors.
 * @throws SpectroscopeError bad-input: a vector that is not finite, before or after, or too large for f32 products
 */
export function scaleTokens(
  { width, scaling, center }: Pick<Encoder, "width" | "scaling" | "center">,
  reach: Reach,
  x: Float32Array,
  rows: number,
  first: number,
  out: Float64Array,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * width;
    const [shift, factor] = lineOf(scaling, x, at, width);
    let square = 0;
    for (let i = 0; i < width; i++) {
      const value = (x[at + i] - shift) * factor - (center ? center[i] : 0);
      out[at + i] = value;
      square += value * value;
    }
    const length = Math.sqrt(square);
    if (length <= LARGEST && reach.slope * length + reach.offset <= LARGEST) continue;
    const what = Number.isFinite(square) ? `are too large (length ${length.toPrecision(3)})` : "are not finite";
    throw new SpectroscopeError(`activations of token ${first + row} ${what} as the encoder scales them`, {
      code: "bad-input",
      hint: "look at the model's weights and at the encoder's scaling",
    });
  }
}

/** The shift and the factor that a scaling gives a vector. */
function lineOf(scaling: Encoder["scaling"], x: Float32Array, at: number, width: number): [number, number] {
  if (scaling.kind === "none") return [0, 1];
  if (scaling.kind === "factor") return [0, scaling.factor];
  if (scaling.kind === "unit_rms") {
    let square = 0;
    for (let i = 0; i < width; i++) square += x[at + i] * x[at + i];
    return [0, Math.sqrt(width / square)];
  }
  let mean = 0;
  for (let i = 0; i < width; i++) mean += x[at + i];
  mean /= width;
  let square = 0;
  for (let i = 0; i < width; i++) square += (x[at + i] - mean) ** 2;
  return [mean, 1 / (Math.sqrt(square / (width - 1)) + scaling.epsilon)];
}
