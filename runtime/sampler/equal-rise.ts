/** The prior whose rise is that of chains: a localization for each of its chains, found by trials. */
import { SpectroscopeError } from "../../kernels/errors";
import { type ChainSpec, chainNumbers } from "./chain-plans";
import type { Lockstep } from "./lockstep";
import { nextScale, type ScaledRise } from "./wanted-rise";

/** What a component's chains are matched to; M chains. */
export interface RiseTarget {
  /** Mean rise that each is to have, nats, [M]. */
  readonly wanted: Float64Array;
  /** phi of the same chains' draws, all of them, at the localization of the settings, [draws, M]. */
  readonly prior: Float32Array;
}

/** The target of chains whose phi was that, and whose prior's was this: [draws, chains] both. */
export function riseTarget(phi: Float32Array, prior: Float32Array, chains: number): RiseTarget {
  const sums = new Float64Array(chains);
  for (let i = 0; i < phi.length; i++) sums[i % chains] += phi[i];
  return { wanted: sums.map((sum) => (sum * chains) / phi.length), prior };
}

/**
 * Draws of the trials, as shares of those of the run, and at most. The first finds where to look, the second looks there; after it
 * the secant is taken. As all localizations have the same noise, few draws say how their rises compare.
 */
const TRIALS = [
  { share: 1 / 8, most: 8 },
  { share: 3 / 8, most: 24 },
] as const;
/** Least and greatest scale 1 / localization, as shares of that of the settings. */
const BOUNDS = [1e-4, 1e3] as const;

/** Draws of each trial: all trials together have at most half of those of the run, where that has 4 or more. */
export function trialDraws(draws: number): number[] {
  return TRIALS.map(({ share, most }) => Math.max(1, Math.min(most, Math.floor(share * draws))));
}

/**
 * Gives chains that have drawn nothing yet the localizations whose mean rises are the wanted ones, chain by chain. A trial's few
 * draws have the noise of the prior's own first ones, so their ratio to those times the mean over all of the prior's draws is what
 * all draws would have. Each chain's trials depend on no other chain.
 * @param targets by component of the lockstep
 * @throws SpectroscopeError when there are not as many targets as chains, or the chains are not drawn directly
 */
export async function matchRises(lockstep: Lockstep, targets: readonly RiseTarget[]): Promise<void> {
  const { components } = lockstep;
  const searches = components.map(({ spec }, i) => new Search(targets[i], spec));
  const place = () => {
    for (const [i, { spec }] of components.entries()) {
      lockstep.setLocalization(i, searches[i].localization(spec.settings.localization));
    }
  };
  for (const count of trialDraws(components[0].spec.settings.num_draws)) {
    place();
    const found = await lockstep.trial(count);
    for (const [i, search] of searches.entries()) search.add(found[i], count);
  }
  place();
}

/** The search of one component: what is known of each of its chains. */
class Search {
  private readonly known: ScaledRise[][];
  private readonly scales: Float64Array;

  constructor(
    private readonly target: RiseTarget,
    spec: ChainSpec,
  ) {
    const { wanted, prior } = target;
    const [chains, draws] = [chainNumbers(spec).length, spec.settings.num_draws];
    if (wanted.length !== chains || prior.length !== draws * chains) {
      throw new SpectroscopeError(
        `equal rise: ${wanted.length} chains with ${prior.length} draws are to be matched by ${chains} with ${draws} each`,
        { code: "bad-input", hint: "match chains to as many chains and draws" },
      );
    }
    this.known = Array.from({ length: chains }, (_, m) => [{ scale: 1, rise: this.mean(prior, m, draws) }]);
    this.scales = new Float64Array(chains);
  }

  /** What to try next, or to take, [M]. */
  localization(own: number): Float32Array {
    for (const [m, known] of this.known.entries()) this.scales[m] = nextScale(known, this.target.wanted[m], BOUNDS);
    return Float32Array.from(this.scales, (scale) => own / scale);
  }

  /** Takes phi of a trial of the scales told last, [count, M]. */
  add(phi: Float64Array, count: number): void {
    for (const [m, known] of this.known.entries()) {
      const trial = this.mean(phi, m, count);
      const same = this.mean(this.target.prior, m, count);
      // A few draws may fall by chance; then their ratio says nothing, and they are taken as they are.
      const rise = same > 0 ? (known[0].rise * trial) / same : trial;
      known.push({ scale: this.scales[m], rise });
    }
  }

  /** Mean of the first draws of a chain. */
  private mean(phi: ArrayLike<number>, chain: number, draws: number): number {
    const chains = this.target.wanted.length;
    let sum = 0;
    for (let s = 0; s < draws; s++) sum += phi[s * chains + chain];
    return sum / draws;
  }
}
