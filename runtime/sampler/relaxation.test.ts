/** How long chains remember: closed forms of every kind of update on a pull alone. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { burninWanted, relaxationTime, stepInFlatDirections } from "./relaxation";

const test = suite("runtime/sampler/relaxation");

const settings: SamplerSettings = {
  ...plainSgld,
  ...{ seed: 1, lr: 1 / 64, n_beta: 10, localization: 3, llc_weight_decay: 1, num_chains: 1 },
  ...{ num_draws: 10, num_burnin_steps: 0, num_steps_bw_draws: 1, batch_size: 1 },
};
const rmsprop: SamplerSettings = {
  ...settings,
  sampling_method: "rmsprop_sgld",
  rmsprop_eps: 1 / 8,
  rmsprop_alpha: 0.9,
};
const near = (found: number | undefined, expected: number) =>
  assert.ok(found !== undefined && Math.abs(found / expected - 1) < 1e-9, `${found}, expected ${expected}`);

test("SGLD forgets in 2 / (lr (localization + decay)) updates, RMSprop with the step that it has where the loss is flat", () => {
  near(relaxationTime(settings), 32);
  assert.is(burninWanted(settings), 96);
  near(stepInFlatDirections(settings), 1 / 64);
  near(stepInFlatDirections(rmsprop), 1 / 8);
  near(relaxationTime(rmsprop), 4);
  assert.is(burninWanted({ ...rmsprop, rmsprop_init: "zeros" }), 12);
  const free = { ...settings, localization: 0, llc_weight_decay: 0 };
  assert.is(relaxationTime(free), Number.POSITIVE_INFINITY);
  assert.is(burninWanted(free), undefined);
});

test("BAOAB: by its friction where positions swing, by the pull where momenta last no update", () => {
  const baoab: SamplerSettings = { ...settings, sampling_method: "sgmcmc_baoab", friction: 0.5 };
  // The step in units of the pull's period is the root of lr times the pull.
  const step = 1 / 4;
  near(relaxationTime(baoab), 2 / (0.5 * step));
  near(relaxationTime({ ...baoab, friction: 1e4 }), -1 / Math.log(1 - step ** 2 / 2));
  // Where both roots are real the slower counts: they have the product c and the sum 1 + c - step^2 (1 + c) / 2.
  const c = Math.exp(-4 * step);
  const root = Math.exp(-1 / relaxationTime({ ...baoab, friction: 4 }));
  near(root + c / root, (1 + c) * (1 - step ** 2 / 2));
  assert.ok(root > c / root);
});

test("RMSprop from ones: its first steps are smaller, and summed up until three relaxation times have passed", () => {
  const ones: SamplerSettings = { ...rmsprop, rmsprop_init: "ones", lr: 1 / 320 };
  const tau = relaxationTime(ones);
  near(tau, 20);
  const wanted = burninWanted(ones)!;
  const passed = (updates: number) => {
    let times = 0;
    // v of t updates is a^t / (1 - a^t) where there is no gradient.
    for (let t = 1; t <= updates; t++) times += 0.125 / (0.125 + Math.sqrt(0.9 ** t / (1 - 0.9 ** t))) / tau;
    return times;
  };
  assert.ok(passed(wanted) >= 3 && passed(wanted - 1) < 3, `${wanted} updates: ${passed(wanted)} times`);
  assert.ok(wanted > 3 * tau + 20);
  // Long after its start the rest is counted at once.
  const long = { ...ones, lr: 1 / 320000 };
  const late = burninWanted(long)!;
  const lost = 3 * tau - passed(3000) * tau + 3000 - 3 * tau;
  assert.ok(Math.abs(late - (3 * relaxationTime(long) + lost)) <= 2, `${late}`);
  assert.is(burninWanted({ ...ones, rmsprop_alpha: 0, lr: 1 / 256 }), 48, "without a memory every step is as the last");
});

test.run();
