import { baoabStep, persistence, type SamplerSettings } from "../config/sampler";

/** Relaxation times between draws that leave them all but independent: exp(-2.5) = 0.08. */
export const THINNING = 2.5;
/** Relaxation times after which chains have forgotten where they started: exp(-3) = 0.05. */
const BURNIN = 3;
/** Updates after which a burn-in that is still too short is given up on. */
const MOST_UPDATES = 10_000_000;

/**
 * Step of an update where the loss is flat. SGLD, BAOAB: lr. RMSprop: lr / rmsprop_eps, an estimate and a bound from above:
 * the second moment decays to the square of the gradient's own noise, which counts for nothing while that is far below
 * rmsprop_eps.
 */
export function stepInFlatDirections({ sampling_method, lr, rmsprop_eps }: SamplerSettings): number {
  return sampling_method === "rmsprop_sgld" ? lr / rmsprop_eps : lr;
}

/**
 * Relaxation time where the loss is flat, in updates: tau = 2 / (eps (localization + llc_weight_decay)), BAOAB's by
 * `baoabRelaxation`. Infinite without a pull.
 */
export function relaxationTime(settings: SamplerSettings): number {
  if (settings.sampling_method === "sgmcmc_baoab") return baoabRelaxation(baoabStep(settings), persistence(settings));
  return 2 / (stepInFlatDirections(settings) * (settings.localization + settings.llc_weight_decay));
}

/**
 * Updates in which BAOAB's slowest motion on a harmonic pull falls to 1 / e. In units of the pull's standard deviation an update
 * takes position and momentum (x, p) to ((1 - a e) x + a p, -c e x + c p) and adds noise; e is the step, c the persistence,
 * a = e (1 + c) / 2. Eigenvalues have the product c and the sum 1 - a e + c: a pair of modulus sqrt(c) where they are complex,
 * which is where little friction lets positions swing, and otherwise the larger of two.
 */
function baoabRelaxation(e: number, c: number): number {
  const half = (1 + c - (e * e * (1 + c)) / 2) / 2;
  const square = half * half - c;
  const modulus = square < 0 ? Math.sqrt(c) : Math.abs(half) + Math.sqrt(square);
  return modulus > 0 ? -1 / Math.log(modulus) : 0;
}

/**
 * Updates after which 3 relaxation times have passed where the loss is flat. RMSprop that starts at 1 with bias
 * correction has v = a^t / (1 - a^t) there after t updates, so its first steps are far smaller than later ones and are
 * summed up one by one. Undefined without a pull.
 */
export function burninWanted(settings: SamplerSettings): number | undefined {
  const tau = relaxationTime(settings);
  if (!Number.isFinite(tau)) return undefined;
  const { sampling_method, rmsprop_init, rmsprop_alpha, rmsprop_eps } = settings;
  const steady = Math.ceil(BURNIN * tau);
  if (sampling_method !== "rmsprop_sgld" || rmsprop_init === "zeros") return steady;
  let passed = 0;
  for (let t = 1; t <= MOST_UPDATES; t++) {
    const kept = rmsprop_alpha ** t;
    const step = rmsprop_eps / (Math.sqrt(kept / (1 - kept)) + rmsprop_eps);
    passed += step / tau;
    if (passed >= BURNIN) return t;
    // From here on steps are what they will be.
    if (step > 1 - 1e-9) return t + Math.ceil((BURNIN - passed) * tau);
  }
  return MOST_UPDATES;
}
