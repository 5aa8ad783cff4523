import { SpectroscopeError } from "../../kernels/errors";
import { drawsDirectly, type SamplerSettings } from "../config/sampler";

/** A chain at one moment, on one minibatch. Arrays are one chain's parameter block, [P]. */
export interface ChainPoint {
  readonly w: ArrayLike<number>;
  /** Gradient of the minibatch's mean loss at w. */
  readonly g: ArrayLike<number>;
  /** The minibatch's mean loss at w, nats. */
  readonly loss: number;
}

/** RMSprop's second moment as the update used it: the step of an element is lr / (sqrt(v correction) + rmsprop_eps). */
export interface Preconditioner {
  readonly v: ArrayLike<number>;
  readonly correction: number;
}

/** What of the settings the ratio depends on. */
export type AcceptanceSettings = Pick<
  SamplerSettings,
  | "sampling_method"
  | "lr"
  | "n_beta"
  | "localization"
  | "llc_weight_decay"
  | "rmsprop_eps"
  | "noise_level"
  | "bounding_box_size"
>;

/**
 * Whether updates have an acceptance at all: another noise than the posterior's, a box that clamps, and draws without a
 * chain make no proposals of MALA's kind, and neither do updates that carry a momentum.
 */
export function hasAcceptance(settings: AcceptanceSettings): boolean {
  return (
    settings.sampling_method !== "sgmcmc_baoab" &&
    settings.noise_level === 1 &&
    settings.bounding_box_size === 0 &&
    !drawsDirectly(settings as SamplerSettings)
  );
}

/**
 * Logarithm of the ratio by which Metropolis and Hastings would accept the update `from` -> `to` as a proposal of MALA
 * (Roberts and Tweedie 1996), N(w - eps/2 grad U(w), eps) for exp(-U) with
 * `U(w) = n_beta L(w) + localization/2 |w - center|^2 + llc_weight_decay/2 |w|^2`, L the loss of this one minibatch.
 * SGLD takes every proposal; how far these ratios spread about 0 tells its step size's error (`acceptanceRate`).
 *
 * With G = grad U and s = to - from the noises are `r = s + eps/2 G` forth and `r' = -s + eps/2 G'` back, and the
 * densities' part `sum (r - r')(r + r') / (2 eps)` is `sum s (G + G') / 2 + eps/8 (G - G')(G + G')`. The quadratic terms
 * of its first half cancel those of U(from) - U(to) exactly. So only the loss is left there, and no two large sums are
 * subtracted: `n_beta (L - L' + s . (g + g') / 2) + sum eps/8 (G - G')(G + G')`.
 *
 * With RMSprop the preconditioner of the update is held fixed for the way back.
 *
 * @param center the trained weights, [P]
 * @param entries what of the block are weights; the padding between them moves too but belongs to no posterior
 * @param preconditioner RMSprop's, needed for `rmsprop_sgld` and ignored otherwise
 * @throws SpectroscopeError where `hasAcceptance` is false, for RMSprop without a preconditioner, and for arrays of
 *   other sizes
 */
export function logAcceptance(
  from: ChainPoint,
  to: ChainPoint,
  center: ArrayLike<number>,
  settings: AcceptanceSettings,
  entries: readonly { readonly offset: number; readonly size: number }[],
  preconditioner?: Preconditioner,
): number {
  const { lr, n_beta, localization, llc_weight_decay, rmsprop_eps, sampling_method } = settings;
  if (!hasAcceptance(settings)) {
    const { noise_level, bounding_box_size } = settings;
    throw new SpectroscopeError(
      `acceptance: there is none with noise_level ${noise_level}, bounding_box_size ${bounding_box_size} and n_beta ${n_beta}`,
      { hint: "it needs noise_level 1, no box and n_beta above 0" },
    );
  }
  const rmsprop = sampling_method === "rmsprop_sgld" ? preconditioner : undefined;
  if (sampling_method === "rmsprop_sgld" && !rmsprop) {
    throw new SpectroscopeError("acceptance: rmsprop_sgld without its second moment", { code: "internal" });
  }
  const P = center.length;
  for (const values of [from.w, from.g, to.w, to.g, rmsprop?.v]) {
    if (values && values.length !== P) {
      throw new SpectroscopeError(`acceptance: a block of ${values.length} elements beside a center of ${P}`, {
        code: "internal",
      });
    }
  }
  let along = 0;
  let bend = 0;
  for (const { offset, size } of entries) {
    for (let i = offset; i < offset + size; i++) {
      const eps = rmsprop ? lr / (Math.sqrt(rmsprop.v[i] * rmsprop.correction) + rmsprop_eps) : lr;
      const [w, next, g, gNext] = [from.w[i], to.w[i], from.g[i], to.g[i]];
      const step = next - w;
      along += step * (g + gNext);
      const difference = n_beta * (g - gNext) - (localization + llc_weight_decay) * step;
      const sum =
        n_beta * (g + gNext) + localization * (w - center[i] + (next - center[i])) + llc_weight_decay * (w + next);
      bend += eps * difference * sum;
    }
  }
  return n_beta * (from.loss - to.loss + along / 2) + bend / 8;
}
