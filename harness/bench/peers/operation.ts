/** The operations that implementations are compared on: inputs, and what must come out, by our definitions in f64. */
import { backward as attentionBackward, forward as attentionForward } from "../../../kernels/attention/reference";
import { interleavedHeads } from "../../../kernels/common/heads";
import type { Arrays, Dims, Params } from "../../../kernels/kernel";
import {
  backward as layernormBackward,
  backwardParams as layernormBackwardParams,
  forward as layernormForward,
} from "../../../kernels/layernorm/reference";
import { backwardWeight, forwardBackward, forward as lossForward } from "../../../kernels/loss/reference";
import { nn, nt, tn } from "../../../kernels/matmul/reference";
import { seededRandom } from "../../test/random";

/** What is computed; a gradient's kind gives the forward values too, since some peers cannot leave them out. */
export type OperationKind = "matmul" | "layernorm" | "loss" | "attention";

/**
 * One operation of one size. Arrays by name, row-major:
 * - matmul: x [M, K], w [N, K], y = x w^T [M, N]; gradients from dy: dx, dw.
 * - layernorm: x [R, D], weight [D], bias [D], y [R, D]; gradients from dy: dx, dweight, dbias.
 * - loss: x [R, D], w [V, D], targets [R], losses [R] in nats: cross-entropy of the logits x w^T; gradients of their mean: dx, dw.
 * - attention: qkv [T, H, 3, K], out [T, H, K], causal, scores scaled by 1 / sqrt(K); gradient from dout: dqkv.
 */
export interface Operation {
  readonly name: string;
  readonly kind: OperationKind;
  /** Values and gradients, instead of values only. */
  readonly gradient: boolean;
  readonly dims: Dims;
  readonly inputs: Readonly<Record<string, Float32Array | Uint32Array>>;
  /** Minimum necessary FLOPs. */
  readonly flops: number;
  /** Every output by name, computed at the first call. */
  expected(): Readonly<Record<string, Float64Array>>;
}

/** Epsilon of the layer norms. */
export const EPS = 1e-5;

const none: ReadonlySet<string> = new Set();

/** Sizes without added terms, biases and groups, as the definitions want them. */
const bare = { G: 1, Nb: 1, Mr: 1, Nr: 1, Ga: 1, Ma: 1, Ka: 1, Ra: 1, Da: 1 };

type Expected = (inputs: Arrays, dims: Dims, gradient: boolean) => Arrays;

const definitions: Record<OperationKind, Expected> = {
  matmul: (inputs, dims, gradient) => ({
    ...nt({ ...inputs, bias: new Float64Array(1), residual: new Float64Array(1) }, dims, {}, none),
    ...(gradient ? { ...nn(inputs, dims, {}, none), ...tn(inputs, dims, {}, none) } : {}),
  }),
  layernorm: (inputs, dims, gradient) => {
    const { y, mean, rstd } = layernormForward(inputs, dims, { eps: EPS }, none);
    if (!gradient) return { y };
    const all = { ...inputs, mean, rstd, add: new Float64Array(1) };
    const params = { use_add: 0 };
    return { y, ...layernormBackward(all, dims, params, none), ...layernormBackwardParams(all, dims, params, none) };
  },
  loss: (inputs, dims, gradient) => {
    const params: Params = { scale: 1 / dims.R, first: 0 };
    if (!gradient) return { losses: lossForward(inputs, dims, params, none).losses };
    const { losses, lse, dx } = forwardBackward(inputs, dims, params, none);
    return { losses, dx, ...backwardWeight({ ...inputs, lse }, dims, params, none) };
  },
  attention: (inputs, dims, gradient) => {
    const params = attentionParams(dims);
    const { out, lse } = attentionForward(inputs, dims, params);
    return { out, ...(gradient ? attentionBackward({ ...inputs, out, lse }, dims, params) : {}) };
  },
};

/** What attention multiplies its scores by. */
export function scaleOf({ K }: Dims): number {
  return 1 / Math.sqrt(K);
}

