import { erf } from "../common/erf";
import { gelu, geluDerivative } from "../common/erf.reference";
import type { Chunk, Tolerance } from "../kernel";
import geluSource from "./gelu.wgsl";
import geluTanhSource from "./gelu_tanh.wgsl";
import reluSource from "./relu.wgsl";

/** An activation function: its WGSL, its definition in f64 and how near f32 comes to it. */
export interface ActivationFunction {
  /** Pieces that define `activation(x)` and `activation_slope(x)`. */
  readonly chunks: readonly Chunk[];
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
  /** Operations an element. */
  readonly flops: number;
  readonly tolerance: { readonly forward: Tolerance; readonly backward: Tolerance };
}

const SCALE = Math.sqrt(2 / Math.PI);

/** s = (1 + tanh u) / 2, without the cancellation of 1 + tanh u for negative u. */
function logistic(x: number): number {
  return 1 / (1 + Math.exp(-2 * SCALE * (x + 0.044715 * x ** 3)));
}

const exact = "a maximum, or a copy";

/** Every activation function by the name that kernels have for it. */
export const activationFunctions = {
  gelu: {
    chunks: [erf, { file: "activation/gelu.wgsl", source: geluSource }],
    value: gelu,
    slope: geluDerivative,
    // Two short polynomials, an exponential and a quotient.
    flops: 40,
    tolerance: {
      forward: { absolute: 2e-7, relative: 1.2e-7, reason: "Phi to 1.2e-7, times |x|" },
      backward: { absolute: 2e-7, relative: 1.5e-7, reason: "the derivative to 3e-7, times |dy|" },
    },
  },
  gelu_tanh: {
    chunks: [{ file: "activation/gelu_tanh.wgsl", source: geluTanhSource }],
    value: (x) => (Math.abs(x) < 12 ? x * logistic(x) : Math.max(x, 0)),
    slope(x) {
      if (Math.abs(x) >= 12) return x > 0 ? 1 : 0;
      const s = logistic(x);
      return s + x * s * (1 - s) * 2 * SCALE * (1 + 3 * 0.044715 * x * x);
    },
    // A polynomial, an exponential and a quotient.
    flops: 20,
    tolerance: {
      forward: { absolute: 2e-7, relative: 3e-7, reason: "exp of an argument of up to 10, rounded once, times |x|" },
      backward: { absolute: 5e-7, relative: 3e-7, reason: "the same, times a factor of up to 4, times |dy|" },
    },
  },
  relu: {
    chunks: [{ file: "activation/relu.wgsl", source: reluSource }],
    value: (x) => Math.max(x, 0),
    slope: (x) => (x > 0 ? 1 : 0),
    flops: 1,
    tolerance: {
      forward: { absolute: 0, relative: 0, reason: exact },
      backward: { absolute: 0, relative: 0, reason: exact },
    },
  },
} satisfies Record<string, ActivationFunction>;

export type ActivationName = keyof typeof activationFunctions;
export const activationNames = Object.keys(activationFunctions) as ActivationName[];

/** One value for every function. */
export function forEachActivation<T>(
  make: (name: ActivationName, f: ActivationFunction) => T,
): Record<ActivationName, T> {
  return Object.fromEntries(activationNames.map((name) => [name, make(name, activationFunctions[name])])) as Record<
    ActivationName,
    T
  >;
}
