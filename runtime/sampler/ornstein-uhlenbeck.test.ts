/**
 * A quadratic loss: SGLD is then a linear recursion whose mean, covariance and autocorrelation are known exactly, the
 * step's own bias included; with the moving step sizes of RMSprop they are known to second order.
 */
import * as assert from "uvu/assert";
import { ChainMeans } from "../../harness/test/chain-means";
import { testDevice } from "../../harness/test/device";
import { suite, type TestContext } from "../../harness/test/suite";
import { BLOCKS, TARGET, type Target, TargetChains } from "../../harness/test/target-chains";
import { normals } from "../../kernels/philox/philox";
import { plainSgld, type RmspropStart, rmspropStarts, type SamplerSettings } from "../config/sampler";
import { chainKeys } from "./batches";
import { relaxationTime } from "./relaxation";

const test = suite("runtime/sampler/ornstein-uhlenbeck", { gpu: true });

const DIMS = 4;
/** llc_weight_decay of the dense quadratic. */
const DECAY = 12;
const settings: SamplerSettings = {
  ...plainSgld,
  seed: 21,
  lr: 6e-3,
  n_beta: 10,
  localization: 30,
  num_chains: 2048,
  num_draws: 150,
  num_burnin_steps: 200,
  num_steps_bw_draws: 1,
  batch_size: 1,
};

type Matrix = readonly (readonly number[])[];

function diagonal(values: readonly number[]): number[][] {
  return values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));
}

/** Columns are orthonormal: turns by fixed angles in every plane of two axes. */
function rotation(): number[][] {
  const r: number[][] = diagonal(Array.from({ length: DIMS }, () => 1));
  for (let a = 0; a < DIMS; a++) {
    for (let b = a + 1; b < DIMS; b++) {
      const [c, s] = [Math.cos(1 + a + 2 * b), Math.sin(1 + a + 2 * b)];
      for (const row of r) [row[a], row[b]] = [c * row[a] - s * row[b], s * row[a] + c * row[b]];
    }
  }
  return r;
}

function times(m: Matrix, x: readonly number[]): number[] {
  return m.map((row) => row.reduce((sum, value, i) => sum + value * x[i], 0));
}

function transpose(m: Matrix): number[][] {
  return m[0].map((_, i) => m.map((row) => row[i]));
}

/** L = 1/2 (w - m)^T H (w - m). */
function quadratic(H: Matrix, minimum: readonly number[], center: readonly number[]): Target {
  const slope = (w: ArrayLike<number>, at: number, i: number) => {
    let sum = 0;
    for (let j = 0; j < minimum.length; j++) sum += H[i][j] * (w[at + j] - minimum[j]);
    return sum;
  };
  return {
    dims: minimum.length,
    center,
    loss: (w, at) => minimum.reduce((sum, m, i) => sum + 0.5 * (w[at + i] - m) * slope(w, at, i), 0),
    gradient: (w, at, out) => {
      for (let i = 0; i < minimum.length; i++) out[at + i] = slope(w, at, i);
    },
  };
}

/**
 * Autocorrelation of BAOAB's positions on a harmonic potential. In units of the standard deviation an update takes position and
 * momentum (x, p) to ((1 - a e) x + a p, -c e x + c p), a = e (1 + c) / 2; in equilibrium x and p have variance 1 and covariance e / 2.
 */
function baoabCorrelation(e: number, c: number, lag: number): number {
  const a = (e * (1 + c)) / 2;
  let [x, p] = [1, e / 2];
  for (let i = 0; i < lag; i++) [x, p] = [(1 - a * e) * x + a * p, c * (p - e * x)];
  return x;
}

/** What a sampler's positions have on a quadratic potential of curvature Lambda: their variance times Lambda, and how they correlate. */
interface Law {
  readonly own: SamplerSettings;
  readonly variance: (Lambda: number) => number;
  readonly correlation: (Lambda: number, lag: number) => number;
}
const LAWS: readonly Law[] = [
  {
    own: settings,
    variance: (Lambda) => 1 / (1 - (settings.lr * Lambda) / 4),
    correlation: (Lambda, lag) => (1 - (settings.lr * Lambda) / 2) ** lag,
  },
  // Up to 0.9 of the stability limit, sqrt(lr Lambda) = 2, along the stiffest axis, and slow along none.
  ...[0.016, 0.002].map((lr): Law => {
    const own: SamplerSettings = { ...settings, sampling_method: "sgmcmc_baoab", lr };
    const persistence = Math.exp(-own.friction * Math.sqrt(lr * (own.localization + DECAY)));
    return {
      own,
      variance: () => 1,
      correlation: (Lambda, lag) => baoabCorrelation(Math.sqrt(lr * Lambda), persistence, lag),
    };
  }),
];

