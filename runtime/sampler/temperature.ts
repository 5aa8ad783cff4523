import type { SamplerSettings } from "../config/sampler";

/** One chain under BAOAB at a moment: arrays of its parameter block, [P]. */
export interface KickedPoint {
  readonly w: ArrayLike<number>;
  /** Momentum before the kick. */
  readonly p: ArrayLike<number>;
  /** Gradient of the mean loss at w, of the minibatch that kicks. */
  readonly g: ArrayLike<number>;
}

/** What of the settings the temperature depends on. */
export type TemperatureSettings = Pick<
  SamplerSettings,
  "lr" | "n_beta" | "localization" | "llc_weight_decay" | "noise_level"
>;

/**
 * Kinetic temperature of BAOAB's momenta after their kick, p - sqrt(lr) grad U: their mean square over the weights, in units of
 * the noise's own. On a quadratic U it is 1 at every stable step: in equilibrium a kicked momentum is, turned round, one before its
 * kick, whose variance the friction and its noise keep. Gradients that are noisy, or change within a step by more than a quadratic's
 * would, heat it; a chain that its steps throw off is far above 1. Of P weights it is good to sqrt(2 / P).
 *
 * @param center the trained weights, [P]
 * @param entries what of the block are weights; the padding between them moves too but belongs to no posterior
 */
export function kineticTemperature(
  { w, p, g }: KickedPoint,
  center: ArrayLike<number>,
  { lr, n_beta, localization, llc_weight_decay, noise_level }: TemperatureSettings,
  entries: readonly { readonly offset: number; readonly size: number }[],
): number {
  const h = Math.sqrt(lr);
  let [squares, weights] = [0, 0];
  for (const { offset, size } of entries) {
    for (let i = offset; i < offset + size; i++) {
      const slope = n_beta * g[i] + localization * (w[i] - center[i]) + llc_weight_decay * w[i];
      squares += (p[i] - h * slope) ** 2;
    }
    weights += size;
  }
  return squares / weights / noise_level ** 2;
}
