/** What a run may be cut by: stopped and gone on with, some of its chains elsewhere, the sampling task another text. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { openFolder } from "../../models/hub/open";
import { generate } from "../../models/nano/corpus";
import type { LoadedModel } from "../../models/weights";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { projectRoot } from "../node/root";
import { mergeSums } from "../susceptibility/merge";
import { parseRestriction } from "../transformer/restriction";
import type { ChainSpec } from "./chain-plans";
import type { ChainState } from "./chain-state";
import { Chains } from "./chains";
import { Laboratory } from "./laboratory";

const test = suite("runtime/sampler/chain-state", { gpu: true });
const CONTEXT = 8;
const text = generate({ seed: 31, sequences: 6, context: CONTEXT });
const settings: SamplerSettings = {
  ...plainSgld,
  seed: 6,
  lr: 0.01,
  n_beta: 10,
  localization: 50,
  num_chains: 3,
  num_draws: 6,
  num_burnin_steps: 2,
  num_steps_bw_draws: 3,
  batch_size: 2,
};
const rmsprop = { sampling_method: "rmsprop_sgld", lr: 0.002, llc_weight_decay: 5, bounding_box_size: 0.2 } as const;
const baoab = { sampling_method: "sgmcmc_baoab" } as const;
const kinds: [string, Partial<SamplerSettings>][] = [
  ["SGLD", {}],
  ["RMSprop from ones", rmsprop],
  ["RMSprop from zeros", { ...rmsprop, rmsprop_init: "zeros", bounding_box_size: 0 }],
  ["BAOAB in a box, whole batches", { ...baoab, bounding_box_size: 0.3, llc_weight_decay: 5, batch_size: 0 }],
  ["BAOAB", baoab],
  ["direct draws", { n_beta: 0 }],
];
let model: LoadedModel;
test.before(async () => {
  model = await openFolder(join(projectRoot(), "models", "nano"));
});

type Extra = Partial<Pick<ChainSpec, "chains" | "acceptanceChecks">> & { readonly ownTask?: boolean };

/** Opens chains of a component in a laboratory of their own. */
async function opened(changes: Partial<SamplerSettings>, extra: Extra = {}, state?: ChainState) {
  const { ownTask, ...rest } = extra;
  const lab = new Laboratory(await testDevice(), model.model, model.weights);
  const rows = (from: number, to: number) => text.ids.subarray(from * (CONTEXT + 1), to * (CONTEXT + 1));
  const pool = lab.addText("pool", text.ids, CONTEXT + 1);
  const probe = lab.addText("probe", rows(0, 2), CONTEXT + 1);
  const task = ownTask ? { task: lab.addText("task", rows(2, 5), CONTEXT + 1) } : {};
  const restriction = parseRestriction("l0h3+l1 mlp[0:16]", model.model);
  const spec = {
    restriction,
    settings: { ...settings, ...changes },
    pool,
    probe,
    acceptanceChecks: 2,
    ...task,
    ...rest,
  };
  return { lab, chains: await Chains.open(lab, spec, state) };
}

/** Draws up to `until`, and everything that can be seen of the chains there. */
async function drawn({ chains }: { chains: Chains }, until: number) {
  const losses: Float32Array[] = [];
  while (chains.draws < until) losses.push((await chains.draw()).losses);
  const state = await chains.save();
  const { phi, logAcceptance, kineticTemperature } = chains;
  return { losses, state, sums: await chains.sums(), phi, logAcceptance, kineticTemperature };
}

test("saved after any draw and opened again, chains go on with the same bits", async () => {
  for (const [name, changes] of kinds) {
    for (const ownTask of [false, true]) {
      const whole = await opened(changes, { ownTask });
      const wanted = await drawn(whole, settings.num_draws);
      whole.lab.close();
      for (const at of [1, 4]) {
        const first = await opened(changes, { ownTask });
        const { state } = await drawn(first, at);
        first.lab.close();
        const second = await opened(changes, { ownTask }, state);
        const found = await drawn(second, settings.num_draws);
        second.lab.close();
        const what = `${name}, stopped after ${at}${ownTask ? ", own task" : ""}`;
        assert.equal(found.state, wanted.state, `${what}: state`);
        assert.equal(found.losses, wanted.losses.slice(at), `${what}: losses`);
        assert.equal(found.sums, wanted.sums, `${what}: sums`);
        assert.equal(found.phi, wanted.phi, `${what}: phi`);
        assert.equal(found.logAcceptance, wanted.logAcceptance, `${what}: acceptance`);
        assert.equal(found.kineticTemperature, wanted.kineticTemperature, `${what}: temperature`);
        const checks = "sampling_method" in changes && changes.sampling_method === baoab.sampling_method ? 2 : 0;
        assert.is(wanted.kineticTemperature.length, checks * settings.num_chains, `${what}: temperatures`);
      }
    }
  }
});