for (const law of LAWS) {
  const { sampling_method, lr } = law.own;
  test(`${sampling_method}, lr ${lr}: mean, covariance and autocorrelation of a dense quadratic loss with pull and decay`, (t) =>
    checkQuadratic(t, law));
}

async function checkQuadratic(t: TestContext, { own, variance: factor, correlation }: Law): Promise<void> {
  const h = [1, 4, 9, 16];
  const R = rotation();
  const H = R.map((_, i) => R.map((_, j) => h.reduce((sum, value, k) => sum + R[i][k] * value * R[j][k], 0)));
  const minimum = [0.3, -0.2, 0.5, 0.1];
  const center = [0.1, 0.4, -0.3, 0.2];
  const { n_beta, localization } = own;
  const llc_weight_decay = DECAY;
  const Lambda = h.map((value) => n_beta * value + localization + llc_weight_decay);
  // Drift is 0 where n_beta H (w - m) + gamma (w - w*) + lambda w = 0; in eigen-coordinates one equation an axis.
  const back = transpose(R);
  const [m, c] = [times(back, minimum), times(back, center)];
  const mean = h.map((value, k) => (n_beta * value * m[k] + localization * c[k]) / Lambda[k]);
  const chains = await TargetChains.open(await testDevice(), quadratic(H, minimum, center), {
    ...own,
    llc_weight_decay,
  });
  const lags = [1, 2, 5];
  const axes = Array.from({ length: DIMS }, (_, k) => k);
  const pairs = axes.flatMap((i) => axes.slice(0, i).map((j) => [i, j] as const));
  const means = new ChainMeans(settings.num_chains, [
    ...axes.map((k) => `mean ${k}`),
    ...axes.map((k) => `variance ${k}`),
    ...pairs.map(([i, j]) => `covariance ${i} ${j}`),
  ]);
  const lagged = lags.map(
    (lag) =>
      new ChainMeans(
        settings.num_chains,
        axes.map((k) => `axis ${k} at lag ${lag}`),
      ),
  );
  const past: Float64Array[] = [];
  for (let draw = 0; draw < settings.num_draws; draw++) {
    const w = await chains.draw();
    const x = new Float64Array(w.length);
    for (let at = 0; at < w.length; at += DIMS) {
      const turned = times(back, Array.from(w.subarray(at, at + DIMS)));
      turned.forEach((value, k) => {
        x[at + k] = value - mean[k];
      });
    }
    const here = (chain: number, k: number) => x[chain * DIMS + k];
    means.add((chain) => [
      ...axes.map((k) => here(chain, k)),
      ...axes.map((k) => here(chain, k) ** 2),
      ...pairs.map(([i, j]) => here(chain, i) * here(chain, j)),
    ]);
    past.push(x);
    lags.forEach((lag, i) => {
      if (draw < lag) return;
      const before = past[draw - lag];
      lagged[i].add((chain) => axes.map((k) => here(chain, k) * before[chain * DIMS + k]));
    });
  }
  chains.close();
  for (const k of axes) {
    means.check(t, `mean ${k}`, 0);
    const variance = factor(Lambda[k]) / Lambda[k];
    means.check(t, `variance ${k}`, variance);
    lags.forEach((lag, i) => {
      lagged[i].check(t, `axis ${k} at lag ${lag}`, variance * correlation(Lambda[k], lag));
    });
  }
  for (const [i, j] of pairs) means.check(t, `covariance ${i} ${j}`, 0);
  // What the check can see: without the factor of SGLD's step the stiffest axis would be far off.
  const { mean: stiff, error } = means.of(`variance ${DIMS - 1}`);
  const seen = (stiff - 1 / Lambda[DIMS - 1]) / error;
  t.note(
    `the stiffest axis is ${(100 * (stiff * Lambda[DIMS - 1] - 1)).toFixed(2)} % wider than the posterior, ${seen.toFixed(1)} errors`,
  );
  if (own.sampling_method === "sgmcmc_sgld") assert.ok(seen > 20, "the factor of the step shows");
}

