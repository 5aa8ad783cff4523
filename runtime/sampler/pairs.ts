/**
 * What a restricted run must sum up so that chi is known on all pairs of a context and a token. Logits z_xy = h_x . W_y are linear in
 * the last hidden state h and in the unembedding W, so no sums over all losses are needed: where only one of both moves, its sums
 * [N, D] or [V, D] say everything, exactly, by the kernel that sums up losses (`moments/covariance`). Where both move, as in a model
 * whose unembedding is its embedding, logits themselves are summed up, [N, V].
 */
import { SpectroscopeError } from "../../kernels/errors";
import { nt } from "../../kernels/matmul/nt";
import { covariance } from "../../kernels/moments/covariance";
import { type Call, call, reshape, type Slot, tensor, type View } from "../plan/plan";
import type { Model } from "../transformer/family";
import type { FixedTensors } from "../transformer/fixed";
import type { MovingWeights } from "../transformer/moving";
import type { Restriction } from "../transformer/restriction";
import type { SumViews } from "./sum-views";

export const PAIR_KINDS = ["hidden", "unembedding", "logits"] as const;
/** What of the logits moves: hidden states, the unembedding, or both. */
export type PairKind = (typeof PAIR_KINDS)[number];

/** Where what moves is summed up; M chains, E elements: N * D, V * D or N * V. */
export interface PairTensors {
  readonly kind: PairKind;
  /** E, without padding. */
  readonly elements: number;
  /** [M, E']; E' has the padding of a parameter block. */
  readonly sums: SumViews;
  /** What is taken off before it is summed, at w*, [E']: rounding is then that of the deviations. */
  readonly baseline: View;
}

/** Over the draws of each chain, of what `PairKind` says, [M, E]: mean rise over w*, and covariance with phi within the chain. */
export interface PairSums {
  readonly kind: PairKind;
  readonly elements: number;
  readonly mean: Float64Array | Float32Array;
  readonly covariance: Float64Array | Float32Array;
}

/** What a component moves of the logits. */
export function pairKind({ slices }: Restriction, { unembedding, embedding }: Model): PairKind {
  const names = new Set(slices.map(({ parameter }) => parameter));
  if (!names.has(unembedding)) return "hidden";
  return names.size === 1 && unembedding !== embedding ? "unembedding" : "logits";
}

/** A chain's elements of a kind, without padding. */
export function pairElements(kind: PairKind, { dims }: Model, tokens: number): number {
  return { hidden: tokens * dims.hidden, unembedding: dims.vocab * dims.hidden, logits: tokens * dims.vocab }[kind];
}

/** Makes them. @throws SpectroscopeError where a binding would not hold one of them */
export function pairTensors(
  {
    restriction,
    chains,
    tokens,
  }: { readonly restriction: Restriction; readonly chains: number; readonly tokens: number },
  model: Model,
  {
    blockSize,
    center,
    bindingBytes,
  }: { readonly blockSize: number; readonly center: View; readonly bindingBytes: number },
): PairTensors {
  const kind = pairKind(restriction, model);
  const elements = pairElements(kind, model, tokens);
  const whole = kind === "unembedding" ? blockSize : elements;
  const weights = kind === "logits" ? model.dims.vocab * model.dims.hidden : 0;
  const most = 4 * Math.max(chains * whole, weights);
  if (most > bindingBytes) {
    const [need, has] = [most, bindingBytes].map((bytes) => `${Math.ceil(bytes / 2 ** 20)} MiB`);
    throw new SpectroscopeError(
      `${restriction.name}: chi on all pairs of ${tokens} contexts needs ${need} in one binding, the device takes ${has}`,
      { code: "bad-input", hint: "measure fewer sequences, run fewer chains, or set keep_modes=false" },
    );
  }
  const state = (part: string) => tensor(`${restriction.name} ${kind} ${part}`, [chains, whole], "kept");
  return {
    ...{ kind, elements },
    sums: { sum_d: state("sum"), sum_phi_d: state("phi sum"), c_d: state("carry"), c_phi_d: state("phi carry") },
    baseline: kind === "unembedding" ? center : tensor(`${restriction.name} ${kind} at w*`, [whole], "kept"),
  };
}

/** What a draw adds to them. */
export function pairCalls(
  { kind, sums, baseline }: PairTensors,
  {
    phi,
    weights,
    hidden,
    moving,
    fixed,
    model,
  }: {
    readonly phi: View;
    readonly weights: View;
    /** [M, N, D]. */
    readonly hidden: View;
    readonly moving: MovingWeights;
    readonly fixed: FixedTensors;
    readonly model: Pick<Model, "unembedding" | "dims">;
  },
): Call[] {
  const shape = sums.sum_d.shape;
  const add = (label: string, values: View) =>
    call(label, covariance, { losses: reshape(values, shape), baseline, phi, ...sums });
  if (kind === "hidden") return [add("hidden moments", hidden)];
  if (kind === "unembedding") return [add("unembedding moments", weights)];
  const [M, N] = hidden.shape.length === 3 ? hidden.shape : [shape[0], hidden.shape[0]];
  const logits = tensor("logits of pairs", [M, N, model.dims.vocab], "local");
  const w = moving.find(model.unembedding)!.view;
  const tensors = { x: hidden, w, bias: fixed.none(1), residual: fixed.none(2), y: logits };
  return [call("logits of pairs", nt, tensors, { use_bias: 0, use_residual: 0 }), add("logits moments", logits)];
}

/** The slots that are a component's own. */
export function pairSlots({ kind, sums, baseline }: PairTensors): Slot[] {
  const own = Object.values(sums as unknown as Record<string, View>).map(({ slot }) => slot);
  return kind === "unembedding" ? own : [...own, baseline.slot];
}

/**
 * Means and covariances of whole sums (both f32 parts added in f64, [M, E'] each).
 * @param phi of every draw, [draws, M]
 */
export function pairSums(
  { kind, elements }: PairTensors,
  { sumD, sumPhiD }: { readonly sumD: Float64Array; readonly sumPhiD: Float64Array },
  phi: Float32Array,
  chains: number,
): PairSums {
  const draws = phi.length / chains;
  const whole = sumD.length / chains;
  const [mean, within] = [new Float64Array(chains * elements), new Float64Array(chains * elements)];
  for (let m = 0; m < chains; m++) {
    let phiMean = 0;
    for (let s = 0; s < draws; s++) phiMean += phi[s * chains + m] / draws;
    for (let i = 0; i < elements; i++) {
      const own = sumD[m * whole + i] / draws;
      mean[m * elements + i] = own;
      within[m * elements + i] = sumPhiD[m * whole + i] / draws - phiMean * own;
    }
  }
  return { kind, elements, mean, covariance: within };
}