test("chains that run elsewhere have the bits that they have together", async () => {
  for (const [name, changes] of kinds) {
    const together = await opened(changes);
    const wanted = await drawn(together, settings.num_draws);
    together.lab.close();
    const parts = [];
    for (const chains of [[2], [0, 1]]) {
      const some = await opened(changes, { chains });
      const { sums, phi } = await drawn(some, settings.num_draws);
      some.lab.close();
      const tokens = sums.sumD.length / chains.length;
      parts.push({ chains, sums: { ...sums, phi, chains: chains.length, draws: settings.num_draws, tokens } });
    }
    const merged = mergeSums(parts);
    assert.equal(merged.sumD, wanted.sums.sumD, `${name}: sum of d`);
    assert.equal(merged.sumPhiD, wanted.sums.sumPhiD, `${name}: sum of phi d`);
    assert.equal(merged.m2, wanted.sums.m2, `${name}: squares`);
    assert.equal(merged.shifted, wanted.sums.shifted, `${name}: shifted sums`);
    assert.equal(Float32Array.from(merged.phi), wanted.phi, `${name}: phi`);
    assert.not.equal(wanted.phi.slice(0, 1), wanted.phi.slice(1, 2), "chains differ");
  }
});

test("phi is the mean rise of the sampling task; without traces the sums are the same", async () => {
  const own = await opened({}, { ownTask: true });
  const baseline = own.chains.taskBaseline;
  assert.is(baseline.length, 3 * CONTEXT);
  const shape = { chains: settings.num_chains, tokens: own.chains.baseline.length };
  const sum = new Float64Array(shape.chains * shape.tokens);
  const shifted = new Float64Array(shape.chains * shape.tokens);
  const phis: Float32Array[] = [];
  const rises: Float32Array[] = [];
  for (let s = 0; s < settings.num_draws; s++) {
    const { phi, taskLosses, rises: d } = await own.chains.draw();
    phis.push(phi);
    rises.push(d);
    phi.forEach((value, chain) => {
      const losses = taskLosses!.subarray(chain * baseline.length, (chain + 1) * baseline.length);
      const mean = losses.reduce((total, loss, i) => total + loss - baseline[i], 0) / baseline.length;
      // A mean of 24 f32 numbers of order 1.
      assert.ok(Math.abs(value - mean) < 1e-6, `draw ${s}, chain ${chain}: ${value}, expected ${mean}`);
    });
    d.forEach((value, i) => {
      const chain = Math.floor(i / shape.tokens);
      sum[i] += phi[chain] * value;
      if (s >= 3) shifted[i] += phis[s - 3][chain] * value;
    });
  }
  const sums = await own.chains.sums();
  own.lab.close();
  assert.is(sums.shifted.lag, 3, "half of six draws");
  // Products rounded to f32; their sums are not.
  const near = (a: ArrayLike<number>, b: ArrayLike<number>, what: string) => {
    for (let i = 0; i < a.length; i++)
      assert.ok(Math.abs(a[i] - b[i]) < 1e-6, `${what} ${i}: ${a[i]}, expected ${b[i]}`);
  };
  near(sums.sumPhiD, sum, "phi d");
  near(sums.shifted.sumPhiD, shifted, "shifted phi d");
  // By two passes; the probe is not the task here, so that d - phi is no contrast with the probe's own mean.
  const squares = Float64Array.from(sum, (_, i) => {
    const x = rises.map((d, s) => d[i] - phis[s][Math.floor(i / shape.tokens)]);
    const mean = x.reduce((total, value) => total + value, 0) / x.length;
    return x.reduce((total, value) => total + (value - mean) ** 2, 0);
  });
  // A squared deviation of some ten is rounded to f32 a few times: 1e-7 of it each.
  const relative = Array.from(sums.m2, (value, i) => value / squares[i]);
  near(relative, new Float64Array(sum.length).fill(1), "squares over those of two passes");
  assert.ok(
    squares.some((value) => value > 1e-3),
    "the draws move",
  );

  const quiet = await opened({}, { ownTask: true });
  for (let s = 0; s < settings.num_draws; s++) assert.is((await quiet.chains.draw({ traces: false })).losses.length, 0);
  assert.equal(await quiet.chains.sums(), sums);
  quiet.lab.close();
});

test("log acceptance is taken where it exists, is near 0 for small steps and leaves it with their size", async (t) => {
  const acceptance = async (changes: Partial<SamplerSettings>) => {
    const run = await opened({ num_draws: 4, ...changes });
    const { logAcceptance } = await drawn(run, 4);
    run.lab.close();
    return logAcceptance;
  };
  const spreads: number[] = [];
  for (const lr of [1e-5, 1e-3, 0.02]) {
    const logs = await acceptance({ lr });
    assert.is(logs.length, 2 * settings.num_chains, "two checks of three chains");
    spreads.push(Math.sqrt(logs.reduce((sum, value) => sum + value ** 2, 0) / logs.length));
  }
  t.note(`root mean square at lr 1e-5, 1e-3, 0.02: ${spreads.map((spread) => spread.toFixed(4)).join(", ")}`);
  assert.ok(spreads[0] < 0.01 && spreads[0] < spreads[1] && spreads[1] < spreads[2], `${spreads}`);
  assert.ok((await acceptance({ sampling_method: "rmsprop_sgld", lr: 1e-6 })).every((log) => log > -0.05));
  for (const none of [{ n_beta: 0 }, { noise_level: 0.5 }, { bounding_box_size: 0.1 }, baoab]) {
    assert.is((await acceptance(none)).length, 0, JSON.stringify(none));
  }
});

test("a state of other chains is refused", async () => {
  const three = await opened({});
  const { state } = await drawn(three, 1);
  three.lab.close();
  await refused(opened({ num_chains: 2 }, {}, state), /saved state of the chains: w has \d+ elements/);
  await refused(opened(rmsprop, {}, state), /v has no elements/);
  await refused(opened(baoab, {}, state), /p has no elements/);
});

test.run();
