import type { SamplerSettings } from "../../runtime/config/sampler";

/** An even grid over a box of one or two weights. */
export interface Grid {
  readonly dims: number;
  /** Points of an axis. */
  readonly count: number;
  readonly spacing: number;
  /** [count^dims, dims], the last axis fastest. */
  readonly points: Float64Array;
}

/** Points from center - reach to center + reach. */
export function makeGrid(center: ArrayLike<number>, reach: number, count: number): Grid {
  const dims = center.length;
  const spacing = (2 * reach) / (count - 1);
  const points = new Float64Array(count ** dims * dims);
  for (let p = 0; p < count ** dims; p++) {
    for (let axis = 0; axis < dims; axis++) {
      const at = Math.floor(p / count ** (dims - 1 - axis)) % count;
      points[p * dims + axis] = center[axis] - reach + at * spacing;
    }
  }
  return { dims, count, spacing, points };
}

/** What the posterior of a component says, by a sum over a grid. */
export interface Integrals {
  /** Probability of every point, [points]. */
  readonly probability: Float64Array;
  /** The largest probability at the grid's rim, as a share of the largest of all: what the grid cuts off. */
  readonly rim: number;
}

/**
 * The posterior exp(-n_beta L - gamma/2 |w - w*|^2 - lambda/2 |w|^2) on a grid, normalized in f64. With `lr` above 0 it
 * is that of SGLD's steps: exp(-U + lr/2 q), q = |grad U|^2 / 4 - Laplacian U / 2 by differences. That is exact for a
 * quadratic loss up to the second order of lr, and what is left out is of second order for any.
 */
export function posterior(
  grid: Grid,
  loss: ArrayLike<number>,
  center: ArrayLike<number>,
  { n_beta, localization, llc_weight_decay }: Pick<SamplerSettings, "n_beta" | "localization" | "llc_weight_decay">,
  lr = 0,
): Integrals {
  const { dims, count, spacing, points } = grid;
  const size = points.length / dims;
  const energy = new Float64Array(size);
  for (let p = 0; p < size; p++) {
    energy[p] = n_beta * loss[p];
    for (let axis = 0; axis < dims; axis++) {
      const w = points[p * dims + axis];
      energy[p] += (localization / 2) * (w - center[axis]) ** 2 + (llc_weight_decay / 2) * w * w;
    }
  }
  const lowest = energy.reduce((a, b) => Math.min(a, b));
  const probability = new Float64Array(size);
  let total = 0;
  let rim = 0;
  for (let p = 0; p < size; p++) {
    let tilt = 0;
    let edge = false;
    for (let axis = 0; axis < dims; axis++) {
      const stride = count ** (dims - 1 - axis);
      const at = Math.floor(p / stride) % count;
      if (at === 0 || at === count - 1) edge = true;
      else {
        const [below, above] = [energy[p - stride], energy[p + stride]];
        tilt += ((above - below) / (2 * spacing)) ** 2 / 4 - (above - 2 * energy[p] + below) / spacing ** 2 / 2;
      }
    }
    probability[p] = Math.exp(lowest - energy[p] + (edge ? 0 : (lr / 2) * tilt));
    total += probability[p];
    if (edge) rim = Math.max(rim, probability[p]);
  }
  const highest = probability.reduce((a, b) => Math.max(a, b));
  return { probability: probability.map((value) => value / total), rim: rim / highest };
}

/** Expectations under a posterior: of phi, of every d, and of phi times both. */
export interface Expectations {
  readonly phi: number;
  readonly phi2: number;
  /** [N]. */
  readonly d: Float64Array;
  readonly phiD: Float64Array;
}

/** Integrates rises d [points, N] and their means phi. */
export function integrate({ probability }: Integrals, rises: Float64Array, tokens: number): Expectations {
  const [d, phiD] = [new Float64Array(tokens), new Float64Array(tokens)];
  let [phi, phi2] = [0, 0];
  for (let p = 0; p < probability.length; p++) {
    let mean = 0;
    for (let i = 0; i < tokens; i++) mean += rises[p * tokens + i] / tokens;
    phi += probability[p] * mean;
    phi2 += probability[p] * mean * mean;
    for (let i = 0; i < tokens; i++) {
      d[i] += probability[p] * rises[p * tokens + i];
      phiD[i] += probability[p] * mean * rises[p * tokens + i];
    }
  }
  return { phi, phi2, d, phiD };
}

/** chi of every token: -(E_C[phi (d - phi)] - E_C[phi] E[d - phi]), the last mean under `reference`. */
export function chiOf(own: Expectations, reference = own): Float64Array {
  return own.d.map((_, i) => -(own.phiD[i] - own.phi2 - own.phi * (reference.d[i] - reference.phi)));
}
