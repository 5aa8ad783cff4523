/** Encoders of sparse autoencoders as numbers, whatever file they came from. */

/** What is done to an activation vector x [d] before anything else. */
export type InputScaling =
  | { readonly kind: "none" }
  /** x times a number. */
  | { readonly kind: "factor"; readonly factor: number }
  /** (x - mean) / (s + epsilon), s the unbiased standard deviation over the vector. */
  | { readonly kind: "standardize"; readonly epsilon: number }
  /** x * sqrt(d) / |x|. */
  | { readonly kind: "unit_rms" };

/**
 * What becomes of pre-activations a [F] = weight x + bias. Ties of a choice go to the lower index.
 * `gate`: 1[weight x + gateBias > 0] * relu((weight x) * scale + bias), as in gated autoencoders.
 * `topk`: the k largest of a * score are kept, then relu(a * score). `groupmax`: the largest of each of k equal neighboring groups.
 */
export type Activation =
  | { readonly kind: "relu" }
  | { readonly kind: "jumprelu" /** [F]. relu(a) where a > threshold. */; readonly threshold: Float32Array }
  | { readonly kind: "gated"; readonly scale: Float32Array; readonly gateBias: Float32Array }
  | { readonly kind: "topk"; readonly k: number /** [F]; absent: 1. */; readonly score?: Float32Array }
  | { readonly kind: "groupmax"; readonly k: number };

/** An encoder: codes = activation(weight (scaled(x) - center) + bias). */
export interface Encoder {
  /** d: the width of what it reads. */
  readonly width: number;
  /** F: how many features. */
  readonly features: number;
  readonly scaling: InputScaling;
  /** [d]; absent: 0. */
  readonly center?: Float32Array;
  /** [F, d], row-major: a feature is a row. */
  readonly weight: Float32Array;
  /** [F]. */
  readonly bias: Float32Array;
  readonly activation: Activation;
}
