import { SpectroscopeError } from "../../kernels/errors";
import type { SamplerSettings } from "../config/sampler";
import type { View } from "../plan/plan";
import type { ChainTensors } from "./chain-plans";

/** The arrays of a state; M chains, P block elements, N probe tokens, S draws so far. */
export interface StateArrays {
  /** [M, P]. */
  readonly w: Float32Array;
  /** RMSprop's second moment, [M, P]. */
  readonly v?: Float32Array;
  /** Of weights that are drawn directly, [M]. */
  readonly localization?: Float32Array;
  /** BAOAB's momenta, [M, P]. */
  readonly p?: Float32Array;
  /** Streaming sums and what rounding took from them, [M, N] each; the same of the shifted-draws control. */
  readonly sum_d: Float32Array;
  readonly sum_phi_d: Float32Array;
  readonly c_d: Float32Array;
  readonly c_phi_d: Float32Array;
  readonly m2: Float32Array;
  readonly c_m2: Float32Array;
  readonly sum_d_shifted: Float32Array;
  readonly sum_phi_d_shifted: Float32Array;
  readonly c_d_shifted: Float32Array;
  readonly c_phi_d_shifted: Float32Array;
  /** Those of all pairs, where they are kept: see pairs.ts. */
  readonly sum_pairs?: Float32Array;
  readonly sum_phi_pairs?: Float32Array;
  readonly c_pairs?: Float32Array;
  readonly c_phi_pairs?: Float32Array;
  /** l(w*) of the probe and of the sampling task. */
  readonly baseline: Float32Array;
  readonly task_baseline: Float32Array;
  /** [S, M]. */
  readonly phi: Float32Array;
  /** [checks, M]. */
  readonly log_acceptance: Float32Array;
  /** [checks, M]. */
  readonly kinetic_temperature: Float32Array;
}

/** Where chains stand between two draws. Noise and minibatches follow from the counts, so no generator is in it. */
export interface ChainState {
  /** Updates and draws that were made. */
  readonly update: number;
  readonly drawn: number;
  readonly arrays: StateArrays;
}

/** The arrays that lie on the device, by name. */
export function stateViews({
  views,
  sums,
  squares,
  shiftedSums,
  pairs,
}: Pick<ChainTensors, "views" | "sums" | "squares" | "shiftedSums" | "pairs">): (readonly [keyof StateArrays, View])[] {
  return [
    ["w", views.w],
    ...(views.v ? [["v", views.v] as const] : []),
    ...(views.localization ? [["localization", views.localization] as const] : []),
    ...(views.p ? [["p", views.p] as const] : []),
    ["sum_d", sums.sum_d],
    ["sum_phi_d", sums.sum_phi_d],
    ["c_d", sums.c_d],
    ["c_phi_d", sums.c_phi_d],
    ["m2", squares.m2],
    ["c_m2", squares.c_m2],
    ["sum_d_shifted", shiftedSums.sum_d],
    ["sum_phi_d_shifted", shiftedSums.sum_phi_d],
    ["c_d_shifted", shiftedSums.c_d],
    ["c_phi_d_shifted", shiftedSums.c_phi_d],
    ...(pairs
      ? ([
          ["sum_pairs", pairs.sums.sum_d],
          ["sum_phi_pairs", pairs.sums.sum_phi_d],
          ["c_pairs", pairs.sums.c_d],
          ["c_phi_pairs", pairs.sums.c_phi_d],
        ] as const)
      : []),
  ];
}

/** @throws SpectroscopeError when a state is not one of these chains */
export function checkState({ drawn, arrays }: ChainState, planned: ChainTensors, settings: SamplerSettings): void {
  const refuse = (why: string): never => {
    throw new SpectroscopeError(`saved state of the chains: ${why}`, {
      hint: "it belongs to another run: delete it to begin this one anew",
    });
  };
  for (const [name, { slot }] of stateViews(planned)) {
    const length = arrays[name]?.length;
    if (length !== slot.size) refuse(`${name} has ${length ?? "no"} elements, ${slot.size} are needed`);
  }
  const tokens = planned.views.baseline.slot.size;
  if (arrays.baseline.length !== tokens) refuse(`baseline has ${arrays.baseline.length} tokens, the probe ${tokens}`);
  const task = planned.views.taskMinusBaseline?.slot.size ?? tokens;
  if (arrays.task_baseline.length !== task) {
    refuse(`task_baseline has ${arrays.task_baseline.length} tokens, the sampling task ${task}`);
  }
  const chains = planned.views.phi.slot.size;
  if (drawn > settings.num_draws || arrays.phi.length !== drawn * chains) {
    refuse(`phi has ${arrays.phi.length} entries after ${drawn} draws of ${chains} chains`);
  }
}
