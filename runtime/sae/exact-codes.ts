import type { Encoder } from "./encoder";
import type { SparseCodes } from "./firing-list";

/**
 * Codes that fire once more, in f64 from the definition, rounded once: a small code is what is left of large terms, and f32 sums
 * leave it few digits. So values are the same on every device; which features are looked at is the device's f32 decision. What is
 * not above `active` after all is dropped. O(codes d).
 *
 * @param x scaled tokens of the block, [tokens, d]
 */
export function exactCodes(encoder: Encoder, x: Float64Array, block: SparseCodes, active: number): SparseCodes {
  const { width, weight } = encoder;
  const codeOf = codeFunction(encoder);
  const { from, tokens } = block;
  const starts = new Uint32Array(tokens + 1);
  const features = new Uint32Array(block.features.length);
  const values = new Float32Array(block.features.length);
  let size = 0;
  for (let t = 0; t < tokens; t++) {
    for (let i = block.starts[t]; i < block.starts[t + 1]; i++) {
      const f = block.features[i];
      const value = codeOf(f, product(x, t * width, weight, f * width, width));
      if (!(value > active)) continue;
      features[size] = f;
      values[size++] = value;
    }
    starts[t + 1] = size;
  }
  return { from, tokens, starts, features: features.slice(0, size), values: values.slice(0, size) };
}

/** In four sums, which an engine computes side by side. */
function product(x: Float64Array, a: number, weight: Float32Array, b: number, width: number): number {
  const whole = width - (width % 4);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    s0 += x[a + i] * weight[b + i];
    s1 += x[a + i + 1] * weight[b + i + 1];
    s2 += x[a + i + 2] * weight[b + i + 2];
    s3 += x[a + i + 3] * weight[b + i + 3];
  }
  for (let i = whole; i < width; i++) s0 += x[a + i] * weight[b + i];
  return s0 + s1 + (s2 + s3);
}

/** The code of a feature that is chosen, from its product, as f32. */
function codeFunction({ bias, activation }: Encoder): (f: number, product: number) => number {
  if (activation.kind === "gated") {
    const { scale } = activation;
    return (f, p) => Math.fround(p * scale[f] + bias[f]);
  }
  if (activation.kind === "topk" && activation.score) {
    const { score } = activation;
    return (f, p) => Math.fround((p + bias[f]) * score[f]);
  }
  return (f, p) => Math.fround(p + bias[f]);
}
