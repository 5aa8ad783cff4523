import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { type AcceptanceSettings, type ChainPoint, hasAcceptance, logAcceptance } from "../sampler/acceptance";
import { acceptanceRate, acceptanceSpread } from "./acceptance";

const test = suite("runtime/susceptibility/acceptance");

const settings: AcceptanceSettings = {
  sampling_method: "sgmcmc_sgld",
  lr: 0.02,
  n_beta: 7,
  localization: 3,
  llc_weight_decay: 0.5,
  rmsprop_eps: 0.1,
  noise_level: 1,
  bounding_box_size: 0,
};

/** By the definition: U and the logarithms of both proposal densities. */
function naive(
  from: ChainPoint,
  to: ChainPoint,
  center: ArrayLike<number>,
  s: AcceptanceSettings,
  eps: (i: number) => number,
) {
  const energy = (point: ChainPoint) => {
    let sum = s.n_beta * point.loss;
    for (let i = 0; i < center.length; i++) {
      sum += (s.localization / 2) * (point.w[i] - center[i]) ** 2 + (s.llc_weight_decay / 2) * point.w[i] ** 2;
    }
    return sum;
  };
  const logDensity = (a: ChainPoint, b: ChainPoint) => {
    let sum = 0;
    for (let i = 0; i < center.length; i++) {
      const gradient = s.n_beta * a.g[i] + s.localization * (a.w[i] - center[i]) + s.llc_weight_decay * a.w[i];
      sum -= (b.w[i] - a.w[i] + (eps(i) / 2) * gradient) ** 2 / (2 * eps(i)) + Math.log(2 * Math.PI * eps(i)) / 2;
    }
    return sum;
  };
  return energy(from) - energy(to) + logDensity(to, from) - logDensity(from, to);
}

test("log acceptance is that of the definition, for SGLD and for RMSprop's steps, and padding is left out", () => {
  const random = seededRandom(41);
  const P = 24;
  const values = () => Float64Array.from({ length: P }, () => random.normal());
  const [center, w, g, gNext] = [values(), values(), values(), values()];
  const next = w.map((value) => value + 0.1 * random.normal());
  const v = values().map((value) => value * value);
  const from = { w, g, loss: 1.3 };
  const to = { w: next, g: gNext, loss: 1.1 };
  const entries = [
    { offset: 0, size: 10 },
    { offset: 10, size: P - 10 },
  ];
  const rmsprop = { ...settings, sampling_method: "rmsprop_sgld" } as const;
  const cases: [AcceptanceSettings, (i: number) => number][] = [
    [settings, () => settings.lr],
    [rmsprop, (i) => settings.lr / (Math.sqrt(v[i] * 1.7) + 0.1)],
  ];
  for (const [s, eps] of cases) {
    const expected = naive(from, to, center, s, eps);
    const actual = logAcceptance(from, to, center, s, entries, { v, correction: 1.7 });
    // The definition subtracts sums of about 1e3, each good to some 1e-13.
    assert.ok(Math.abs(actual - expected) < 1e-10, `${actual}, expected ${expected}`);
    assert.ok(Math.abs(expected) > 0.1, "a case that says something");
  }
  // The same block with padding between and after its entries, where weights wander without gradient or center.
  const spread = (values: Float64Array, pad: number) =>
    Float32Array.from([
      ...values.subarray(0, 10),
      ...Array(6).fill(pad),
      ...values.subarray(10),
      ...Array(2).fill(pad),
    ]);
  const padded = logAcceptance(
    { w: spread(w, 5), g: spread(g, 0), loss: 1.3 },
    { w: spread(next, -7), g: spread(gNext, 0), loss: 1.1 },
    spread(center, 0),
    settings,
    [
      { offset: 0, size: 10 },
      { offset: 16, size: P - 10 },
    ],
  );
  const plain = logAcceptance(from, to, center, settings, entries);
  // Inputs rounded to f32: 24 terms of about 1, each with some roundings of 6e-8.
  assert.ok(Math.abs(padded - plain) < 1e-4, `${padded}, without padding ${plain}`);
});

/**
 * Log acceptance of updates of plain Langevin on a quadratic loss h/2 |w|^2: of the posterior's own points, as exact
 * MALA has them, or of those where a chain that takes every step settles.
 */
function quadraticLogs(lr: number, from: "posterior" | "sgld"): number[] {
  const random = seededRandom(42);
  const P = 50;
  const h = 2;
  const center = new Float64Array(P);
  const s = { ...settings, lr, llc_weight_decay: 0 };
  const precision = s.n_beta * h + s.localization;
  const variance = 1 / precision / (from === "sgld" ? 1 - (lr * precision) / 4 : 1);
  return Array.from({ length: 400 }, () => {
    const w = center.map(() => random.normal() * Math.sqrt(variance));
    const next = w.map((value) => value - (lr / 2) * precision * value + Math.sqrt(lr) * random.normal());
    const point = (x: Float64Array) => {
      const loss = x.reduce((sum, value) => sum + (h / 2) * value * value, 0);
      return { w: x, g: x.map((value) => h * value), loss };
    };
    return logAcceptance(point(w), point(next), center, s, [{ offset: 0, size: P }]);
  });
}

/** Share of its proposals that a chain accepts which does refuse some. */
function meanAcceptance(logs: readonly number[]): number {
  return logs.reduce((sum, log) => sum + Math.min(1, Math.exp(log)), 0) / logs.length;
}

