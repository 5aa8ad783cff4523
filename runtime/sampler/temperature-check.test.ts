/** When a chain is called lost: hot at three updates in a row before a draw, and not by one hard minibatch. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import type { ChainSpec } from "./chain-plans";
import type { Laboratory } from "./laboratory";
import type { LockstepComponent } from "./lockstep-plans";
import { flightLimit, TemperatureCheck } from "./temperature-check";

const test = suite("runtime/sampler/temperature-check");

const settings: SamplerSettings = {
  ...plainSgld,
  ...{ sampling_method: "sgmcmc_baoab", seed: 0, lr: 0.01, n_beta: 0.1, localization: 1, num_chains: 2, num_draws: 4 },
  ...{ num_burnin_steps: 3000, num_steps_bw_draws: 4, batch_size: 1 },
};

/** A check of two chains of one weight at its center, whose squared momenta, and so temperatures, are what `heat` says at each look. */
function checked(
  heat: readonly (readonly [number, number])[],
  own = settings,
  acceptanceChecks = 4,
): { check: TemperatureCheck; looks: () => number } {
  let look = 0;
  const read = async () => {
    const temperatures = heat[look++];
    return [new Float32Array(2), Float32Array.from(temperatures, Math.sqrt), new Float32Array(2)];
  };
  const weights = { shapes: new Map([["w", [1]]]), read: async () => new Float32Array(1) };
  const lab = { memory: { read }, weights } as unknown as Laboratory;
  const spec = { settings: own, restriction: { name: "w", slices: [] }, acceptanceChecks } as unknown as ChainSpec;
  // One is told of many, so that its temperature is not let stray as that of one.
  const block = { size: 1, weights: 1000, entries: [{ slice: { parameter: "w" }, shape: [1], offset: 0, size: 1 }] };
  const planned = { views: { p: {} }, block } as unknown as LockstepComponent;
  return { check: new TemperatureCheck(lab, spec, planned, undefined), looks: () => look };
}

/** Goes through the updates before a draw as the chains do. */
async function before(draw: number, check: TemperatureCheck): Promise<void> {
  for (let left = 3; left >= 0; left--) if (check.wants(left, 4)) await check.take(10 * draw + 3 - left, draw, left);
}

test("one hard minibatch stops nothing, nor two; what is kept is the last update's", async () => {
  const { check, looks } = checked([
    [5, 1],
    [1, 1],
    [1.5, 5],
    [5, 1],
    [3, 1],
    [1, 1],
  ]);
  await before(0, check);
  assert.is(looks(), 3, "the first look was hot, so the next is taken too");
  await before(1, check);
  assert.equal(
    Array.from(check.values, (x) => Number(x.toFixed(3))),
    [1.5, 5, 1, 1],
  );
});

test("a chain that is hot at all looks is lost, and named; another's heat between does not save it", async () => {
  const { check } = checked([
    [1, 7],
    [9, 8],
    [1, 9],
  ]);
  const error = await before(2, check).catch((thrown) => thrown);
  assert.is(error.code, "diverged");
  assert.match(error.message, /component w, chain 1, update 23: the kinetic temperature is 9\.00/);
  const { check: lost } = checked([
    [1, Number.NaN],
    [1, Number.NaN],
    [1, Number.NaN],
  ]);
  assert.is((await before(0, lost).catch((thrown) => thrown)).code, "diverged");
});

test("cool chains are looked at twice before a draw: at the first of the looks and at the last", async () => {
  const { check, looks } = checked([
    [1, 1],
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  await before(0, check);
  await before(1, check);
  assert.is(looks(), 4);
});

test("draws are looked into beyond three times the largest rise before them, from the third on", () => {
  const { check } = checked([]);
  // [draws, 2 chains], of either sign.
  const rises = Float32Array.of(1, -2, 0, 1, 6, 0, 0, -6.5);
  assert.not.ok(check.suspects(0, rises));
  assert.not.ok(check.suspects(1, Float32Array.of(1, 99, 0, 0, 0, 0, 0, 0)), "one draw has none before it");
  assert.not.ok(check.suspects(3, rises), "6 is three times 2, and no more");
  assert.ok(check.suspects(3, Float32Array.of(1, -2, 0, 1, 0, -6.1, 0, 0)));
  assert.not.ok(check.suspects(2, Float32Array.of(1, -2, 6, 1, 99, 99, 99, 99)), "draws to come do not count");
  assert.ok(check.suspects(2, Float32Array.of(1, -2, 6.1, 1, 0, 0, 0, 0)));
});

/** Draws before which the temperature is taken. */
function due(checks: number, changes: Partial<SamplerSettings>): number[] {
  const own = { ...settings, num_draws: 10, ...changes };
  const { check } = checked([], own, checks);
  return Array.from({ length: own.num_draws }, (_, draw) => draw).filter((draw) => check.due(draw));
}

test("checks are spread from the first draw after burn-in to the last, both among them", () => {
  assert.equal(due(4, {}), [0, 3, 6, 9]);
  assert.equal(due(3, {}), [0, 5, 9]);
  assert.equal(due(2, {}), [0, 9]);
  assert.equal(due(1, {}), [9]);
  assert.equal(due(0, {}), []);
  assert.equal(due(99, {}), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(due(4, { noise_level: 0 }), [], "without noise there is none");
});

test("the first check is before the first draw whose last update comes after three relaxation times", () => {
  // With so much friction that momenta last no update, tau is -1 / log(1 - lr localization / 2): 11 updates, all but a tenth.
  const lr = 2 * (1 - Math.exp(-1 / 10.9));
  const slow = { lr, localization: 1, friction: 1e4, num_steps_bw_draws: 10, num_draws: 20 };
  const first = (num_burnin_steps: number) => due(99, { ...slow, num_burnin_steps })[0];
  // 3 tau are 33 updates: the 34th is the first after them.
  assert.is(first(0), 3, "the fourth draw comes after 40");
  assert.is(first(4), 2, "the third after 34");
  assert.is(first(3), 3, "and after 33, which is too early");
  assert.is(first(24), 0);
  assert.is(first(23), 1);
  assert.is(first(1000), 0);
  assert.equal(
    due(4, { ...slow, num_draws: 2, num_burnin_steps: 0 }),
    [1],
    "of a run that is too short it is the last",
  );
});

test("chains of few weights may stray as far as chi-squared does; many weights have the limit that flights were seen beyond", () => {
  // Beyond the limit of two weights, an exponential law, and of four, (1 + 2 T) exp(-2 T): 3e-7 by a formula that is good to a factor of 3.
  const two = Math.exp(-flightLimit(2));
  const four = (1 + 2 * flightLimit(4)) * Math.exp(-2 * flightLimit(4));
  for (const beyond of [two, four]) assert.ok(beyond < 9e-7 && beyond > 1e-8, `${beyond}`);
  assert.is(flightLimit(512), 2);
  assert.ok(flightLimit(64) > 2 && flightLimit(64) < 2.5);
});

test.run();
