/** An encoder that learned nothing: what it matches is what any projection of the same activations would. */
import { deriveKey, normals } from "../../kernels/philox/philox";
import type { Encoder } from "./encoder";
import { scaleTokens } from "./scaling";

/** The mean of activation vectors as an encoder scales them, of any number of blocks. */
export class ScaledMean {
  private readonly sum: Float64Array;
  private rows = 0;

  constructor(private readonly encoder: Pick<Encoder, "width" | "scaling">) {
    this.sum = new Float64Array(encoder.width);
  }

  /** @param x [rows, width] @throws SpectroscopeError for vectors that are not finite */
  add(x: Float32Array): void {
    const { width, scaling } = this.encoder;
    const rows = x.length / width;
    const scaled = new Float64Array(x.length);
    scaleTokens({ width, scaling }, { slope: 1, offset: 0 }, x, rows, this.rows, scaled);
    for (let i = 0; i < scaled.length; i++) this.sum[i % width] += scaled[i];
    this.rows += rows;
  }

  /** [width]; 0 of no vectors. */
  mean(): Float32Array {
    return Float32Array.from(this.sum, (sum) => (this.rows > 0 ? sum / this.rows : 0));
  }
}

/**
 * An encoder of as many features and the same scaling whose rows are random directions of length 1, of which the `k` largest fire.
 * @param center [width]: the mean of what it reads; without it one direction that all vectors share would choose the same features
 * @param number of the draw: another one has other directions
 */
export function randomDirections(
  { width, features, scaling }: Pick<Encoder, "width" | "features" | "scaling">,
  center: Float32Array,
  k: number,
  seed: number,
  number: number,
): Encoder {
  const key = deriveKey(seed, "sae random directions", number);
  const weight = new Float32Array(features * width);
  for (let f = 0; f < features; f++) {
    const row = normals(key, f, width);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let i = 0; i < width; i++) weight[f * width + i] = row[i] / length;
  }
  const bias = new Float32Array(features);
  return { width, features, scaling, center, weight, bias, activation: { kind: "topk", k: Math.min(k, features) } };
}
