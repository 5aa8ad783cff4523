/**
 * chi of narrow posteriors: the formula from derivatives against quadrature, which shows its order, and against chains.
 */
import * as assert from "uvu/assert";
import { hostLosses } from "../../harness/test/host-losses";
import { chiOf } from "../../harness/test/quadrature";
import { type Derivatives, differentiate, inverse, meanOf, secondOrderChi } from "../../harness/test/second-order";
import { suite, type TestContext } from "../../harness/test/suite";
import { CONTEXT, neuronBiases, type TinyModel, tinyModel } from "../../harness/test/tiny-model";
import { checkEstimate, tinyIntegrals, tinySums } from "../../harness/test/tiny-runs";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { susceptibility } from "../susceptibility/estimate";

const test = suite("runtime/sampler/second-order", { gpu: true });

const PARAMETER = neuronBiases(0);
const settings: SamplerSettings = {
  ...plainSgld,
  seed: 32,
  lr: 0.002,
  n_beta: 5,
  localization: 60,
  num_chains: 48,
  num_draws: 40,
  num_burnin_steps: 50,
  // The pull alone forgets within 2 / (lr * localization) = 17 updates.
  num_steps_bw_draws: 8,
  batch_size: 1,
};

interface Place {
  readonly model: TinyModel;
  readonly losses: Derivatives[];
}

async function derivatives(model: TinyModel, center: readonly number[]): Promise<Derivatives[]> {
  return differentiate((points) => hostLosses(model, PARAMETER, points), center, CONTEXT);
}

/** A model as it comes, where L has a slope. */
async function onSlope(neurons: number): Promise<Place> {
  const model = await tinyModel(1, neurons);
  return { model, losses: await derivatives(model, Array.from(await model.weights.read(PARAMETER, 0, neurons))) };
}

/** The same with the component's weights at a minimum of L: down the slope, then by Newton's steps. */
async function atMinimum(neurons: number): Promise<Place> {
  const { model } = await onSlope(neurons);
  let w = [1, 3].slice(0, neurons);
  for (let i = 0; i < 60; i++) {
    const { g, H } = meanOf(await derivatives(model, w));
    const steps =
      i < 50 ? g.map((value) => 5 * value) : inverse(H).map((row) => row.reduce((sum, h, j) => sum + h * g[j], 0));
    w = w.map((value, j) => value - steps[j]);
  }
  const there = await tinyModel(1, neurons, { [PARAMETER]: Float32Array.from(w) });
  return { model: there, losses: await derivatives(there, Array.from(Float32Array.from(w))) };
}

function list(values: readonly number[]): string {
  return values.map((value) => value.toExponential(1)).join(", ");
}

/** |a - b| / |b| */
function distance(a: Float64Array, b: Float64Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b);
}

/** How far the formula is from the integral at pulls 4 times as strong one after the other. */
async function errors({ model, losses }: Place, what: "chi" | "quadratic"): Promise<number[]> {
  const result: number[] = [];
  for (const localization of [200, 800, 3200]) {
    const { exact } = await tinyIntegrals(model, PARAMETER, { ...settings, localization });
    result.push(distance(secondOrderChi(losses, settings.n_beta, localization)[what], chiOf(exact)));
  }
  return result;
}

for (const neurons of [1, 2]) {
  const weights = neurons === 1 ? "one weight" : "two weights";

  test(`${weights}, on a slope: the formula is off by the square of the posterior's variance`, async (t) => {
    const place = await onSlope(neurons);
    const found = await errors(place, "chi");
    const quadratic = await errors(place, "quadratic");
    t.note(`off by ${list(found)}; the quadratic part alone by ${list(quadratic)}`);
    assert.ok(found[2] < 1e-5, `${found[2]}`);
    // Relative to a chi of first order: 16 times closer for a quarter of the variance, and 4 times without the terms of
    // T and m.
    for (const i of [1, 2]) {
      assert.ok(found[i] < found[i - 1] / 12, `${found}`);
      assert.ok(quadratic[i] < quadratic[i - 1] / 3.5 && quadratic[i] > quadratic[i - 1] / 5, `${quadratic}`);
    }
  });

  test(`${weights}, at a minimum: chi is of second order, and the formula is off by the variance`, async (t) => {
    const place = await atMinimum(neurons);
    const { g, H } = meanOf(place.losses);
    assert.ok(Math.hypot(...g) < 1e-7 && H.every((row, i) => row[i] > 0), `a minimum: ${g}`);
    const found = await errors(place, "chi");
    t.note(`off by ${list(found)}`);
    assert.ok(found[2] < 0.02, `${found[2]}`);
    for (const i of [1, 2]) assert.ok(found[i] < found[i - 1] / 3.2, `${found}`);
  });
}

/**
 * Chains against the formula for their step. `order` is how far that may be off, as quadrature has it, and some chi
 * must be `seen` standard errors from 0.
 */
async function checkChains(
  t: TestContext,
  { model, losses }: Place,
  own: SamplerSettings,
  order: number,
  seen: number,
): Promise<void> {
  const { chi, error } = susceptibility(await tinySums(model, PARAMETER, own));
  const step = own.sampling_method === "sgmcmc_baoab" ? 0 : own.lr;
  const { chi: expected } = secondOrderChi(losses, own.n_beta, own.localization, step);
  const scale = Math.hypot(...expected) / Math.sqrt(CONTEXT);
  chi.forEach((value, i) => {
    checkEstimate(t, `chi of token ${i}`, { value, error: error[i] }, expected[i], order * scale);
  });
  assert.ok(
    chi.some((value, i) => Math.abs(value) > seen * error[i]),
    "chi is far from 0",
  );
}

for (const sampling_method of ["sgmcmc_sgld", "sgmcmc_baoab"] as const) {
  const own: SamplerSettings = { ...settings, sampling_method };

  test(`${sampling_method}: chains on a slope have the formula's chi`, async (t) => {
    await checkChains(t, await onSlope(1), own, 0.01, 10);
  });

  test(`${sampling_method}: chains at a minimum have the formula's chi`, async (t) => {
    await checkChains(t, await atMinimum(1), own, 0.1, 4.5);
  });
}

test.run();