test("BAOAB: where the loss is flat positions relax as its relaxation time says, at all frictions", () => {
  // Far out the slowest motion is left: times e^(lag / tau) its swings reach the same height everywhere.
  for (const friction of [0.3, 1.5, 2.5, 6]) {
    for (const step of [0.15, 0.9, 1.9]) {
      const lr = step ** 2 / settings.localization;
      const own: SamplerSettings = { ...settings, sampling_method: "sgmcmc_baoab", friction, lr };
      const tau = relaxationTime(own);
      const height = (far: number) => {
        const lags = Array.from({ length: Math.ceil(4 * tau) + 60 }, (_, i) => Math.ceil(far * tau) + i);
        const here = (lag: number) => Math.abs(baoabCorrelation(step, Math.exp(-friction * step), lag));
        return Math.max(...lags.map((lag) => here(lag) * Math.exp(lag / tau)));
      };
      // A tau that is off by 0.1 % would be seen as 2 %.
      const ratio = height(30) / height(8);
      assert.ok(Math.abs(ratio - 1) < 0.002, `friction ${friction}, step ${step}, tau ${tau}: ${ratio}`);
    }
  }
});

test("BAOAB: momenta have the law of their noise before and after the kick, and know nothing of where they are", async (t) => {
  const own: SamplerSettings = { ...settings, sampling_method: "sgmcmc_baoab", lr: 0.016, num_draws: 60 };
  const zero = [0, 0, 0, 0];
  const [soft, stiff] = [1, 16];
  const curvatures = [soft, stiff, 4, 9];
  const chains = await TargetChains.open(await testDevice(), quadratic(diagonal(curvatures), zero, zero), own);
  const step = Math.sqrt(own.lr);
  const means = new ChainMeans(
    own.num_chains,
    curvatures.flatMap((h) => [`h ${h}: momentum`, `h ${h}: kicked momentum`, `h ${h}: position times momentum`]),
  );
  for (let draw = 0; draw < own.num_draws; draw++) {
    const [w, p] = [await chains.draw(), await chains.momenta()];
    means.add((chain) =>
      curvatures.flatMap((h, i) => {
        const [x, momentum] = [w[chain * DIMS + i], p[chain * DIMS + i]];
        const kicked = momentum - step * (own.n_beta * h + own.localization) * x;
        return [momentum ** 2, kicked ** 2, x * momentum];
      }),
    );
  }
  chains.close();
  for (const h of curvatures) {
    means.check(t, `h ${h}: momentum`, 1);
    means.check(t, `h ${h}: kicked momentum`, 1);
    // Half a step's drift: before the kick momenta still point away.
    means.check(t, `h ${h}: position times momentum`, step / 2);
  }
});

/** RMSprop-SGLD on independent quadratic losses h/2 w^2 around w* = 0. */
const h = [0.5, 1, 2, 4];
const preconditioned: SamplerSettings = {
  ...settings,
  sampling_method: "rmsprop_sgld",
  lr: 0.0144,
  localization: 5,
  num_chains: 2048,
  num_draws: 60,
  num_burnin_steps: 1000,
  num_steps_bw_draws: 10,
};

/**
 * Stationary variance V of RMSprop-SGLD on h/2 w^2, to second order in the second moment's fluctuation.
 *
 * v is an average of g^2 = h^2 w^2 with E v = h^2 V. Write v = h^2 V (1 + eta), w^2 = V u, and the step as
 * eps_t = e0 (1 - k eta + c eta^2) with e0 = lr / (s + e), s = h sqrt(V), k = s / (2 (s + e)), c = k / 4 + k^2. A
 * stationary second moment needs E[eps_t] = Lambda V E[eps_t u] - Lambda^2 / 4 V E[eps_t^2 u]. With r = 1 - e0 Lambda /
 * 2 the lag-one correlation of w, that of w^2 is r^2, so E[eta u] = 2 (1 - a) / (1 - a r^2), because eta holds the
 * present g^2 too, and E[eta^2] = 2 (1 - a) (1 + a r^2) / ((1 + a) (1 - a r^2)).
 */
function rmspropVariance(
  hessian: number,
  { lr, n_beta, localization, rmsprop_alpha: a, rmsprop_eps }: SamplerSettings,
) {
  const Lambda = n_beta * hessian + localization;
  let V = 1 / Lambda;
  let step = 0;
  for (let i = 0; i < 100; i++) {
    const s = hessian * Math.sqrt(V);
    step = lr / (s + rmsprop_eps);
    const k = s / (2 * (s + rmsprop_eps));
    const c = k / 4 + k * k;
    const r2 = (1 - (step * Lambda) / 2) ** 2;
    const cross = (2 * (1 - a)) / (1 - a * r2);
    const square = ((2 * (1 - a)) / (1 + a)) * ((1 + a * r2) / (1 - a * r2));
    const first = 1 - k * cross + c * square;
    const second = 1 - 2 * k * cross + (k * k + 2 * c) * square;
    V = (1 + c * square) / (Lambda * first - ((step * Lambda ** 2) / 4) * second);
  }
  return { V, step, Lambda };
}