test("small steps on a quadratic loss are nearly always accepted, larger ones less and less", (t) => {
  const rates = [0.001, 0.02, 0.06, 0.15].map((lr) => meanAcceptance(quadraticLogs(lr, "posterior")));
  t.note(`acceptance ${rates.map((rate) => rate.toFixed(3)).join(", ")}`);
  // log ratio = eps/8 Lambda^2 (|w|^2 - |w'|^2): of order (eps Lambda)^1.5 sqrt(P) / 8, below 2e-3 at the first step
  // size.
  assert.ok(rates[0] > 0.995 && rates[0] <= 1, `${rates[0]}`);
  for (let i = 1; i < rates.length; i++) assert.ok(rates[i] < rates[i - 1], `${rates}`);
  assert.ok(rates[3] < 0.5, `${rates[3]}`);
});

test("the rate told from SGLD's own updates is that of MALA, which their mean is not", (t) => {
  for (const lr of [0.02, 0.04, 0.06]) {
    const exact = meanAcceptance(quadraticLogs(lr, "posterior"));
    const own = quadraticLogs(lr, "sgld");
    const rate = acceptanceRate(own)!;
    t.note(
      `step ${lr}: MALA ${exact.toFixed(3)}, told ${rate.toFixed(3)}, mean of SGLD's ${meanAcceptance(own).toFixed(3)}`,
    );
    // Means of 400 numbers in 0 to 1: 0.02 each; 50 dimensions are not many, and the spread is that of SGLD's wider
    // law.
    assert.ok(Math.abs(rate - exact) < 0.08, `${rate}, MALA ${exact}`);
  }
  assert.ok(meanAcceptance(quadraticLogs(0.06, "sgld")) > 0.5, "about 0 to both sides, whatever the step");
});

test("chains that accept by it sample a quartic density right, where taking every step does not", (t) => {
  const s = { ...settings, lr: 0.2, n_beta: 2, localization: 0.5, llc_weight_decay: 0.3 };
  const center = [0.4];
  const loss = (w: number) => w ** 4 / 4 - w ** 3 / 6;
  const energy = (w: number) => s.n_beta * loss(w) + 0.25 * (w - 0.4) ** 2 + 0.15 * w ** 2;
  let mass = 0;
  const truth = [0, 0];
  for (let k = -4000; k <= 4000; k++) {
    const w = k / 1000;
    const p = Math.exp(-energy(w));
    mass += p;
    truth[0] += p * w;
    truth[1] += p * w * w;
  }
  const run = (exact: boolean) => {
    const random = seededRandom(43);
    const point = (w: number): ChainPoint => ({ w: [w], g: [w ** 3 - w ** 2 / 2], loss: loss(w) });
    const sums = [0, 0];
    const steps = 200_000;
    let at = point(0.4);
    for (let step = 0; step < steps; step++) {
      const w = at.w[0];
      const gradient = s.n_beta * at.g[0] + s.localization * (w - 0.4) + s.llc_weight_decay * w;
      const next = point(w - (s.lr / 2) * gradient + Math.sqrt(s.lr) * random.normal());
      if (!exact || Math.log(random.uniform()) < logAcceptance(at, next, center, s, [{ offset: 0, size: 1 }]))
        at = next;
      sums[0] += at.w[0] / steps;
      sums[1] += at.w[0] ** 2 / steps;
    }
    return sums;
  };
  const expected = truth.map((sum) => sum / mass);
  const [exact, taken] = [run(true), run(false)];
  const show = (values: number[]) => values.map((value) => value.toFixed(4)).join(" and ");
  t.note(`mean of w and w^2: ${show(expected)}; accepted chain ${show(exact)}; every step taken ${show(taken)}`);
  // Deviations of w and w^2 are about 0.6; over some 3e4 independent draws of 2e5 that is 4e-3, of which 2.5 are
  // allowed.
  for (const i of [0, 1]) assert.ok(Math.abs(exact[i] - expected[i]) < 0.01, `moment ${i + 1}: ${exact[i]}`);
  assert.ok(Math.abs(taken[1] - expected[1]) > 0.02, "without acceptance the second moment is off");
});

test("there is no acceptance with other noise, a box or no loss, and RMSprop needs its moment", () => {
  const point = { w: [0], g: [0], loss: 0 };
  const entries = [{ offset: 0, size: 1 }];
  for (const change of [{ noise_level: 0.1 }, { bounding_box_size: 1 }, { n_beta: 0 }]) {
    const other = { ...settings, ...change };
    assert.not(hasAcceptance(other));
    refusedAtOnce(() => logAcceptance(point, point, [0], other, entries), /acceptance: there is none/, /noise_level 1/);
  }
  assert.ok(hasAcceptance(settings));
  const rmsprop = { ...settings, sampling_method: "rmsprop_sgld" } as const;
  refusedAtOnce(() => logAcceptance(point, point, [0], rmsprop, entries), /without its second moment/);
  refusedAtOnce(() => logAcceptance(point, point, [0, 0], settings, entries), /1 elements beside a center of 2/);
});

test("the rate is 2 Phi(-s/2) of the root mean square s", () => {
  assert.is(acceptanceRate([]), undefined);
  // Phi(-1) = 0.158655.
  assert.ok(Math.abs(acceptanceRate([2, -2])! - 0.317311) < 1e-6);
  assert.is(acceptanceRate([0, Number.NaN]), 0);
  assert.is(acceptanceSpread([]), undefined);
  assert.ok(Math.abs(acceptanceSpread([3, -4, 0])! - 5 / Math.sqrt(3)) < 1e-12);
});

test.run();
