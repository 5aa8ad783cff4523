/**
 * Chains of a few weights on the processor, quick enough to be run at every change. Where the loss counts for next to nothing
 * (n_beta 1e-30) updates have a closed form: the pull and Philox's normals.
 */
import * as assert from "uvu/assert";
import { hostLosses } from "../../harness/test/host-losses";
import { refused, refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { CONTEXT, neuronBiases, type TinyModel, tinyModel } from "../../harness/test/tiny-model";
import { deriveKey, normals } from "../../kernels/philox/philox";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { openProcessor } from "../processor/device";
import { sumsFromTraces } from "../susceptibility/estimate";
import { parseRestriction } from "../transformer/restriction";
import type { ChainSpec } from "./chain-plans";
import { Chains } from "./chains";
import type { Draw } from "./component-chains";
import { Laboratory } from "./laboratory";
import { Lockstep } from "./lockstep";

const test = suite("runtime/sampler/small-chains");

const PARAMETER = neuronBiases(0);
const NEURONS = 2;
const CHAINS = 3;
const settings: SamplerSettings = {
  ...plainSgld,
  ...{ seed: 12, lr: 0.02, n_beta: 8, localization: 3, num_chains: CHAINS, num_draws: 5 },
  ...{ num_burnin_steps: 2, num_steps_bw_draws: 2, batch_size: 1 },
};
/** A loss that is there, so that weights move by updates, and counts for nothing. */
const NO_LOSS = 1e-30;

interface Opened {
  readonly model: TinyModel;
  readonly lab: Laboratory;
  readonly spec: ChainSpec;
  /** w*, [NEURONS]. */
  readonly center: ArrayLike<number>;
  readonly close: () => void;
}

/** A laboratory with a pool of three sequences, whose first is the probe, or with `task` all but the last, the last the task. */
async function opened(changes: Partial<SamplerSettings> = {}, extra: Partial<ChainSpec> & { ownTask?: boolean } = {}) {
  const { ownTask, ...rest } = extra;
  const model = await tinyModel(1, NEURONS);
  const device = await openProcessor(1);
  const lab = new Laboratory(device, model.model, model.weights);
  const turned = (from: number) => [...model.ids.subarray(from), ...model.ids.subarray(0, from)];
  const rows = [0, 3, 5].map(turned);
  const text = (name: string, ids: number[][]) => lab.addText(name, Uint32Array.from(ids.flat()), CONTEXT + 1);
  const task = ownTask ? { task: text("task", rows.slice(1)) } : {};
  const spec: ChainSpec = {
    restriction: parseRestriction(PARAMETER, model.model),
    settings: { ...settings, ...changes },
    ...{ pool: text("pool", rows), probe: text("probe", rows.slice(0, 1)), ...task, ...rest },
  };
  const close = () => {
    lab.close();
    device.close();
  };
  return { model, lab, spec, center: await model.weights.read(PARAMETER, 0, NEURONS), close } satisfies Opened;
}

/** The chains' weights without padding, [CHAINS * NEURONS]. */
async function weightsOf(chains: Chains): Promise<number[]> {
  const blocks = await chains.parameters();
  const { size } = chains.block;
  return Array.from({ length: CHAINS * NEURONS }, (_, i) => blocks[Math.floor(i / NEURONS) * size + (i % NEURONS)]);
}

function near(found: ArrayLike<number>, expected: ArrayLike<number>, within: number, what: string): void {
  assert.is(found.length, expected.length, what);
  for (let i = 0; i < found.length; i++) {
    assert.ok(Math.abs(found[i] - expected[i]) <= within, `${what}, ${i}: ${found[i]}, expected ${expected[i]}`);
  }
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const normalsOf = (purpose: string, step: number) =>
  Array.from({ length: CHAINS }, (_, m) => [
    ...normals(deriveKey(settings.seed, PARAMETER, m, purpose), step, NEURONS),
  ]).flat();

test("SGLD without a loss: burn-in, then updates between draws, each the pull and its normals; its acceptance", async () => {
  const { lab, spec, center, close } = await opened({ n_beta: NO_LOSS, num_draws: 4 }, { acceptanceChecks: 2 });
  const chains = await Chains.open(lab, spec);
  assert.is(chains.kind, "sgld");
  const { lr, localization } = spec.settings;
  const away = new Array<number>(CHAINS * NEURONS).fill(0);
  const acceptance: number[] = [];
  let update = 0;
  for (const [draw, updates] of [4, 2, 2, 2].entries()) {
    let before: number[] = [];
    for (let i = 0; i < updates; i++, update++) {
      before = [...away];
      const z = normalsOf("noise", update);
      for (const [k, x] of before.entries()) away[k] = x - (lr / 2) * localization * x + Math.sqrt(lr) * z[k];
    }
    await chains.draw();
    assert.is(chains.draws, draw + 1);
    near(
      await weightsOf(chains),
      away.map((x, k) => center[k % NEURONS] + x),
      2e-6,
      `draw ${draw}`,
    );
    if (draw % 2 === 0) continue;
    // MALA on a Gaussian of precision gamma: eps gamma^2 (|x|^2 - |x'|^2) / 8.
    for (let m = 0; m < CHAINS; m++) {
      const squares = (values: number[]) => values.slice(m * NEURONS, (m + 1) * NEURONS).reduce((s, x) => s + x * x, 0);
      acceptance.push((lr * localization ** 2 * (squares(before) - squares(away))) / 8);
    }
  }
  near(chains.logAcceptance, acceptance, 1e-6, "log acceptance");
  chains.close();
  close();
});

test("direct draws: each its own normals over the root of the pull, with losses, rises and sums of what is there", async () => {
  const { model, lab, spec, center, close } = await opened({ n_beta: 0 });
  const chains = await Chains.open(lab, spec);
  assert.is(chains.kind, "gaussian");
  near(chains.baseline, await hostLosses(model, PARAMETER, center), 5e-6, "l(w*)");
  assert.equal(chains.taskBaseline, chains.baseline);
  const draws: Draw[] = [];
  for (let draw = 0; draw < settings.num_draws; draw++) {
    draws.push(await chains.draw());
    const w = await weightsOf(chains);
    const z = normalsOf("gaussian", draw);
    near(
      w,
      z.map((value, k) => center[k % NEURONS] + value / Math.sqrt(settings.localization)),
      2e-6,
      `draw ${draw}`,
    );
    const { losses, rises, phi, index } = draws[draw];
    assert.is(index, draw);
    near(losses, await hostLosses(model, PARAMETER, w), 5e-6, `losses of draw ${draw}`);
    near(
      rises,
      Array.from(losses, (loss, i) => loss - chains.baseline[i % CONTEXT]),
      1e-7,
      `rises of draw ${draw}`,
    );
    for (let m = 0; m < CHAINS; m++) {
      near([phi[m]], [mean(rises.subarray(m * CONTEXT, (m + 1) * CONTEXT))], 1e-6, `phi of draw ${draw}`);
    }
  }
  const shape = { draws: settings.num_draws, chains: CHAINS, tokens: CONTEXT };
  const phi = draws.flatMap((draw) => [...draw.phi]);
  const rises = draws.flatMap((draw) => [...draw.rises]);
  const sums = await chains.sums();
  assert.equal(Array.from(sums.phi), phi);
  assert.equal([sums.draws, sums.chains, sums.tokens, sums.shifted.lag], [5, CHAINS, CONTEXT, 2]);
  const expected = sumsFromTraces(rises, phi, shape);
  near(sums.sumD, expected.sumD, 1e-6, "sum of d");
  near(sums.sumPhiD, expected.sumPhiD, 1e-6, "sum of phi d");
  near(sums.m2, expected.m2, 1e-6, "squares");
  // Half of five draws, rounded down, lie between phi and d.
  const each = CHAINS * CONTEXT;
  const shifted = Array.from({ length: each }, (_, i) =>
    [2, 3, 4].map((s) => [rises[s * each + i], phi[(s - 2) * CHAINS + Math.floor(i / CONTEXT)]]),
  );
  near(
    sums.shifted.sumD,
    shifted.map((pairs) => pairs.reduce((sum, [d]) => sum + d, 0)),
    1e-6,
    "shifted d",
  );
  near(
    sums.shifted.sumPhiD,
    shifted.map((pairs) => pairs.reduce((sum, [d, p]) => sum + d * p, 0)),
    1e-6,
    "shifted phi d",
  );
  chains.close();
  close();
});

test("a task's own text: phi is the mean of its rises, and the probe's are kept beside; without traces phi alone", async () => {
  const { lab, spec, close } = await opened({}, { ownTask: true });
  const chains = await Chains.open(lab, spec);
  assert.is(chains.taskBaseline.length, 2 * CONTEXT);
  const { phi, losses, taskLosses = [] } = await chains.draw();
  assert.equal([losses.length, taskLosses.length], [CHAINS * CONTEXT, CHAINS * 2 * CONTEXT]);
  const rises = Array.from(taskLosses, (loss, i) => loss - chains.taskBaseline[i % (2 * CONTEXT)]);
  for (let m = 0; m < CHAINS; m++) {
    near([phi[m]], [mean(rises.slice(m * 2 * CONTEXT, (m + 1) * 2 * CONTEXT))], 1e-6, `phi of chain ${m}`);
  }
  const bare = await chains.draw({ traces: false });
  assert.equal([bare.losses.length, bare.taskLosses, bare.phi.length], [0, undefined, CHAINS]);
  chains.close();
  close();
});

/** Everything that chains are after some more draws. */
async function seen(chains: Chains, until: number) {
  while (chains.draws < until) await chains.draw();
  const found = { state: await chains.save(), sums: await chains.sums(), w: await weightsOf(chains) };
  chains.close();
  return found;
}

test("saved after any draw, every kind of update goes on with the same bits; another chain's state is refused", async () => {
  const kinds: Partial<SamplerSettings>[] = [
    {},
    { sampling_method: "rmsprop_sgld" },
    { sampling_method: "sgmcmc_baoab", batch_size: 0 },
    { n_beta: 0 },
  ];
  for (const changes of kinds) {
    const { lab, spec, close } = await opened(changes, { acceptanceChecks: 3 });
    const whole = await seen(await Chains.open(lab, spec), 5);
    const { state } = await seen(await Chains.open(lab, spec), 2);
    assert.is(state.drawn, 2);
    assert.equal(await seen(await Chains.open(lab, spec, state), 5), whole, JSON.stringify(changes));
    await refused(Chains.open(lab, { ...spec, chains: [0, 1] }, state), /./);
    close();
  }
});

test("checks of the step change none of its bits", async () => {
  for (const sampling_method of ["sgmcmc_sgld", "rmsprop_sgld", "sgmcmc_baoab"] as const) {
    const { lab, spec, close } = await opened({ sampling_method });
    const [plain, checked] = [await Chains.open(lab, spec), await Chains.open(lab, { ...spec, acceptanceChecks: 5 })];
    while (plain.draws < 5) {
      await plain.draw();
      await checked.draw();
      assert.equal(await weightsOf(checked), await weightsOf(plain), `${sampling_method}, draw ${plain.draws}`);
    }
    assert.equal([plain.logAcceptance.length, plain.kineticTemperature.length], [0, 0]);
    const baoab = sampling_method === "sgmcmc_baoab";
    assert.is((baoab ? checked.logAcceptance : checked.kineticTemperature).length, 0);
    assert.ok((baoab ? checked.kineticTemperature : checked.logAcceptance).every(Number.isFinite));
    if (!baoab) assert.is(checked.logAcceptance.length, 5 * CHAINS);
    plain.close();
    checked.close();
    close();
  }
});

test("some of the chains are those of all, by their numbers", async () => {
  const { lab, spec, close } = await opened();
  const all = await seen(await Chains.open(lab, spec), 2);
  const some = await seen(await Chains.open(lab, { ...spec, chains: [0, 2] }), 2);
  assert.equal(
    Array.from(some.sums.phi),
    Array.from(all.sums.phi).filter((_, i) => i % CHAINS !== 1),
  );
  close();
});

test("losses that are no number stop the first chain, named with its update; chains of a shard by their own numbers", async () => {
  for (const numbers of [undefined, [1, 2]]) {
    const { lab, spec, close } = await opened({ lr: 1e38, localization: 1e38 }, numbers && { chains: numbers });
    const chains = await Chains.open(lab, spec);
    const name = new RegExp(`component .*bias, chain ${numbers ? 1 : 0}, update 4: the loss is .*; lower lr`);
    await refused(chains.draw(), name);
    chains.close();
    close();
  }
});

test("trials are the draws to come and leave nothing; each chain's pull can be another, where it is drawn directly", async () => {
  const { lab, spec, center, close } = await opened({ n_beta: 0 });
  const lockstep = await Lockstep.open(lab, [spec]);
  const [tried] = await lockstep.trial(2);
  const { draws } = lockstep;
  assert.is(draws, 0);
  await lockstep.draw();
  await lockstep.draw({ traces: false });
  const [chains] = lockstep.components;
  assert.equal([...tried], [...chains.phi.subarray(0, 2 * CHAINS)]);
  lockstep.setLocalization(0, Float32Array.of(3, 12, 48));
  await lockstep.draw();
  assert.equal(await chains.localization(), Float32Array.of(3, 12, 48));
  const z = normalsOf("gaussian", 2);
  const w = await chains.parameters();
  for (const [m, pull] of [3, 12, 48].entries()) {
    const own = w.subarray(m * chains.block.size, m * chains.block.size + NEURONS);
    near(
      own,
      Array.from(own, (_, e) => center[e] + z[m * NEURONS + e] / Math.sqrt(pull)),
      2e-6,
      `chain ${m}`,
    );
  }
  lockstep.close();
  const sgld = await Lockstep.open(lab, [{ ...spec, settings }]);
  await refused(sgld.trial(1), /its chains are not drawn directly, n_beta is 8/);
  refusedAtOnce(() => sgld.setLocalization(0, new Float32Array(CHAINS)), /its chains are not drawn directly/);
  sgld.close();
  close();
});

test("two components of a layer together have the bits of each alone; what does not fit together is refused", async () => {
  for (const changes of [{ n_beta: 8 }, { n_beta: 0 }]) {
    const { model, lab, spec, close } = await opened(
      { ...changes, num_chains: 8, num_draws: 3 },
      { acceptanceChecks: 2 },
    );
    const specs = ["l0h1", "l0 mlp"].map((name, i) => {
      const restriction = parseRestriction(name, model.model);
      return { ...spec, restriction, settings: { ...spec.settings, lr: 0.01 * (1 + i) } };
    });
    const together = await Lockstep.open(lab, specs);
    while (together.draws < 3) await together.draw();
    for (const [i, own] of specs.entries()) {
      const alone = await Chains.open(lab, own);
      while (alone.draws < 3) await alone.draw();
      const found = together.components[i];
      assert.equal(await found.save(), await alone.save());
      assert.equal(await found.sums(), await alone.sums());
      alone.close();
    }
    const state = await together.components[0].save();
    together.close();
    await refused(Lockstep.open(lab, specs, [state]), /l0h1, l0 mlp: cannot run in lockstep: .* at draws 3, 0/);
    const other = { ...specs[1], settings: { ...specs[1].settings, seed: 1 } };
    await refused(Lockstep.open(lab, [specs[0], other]), /l0h1, l0 mlp: cannot run in lockstep: not of one layer/);
    close();
  }
});

test("nothing of closed chains stays; of a text that nobody uses its activations go, of a laboratory all", async () => {
  const { lab, spec, close } = await opened();
  const bytes: number[] = [];
  for (let i = 0; i < 3; i++) {
    await seen(await Chains.open(lab, spec), 1);
    bytes.push(lab.memory.bytes);
  }
  assert.equal(bytes, new Array(3).fill(bytes[0]));
  lab.trim(spec.pool);
  assert.is(lab.memory.bytes, bytes[0], "used since it was there");
  lab.trim(spec.pool);
  assert.ok(lab.memory.bytes < bytes[0], "not used any more");
  lab.close();
  assert.is(lab.memory.bytes, 0);
  close();
});

test.run();