for (const rmsprop_init of rmspropStarts) {
  test(`RMSprop-SGLD from ${rmsprop_init}: second moment and variance of a quadratic loss`, async (t) => {
    const own = { ...preconditioned, rmsprop_init };
    const zero = h.map(() => 0);
    const chains = await TargetChains.open(await testDevice(), quadratic(diagonal(h), zero, zero), own);
    const names = h.flatMap((value) => [`h ${value}: mean`, `h ${value}: variance`, `h ${value}: v / h^2 - variance`]);
    const means = new ChainMeans(own.num_chains, names);
    for (let draw = 0; draw < own.num_draws; draw++) {
      const w = await chains.draw();
      const v = await chains.moment();
      means.add((chain) =>
        h.flatMap((value, i) => {
          const x = w[chain * DIMS + i];
          return [x, x * x, v[chain * DIMS + i] / value ** 2 - x * x];
        }),
      );
    }
    chains.close();
    for (const value of h) {
      const { V, step, Lambda } = rmspropVariance(value, own);
      means.check(t, `h ${value}: mean`, 0);
      // Third moments of v's fluctuation are of order (1 - a)^2 times a number near 30: 0.3 % of the variance.
      means.check(t, `h ${value}: variance`, V, 3e-3 * V);
      // v is an average of g^2 over the past, so their means are the same; what it began with is left by a^1000 = 4e-5.
      means.check(t, `h ${value}: v / h^2 - variance`, 0, 1e-4 * V);
      const { mean, error } = means.of(`h ${value}: variance`);
      t.note(`h ${value}: step ${step.toPrecision(3)}, lr Lambda ${(step * Lambda).toFixed(2)}`);
      assert.ok(Math.abs(mean * Lambda - 1) > 8 * error * Lambda, "the step's bias shows");
    }
  });

  test(`RMSprop-SGLD from ${rmsprop_init}: the first updates are those of its definition`, async () => {
    const own = { ...preconditioned, rmsprop_init, num_chains: 8, num_burnin_steps: 0, num_steps_bw_draws: 1 };
    await checkFirstUpdates(own, rmsprop_init);
  });
}

/**
 * Three updates against the recursion in f64, with v and its correction as arXiv 2507.21449 and devinterp have them.
 */
async function checkFirstUpdates(own: SamplerSettings, init: RmspropStart): Promise<void> {
  const minimum = [1, -2, 0.5, 3];
  const chains = await TargetChains.open(await testDevice(), quadratic(diagonal(h), minimum, [0, 0, 0, 0]), own);
  const size = (own.num_chains * DIMS) / BLOCKS;
  const blocks = Array.from({ length: BLOCKS }, (_, block) => block);
  const keys = chainKeys(own.seed, TARGET, blocks, "noise");
  const w = new Float64Array(BLOCKS * size);
  const v = new Float64Array(BLOCKS * size).fill(init === "ones" ? 1 : 0);
  for (let update = 0; update < 3; update++) {
    const got = await chains.draw();
    const moment = await chains.moment();
    const unbiased = init === "ones" ? 1 / (1 - own.rmsprop_alpha ** (update + 1)) : 1;
    for (const block of blocks) {
      const z = normals([keys[2 * block], keys[2 * block + 1]], update, size);
      for (let e = 0; e < size; e++) {
        const i = block * size + e;
        const g = h[e % DIMS] * (w[i] - minimum[e % DIMS]);
        v[i] = 0.99 * v[i] + 0.01 * g * g;
        const step = own.lr / (Math.sqrt(v[i] * unbiased) + 0.1);
        w[i] += -0.5 * step * (own.n_beta * g + own.localization * w[i]) + Math.sqrt(step) * z[e];
        // f32 arithmetic three times over, and normals good to 2e-6; v is of order g^2.
        assert.ok(Math.abs(got[i] - w[i]) < 4e-6, `update ${update}, element ${i}: ${got[i]}, expected ${w[i]}`);
        const allowed = 2e-6 * (1 + v[i]);
        assert.ok(Math.abs(moment[i] - v[i]) < allowed, `update ${update}, v ${i}: ${moment[i]}, expected ${v[i]}`);
      }
    }
  }
  chains.close();
}

test.run();
