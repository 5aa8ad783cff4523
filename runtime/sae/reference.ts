/** Codes by the definition of an encoder, in float64 and in loops that can be read: what kernels and readers are held to. */
import type { Activation, Encoder, InputScaling } from "./encoder";

function scaled(x: Float64Array, scaling: InputScaling): Float64Array {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  switch (scaling.kind) {
    case "none":
      return x;
    case "factor":
      return x.map((value) => value * scaling.factor);
    case "standardize": {
      const mean = sum(x) / x.length;
      const centered = x.map((value) => value - mean);
      const deviation = Math.sqrt(sum(centered.map((value) => value ** 2)) / (x.length - 1));
      return centered.map((value) => value / (deviation + scaling.epsilon));
    }
    case "unit_rms": {
      const norm = Math.sqrt(sum(x.map((value) => value ** 2)));
      return x.map((value) => (value * Math.sqrt(x.length)) / norm);
    }
  }
}

const relu = (value: number) => (value > 0 ? value : 0);

/** Codes of one token, and what its scores were before a choice. */
interface Decided {
  readonly codes: Float64Array;
  /** How far what decides whether a feature is on is from deciding otherwise. */
  readonly margins: Float64Array;
  readonly scores: Float64Array;
}

/** The k largest of each group of features; of equals those of lower index. */
function chosen(scores: Float64Array, group: number, k: number): Decided {
  const codes = new Float64Array(scores.length);
  const margins = new Float64Array(scores.length);
  for (let from = 0; from < scores.length; from += group) {
    const order = Array.from({ length: group }, (_, i) => from + i).sort((a, b) => scores[b] - scores[a] || a - b);
    for (const f of order.slice(0, k)) codes[f] = relu(scores[f]);
    const edge = k < group ? (scores[order[k - 1]] + scores[order[k]]) / 2 : Number.NEGATIVE_INFINITY;
    for (const f of order) margins[f] = Math.min(Math.abs(scores[f]), Math.abs(scores[f] - edge));
  }
  return { codes, margins, scores };
}

/** @param products weight (x - center), without the bias */
function activated(products: Float64Array, bias: Float32Array, activation: Activation): Decided {
  const sums = products.map((value, f) => value + bias[f]);
  switch (activation.kind) {
    case "relu":
      return { codes: sums.map(relu), margins: sums.map(Math.abs), scores: sums };
    case "jumprelu": {
      const { threshold } = activation;
      return {
        codes: sums.map((value, f) => (value > threshold[f] ? relu(value) : 0)),
        margins: sums.map((value, f) => Math.min(Math.abs(value), Math.abs(value - threshold[f]))),
        scores: sums,
      };
    }
    case "gated": {
      const gates = products.map((value, f) => value + activation.gateBias[f]);
      const scores = products.map((value, f) => value * activation.scale[f] + bias[f]);
      return {
        codes: scores.map((value, f) => (gates[f] > 0 ? relu(value) : 0)),
        margins: scores.map((value, f) => Math.min(Math.abs(value), Math.abs(gates[f]))),
        scores,
      };
    }
    case "topk": {
      const { k, score } = activation;
      return chosen(score ? sums.map((value, f) => value * score[f]) : sums, sums.length, k);
    }
    case "groupmax":
      return chosen(sums, sums.length / activation.k, 1);
  }
}

/** Codes and how sure they are, all row-major. */
export interface ReferenceCodes {
  /** [T, F]. */
  readonly codes: Float64Array;
  /** [T, F]: how far what decides whether a feature is on is from deciding otherwise. */
  readonly margins: Float64Array;
  /** [T]: the largest score in size. */
  readonly scales: Float64Array;
}

/** Codes of vectors x [T, d] with their margins. A vector that a scaling makes NaN of has no code above 0. */
export function referenceCodes(encoder: Encoder, x: ArrayLike<number>): ReferenceCodes {
  const { width, features, weight, bias, center, scaling, activation } = encoder;
  const tokens = x.length / width;
  const codes = new Float64Array(tokens * features);
  const margins = new Float64Array(tokens * features);
  const scales = new Float64Array(tokens);
  for (let t = 0; t < tokens; t++) {
    const row = Float64Array.from({ length: width }, (_, i) => x[t * width + i]);
    const read = scaled(row, scaling).map((value, i) => value - (center?.[i] ?? 0));
    const products = new Float64Array(features);
    for (let f = 0; f < features; f++) for (let i = 0; i < width; i++) products[f] += weight[f * width + i] * read[i];
    const decided = activated(products, bias, activation);
    codes.set(decided.codes, t * features);
    margins.set(decided.margins, t * features);
    scales[t] = decided.scores.reduce((most, score) => Math.max(most, Math.abs(score)), 0);
  }
  return { codes, margins, scales };
}

/** Codes [T, F] of vectors x [T, d]. */
export const encodeReference = (encoder: Encoder, x: ArrayLike<number>): Float64Array =>
  referenceCodes(encoder, x).codes;