/** That, and where q, k and v lie. */
export function attentionParams(dims: Dims): Params {
  return { scale: scaleOf(dims), ...interleavedHeads(dims.H, dims.K) };
}

const flops: Record<OperationKind, (dims: Dims, gradient: boolean) => number> = {
  matmul: ({ M, N, K }, gradient) => (gradient ? 3 : 1) * 2 * M * N * K,
  layernorm: ({ R, D }, gradient) => (gradient ? 8 + 14 + 4 : 8) * R * D,
  loss: ({ R, V, D }, gradient) => (gradient ? 3 : 1) * 2 * R * V * D,
  attention: ({ T, H, K }, gradient) => ((H * T * (T + 1)) / 2) * (gradient ? 14 * K + 20 : 4 * K + 10),
};

/** Shapes of the inputs; `w` of logits is scaled so that these have a standard deviation of about 3. */
function inputShapes(kind: OperationKind, d: Dims, gradient: boolean): Record<string, number> {
  const { M, N, K, R, D, V, T, H } = d;
  switch (kind) {
    case "matmul":
      return { x: M * K, w: N * K, ...(gradient ? { dy: M * N } : {}) };
    case "layernorm":
      return { x: R * D, weight: D, bias: D, ...(gradient ? { dy: R * D } : {}) };
    case "loss":
      return { x: R * D, w: V * D };
    case "attention":
      return { qkv: T * H * 3 * K, ...(gradient ? { dout: T * H * K } : {}) };
  }
}

/** One sequence, and keys and values of its own for every head. */
function headDims({ T, H, K }: Dims): Dims {
  return { B: 1, KV: H, S: T * H * 3 * K };
}

/** Makes an operation of given sizes. */
export function operation(name: string, kind: OperationKind, sizes: Dims, gradient = false): Operation {
  const dims: Dims = { ...bare, ...sizes, ...(kind === "attention" ? headDims(sizes) : {}) };
  const random = seededRandom(1);
  const inputs: Record<string, Float32Array | Uint32Array> = {};
  for (const [input, size] of Object.entries(inputShapes(kind, dims, gradient))) {
    const deviation = kind === "loss" && input === "w" ? 3 / Math.sqrt(dims.D) : 1;
    inputs[input] = Float32Array.from({ length: size }, () => deviation * random.normal());
  }
  if (kind === "loss") inputs.targets = Uint32Array.from({ length: dims.R }, () => random.integer(dims.V));
  let known: Record<string, Float64Array> | undefined;
  return {
    name,
    kind,
    gradient,
    dims,
    inputs,
    flops: flops[kind](dims, gradient),
    expected: () => {
      if (known) return known;
      const wide: Arrays = {};
      for (const [input, data] of Object.entries(inputs)) {
        wide[input] = data instanceof Uint32Array ? data : Float64Array.from(data);
      }
      known = definitions[kind](wide, dims, gradient) as Record<string, Float64Array>;
      return known;
    },
  };
}

/** The table's rows: the shapes of earlier studies on the same kind of adapter, and their gradients. */
export function operations(): Operation[] {
  const cube = { M: 512, N: 512, K: 512 };
  const rows = { R: 512, D: 128 };
  const vocabulary = { R: 256, D: 128, V: 8192 };
  const heads = { T: 256, H: 4, K: 32 };
  return [
    operation("matmul 512^3", "matmul", cube),
    operation("unembed 256x128x8192", "matmul", { M: 256, N: 8192, K: 128 }),
    operation("layernorm 512x128", "layernorm", rows),
    operation("loss 256x128x8192", "loss", vocabulary),
    operation("attention 4x256x32", "attention", heads),
    operation("matmul 512^3 + grad", "matmul", cube, true),
    operation("layernorm 512x128 + grad", "layernorm", rows, true),
    operation("loss 256x128x8192 + grad", "loss", vocabulary, true),
    operation("attention 4x256x32 + grad", "attention", heads, true),
  ];
}
