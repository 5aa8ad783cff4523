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

/** The k largest of some values by their indices; of equals those of lower index. */
function largest(values: Float64Array, k: number): readonly number[] {
  return Array.from(values.keys())
    .sort((a, b) => values[b] - values[a] || a - b)
    .slice(0, k);
}

/** @param products weight (x - center), without the bias */
function activated(products: Float64Array, bias: Float32Array, activation: Activation): Float64Array {
  const sums = products.map((value, f) => value + bias[f]);
  switch (activation.kind) {
    case "relu":
      return sums.map(relu);
    case "jumprelu":
      return sums.map((value, f) => (value > activation.threshold[f] ? relu(value) : 0));
    case "gated":
      return products.map((value, f) =>
        value + activation.gateBias[f] > 0 ? relu(value * activation.scale[f] + bias[f]) : 0,
      );
    case "topk": {
      const { k, score } = activation;
      const scores = score ? sums.map((value, f) => value * score[f]) : sums;
      const kept = new Set(largest(scores, k));
      return scores.map((value, f) => (kept.has(f) ? relu(value) : 0));
    }
    case "groupmax": {
      const size = sums.length / activation.k;
      const codes = new Float64Array(sums.length);
      for (let from = 0; from < sums.length; from += size) {
        const at = from + largest(sums.subarray(from, from + size), 1)[0];
        codes[at] = relu(sums[at]);
      }
      return codes;
    }
  }
}

/** Codes [T, F] of vectors x [T, d], both row-major. */
export function encodeReference(encoder: Encoder, x: ArrayLike<number>): Float64Array {
  const { width, features, weight, bias, center, scaling, activation } = encoder;
  const tokens = x.length / width;
  const codes = new Float64Array(tokens * features);
  for (let t = 0; t < tokens; t++) {
    const row = Float64Array.from({ length: width }, (_, i) => x[t * width + i]);
    const read = scaled(row, scaling).map((value, i) => value - (center?.[i] ?? 0));
    const products = new Float64Array(features);
    for (let f = 0; f < features; f++) for (let i = 0; i < width; i++) products[f] += weight[f * width + i] * read[i];
    codes.set(activated(products, bias, activation), t * features);
  }
  return codes;
}
