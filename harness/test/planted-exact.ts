/** What is true of the model of planted-modes.ts, in f64: its trained scalars, its predictions, chi of all pairs by quadrature. */
import type { SamplerSettings } from "../../runtime/config/sampler";
import type { PairChi } from "../../runtime/modes/pair-chi";
import { MODES, type Planted } from "./planted-modes";
import { makeGrid, posterior } from "./quadrature";

/** Settings that a posterior depends on. */
type Posterior = Pick<SamplerSettings, "n_beta" | "localization" | "llc_weight_decay">;

/** v_a and u_a as the model has them: f32. */
function stored({ contextModes, tokenModes }: Planted): { lefts: Float64Array[]; rights: Float64Array[] } {
  const rounded = (modes: readonly Float64Array[]) => modes.map((mode) => Float64Array.from(mode, Math.fround));
  return { lefts: rounded(contextModes), rights: rounded(tokenModes) };
}

/** log p(y|x) of the products t_a = A_a B_a, [contexts, tokens], nats. */
export function logLaw(planted: Planted, products: ArrayLike<number>): Float64Array {
  const { contexts, tokens } = planted;
  const { lefts, rights } = stored(planted);
  const out = new Float64Array(contexts * tokens);
  for (let x = 0; x < contexts; x++) {
    let sum = 0;
    for (let y = 0; y < tokens; y++) {
      let logit = 0;
      for (let a = 0; a < MODES; a++) logit += products[a] * lefts[a][x] * rights[a][y];
      out[x * tokens + y] = logit;
      sum += Math.exp(logit);
    }
    for (let y = 0; y < tokens; y++) out[x * tokens + y] -= Math.log(sum);
  }
  return out;
}

/** The A_a = B_a, f32, of the text's least mean loss, by Newton's steps in one product after the other: in these it is convex. */
export function trainedScalars(planted: Planted): Float32Array {
  const { contexts, tokens, counts } = planted;
  const { lefts, rights } = stored(planted);
  const total = counts.reduce((a, b) => a + b);
  const products = new Float64Array(MODES).fill(0.1);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let a = 0; a < MODES; a++) {
      const law = logLaw(planted, products).map(Math.exp);
      let [gradient, curvature] = [0, 0];
      for (let x = 0; x < contexts; x++) {
        let [mean, square] = [0, 0];
        for (let y = 0; y < tokens; y++) {
          const load = lefts[a][x] * rights[a][y];
          mean += law[x * tokens + y] * load;
          square += law[x * tokens + y] * load ** 2;
          gradient -= (counts[x * tokens + y] / total) * load;
        }
        gradient += mean / contexts;
        curvature += (square - mean * mean) / contexts;
      }
      products[a] -= gradient / curvature;
    }
  }
  return Float32Array.from(products, Math.sqrt);
}

/**
 * chi = -E[(phi - E phi) (d - phi)] of all pairs under a component's posterior, nats squared. On a pair of its own context
 * d = log Z(t) - log Z(t*) - (t - t*) v u; elsewhere it is 0. Integrated by an even grid over A and B.
 */
export function exactChi(
  planted: Planted,
  scalars: Float32Array,
  a: number,
  settings: Posterior,
  points = 121,
): PairChi {
  const { contexts, tokens, counts } = planted;
  const { lefts, rights } = stored(planted);
  const total = counts.reduce((sum, count) => sum + count);
  const center = [scalars[a], scalars[a]];
  const grid = makeGrid(center, 7.5 / Math.sqrt(settings.localization), points);
  const size = grid.points.length / 2;
  const trained = scalars[a] ** 2;
  const law = logLaw(
    planted,
    Float64Array.from(scalars, (scalar) => scalar ** 2),
  ).map(Math.exp);
  const own = [...lefts[a].keys()].filter((x) => lefts[a][x] !== 0);
  const loads = [...rights[a].keys()].filter((y) => rights[a][y] !== 0);
  /** Mean of v_a u_a over the text. */
  let slope = 0;
  for (const x of own) for (const y of loads) slope += (counts[x * tokens + y] / total) * lefts[a][x] * rights[a][y];
  // The rises of log Z by own context, and phi, at every point.
  const rises = own.map(() => new Float64Array(size));
  const phi = new Float64Array(size);
  const shift = new Float64Array(size);
  for (let p = 0; p < size; p++) {
    shift[p] = grid.points[2 * p] * grid.points[2 * p + 1] - trained;
    own.forEach((x, i) => {
      let ratio = 1;
      for (const y of loads) ratio += law[x * tokens + y] * Math.expm1(shift[p] * lefts[a][x] * rights[a][y]);
      rises[i][p] = Math.log(ratio);
      phi[p] += rises[i][p] / contexts;
    });
    phi[p] -= shift[p] * slope;
  }
  const { probability, rim } = posterior(grid, phi, center, settings);
  if (!(rim < 1e-8)) throw new Error(`the grid ends where the density is still ${rim}`);
  const mean = (values: Float64Array) => values.reduce((sum, value, p) => sum + probability[p] * value, 0);
  const phiMean = mean(phi);
  const covariance = (values: Float64Array) => mean(values.map((value, p) => (phi[p] - phiMean) * value));
  const [ofPhi, ofShift] = [covariance(phi), covariance(shift)];
  const offset = new Float64Array(contexts).fill(ofPhi);
  own.forEach((x, i) => {
    offset[x] -= covariance(rises[i]);
  });
  return { contexts, tokens, rank: 1, offset, left: lefts[a].map((v) => ofShift * v), right: rights[a] };
}
