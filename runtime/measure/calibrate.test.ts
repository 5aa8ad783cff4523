/** Which setting of a calibration's grid is taken, and what stands against the others. */
import * as assert from "uvu/assert";
import { calibrationTable } from "../../harness/cli/tables/calibration";
import { suite } from "../../harness/test/suite";
import { type ComponentTrial, GOOD_RISE, judged, recommend, type Trial } from "./calibrate";
import { runConfig } from "./config";

const test = suite("runtime/measure/calibrate");
const SGLD = "sampler.sampling_method=sgmcmc_sgld";
const config = runConfig({}, "test", [SGLD, "sampler.localization=40", "sampler.num_steps_bw_draws=4"]);
const component = (name: string, changes: Partial<ComponentTrial> = {}): ComponentTrial => ({
  component: name,
  meanRise: 0.2,
  lag1: 0.1,
  ...changes,
});
const judge = (found: readonly ComponentTrial[], lr = 0.01) => judged(lr, 10, found, config);

test("a rise between noise and flight has nothing against it, and draws are as independent as their mean lag says", () => {
  const good = judge([component("l0h1", { lag1: 0.3 }), component("l1 mlp", { lag1: -0.5 })]);
  assert.is(good.against, undefined);
  assert.equal([good.lr, good.n_beta], [0.01, 10]);
  // A negative correlation counts as none: (1 - r) / (1 + r) of r = 0.15.
  assert.ok(Math.abs(good.score - 0.85 / 1.15) < 1e-12, `${good.score}`);
  assert.is(judge([component("a", { lag1: undefined })]).score, 0, "of draws that say nothing nothing is hoped");
  for (const rise of GOOD_RISE) assert.is(judge([component("a", { meanRise: rise })]).against, undefined);
});

test("what stands against a setting names the components: flown off, too far, too still, in this order", () => {
  const fine = component("fine");
  const far = component("far", { meanRise: 0.41 });
  const still = component("still", { meanRise: 0.04 });
  const gone: ComponentTrial = { component: "gone" };
  assert.is(judge([fine, still]).against, "rise below 0.05 nats: still");
  assert.is(judge([fine, component("negative", { meanRise: -0.1 })]).against, "rise below 0.05 nats: negative");
  assert.is(judge([still, far, fine]).against, "rise above 0.4 nats: far");
  assert.is(judge([still, far, fine, gone]).against, "gone flew off");
  assert.is(judge([gone, component("gone too", { meanRise: undefined })]).against, "gone, gone too flew off");
});

test("a component whose loss is too steep for the step stands against a setting", () => {
  assert.is(judge([component("a", { stepError: 0.3 })]).against, undefined);
  assert.is(judge([component("a", { temperature: 1.03, temperatureError: 0.01 })]).against, undefined);
  const hot = judge([component("a", { temperature: 1.06, temperatureError: 0.01 }), component("b")]);
  assert.is(hot.against, "kinetic temperature above 1.02: a");
  const steep = judge([component("a", { stepError: 0.2 }), component("steep", { stepError: 0.31 })]);
  assert.is(steep.against, "step error above 0.3: steep");
  const text = calibrationTable({ components: ["a", "steep"], trials: [steep] });
  assert.match(text, /^ +0\.01 +10 +0\.200 +0\.200 +0\.31 +0\.82 {2}step error above 0\.3: steep$/m);
});

test("plain SGLD's step may not widen the posterior by a third; RMSprop's steps are not judged by lr alone", () => {
  // 1 / (1 - lr * 40 / 4): 1.25 at 0.02, 1.43 at 0.03.
  assert.is(judge([component("a")], 0.02).against, undefined);
  assert.match(judge([component("a")], 0.03).against!, /variance is 1\.43 times the posterior's/);
  const decayed = runConfig({}, "test", [SGLD, "sampler.localization=40", "sampler.llc_weight_decay=20"]);
  assert.match(judged(0.02, 10, [component("a")], decayed).against!, /1\.43 times/);
  const rmsprop = runConfig({}, "test", ["sampler.localization=40", "sampler.sampling_method=rmsprop_sgld"]);
  assert.is(judged(0.03, 10, [component("a")], rmsprop).against, undefined);
});

const trial = (lr: number, score: number, against?: string): Trial => ({
  ...{ lr, n_beta: 10, components: [], score },
  ...(against ? { against } : {}),
});

test("the most independent setting is taken of those that nothing stands against", () => {
  const settings = (trials: readonly Trial[]) => recommend(trials, config).recommended;
  assert.equal(settings([trial(0.01, 0.6), trial(0.02, 0.8), trial(0.04, 0.95, "too far")]), [
    "sampler.lr=0.02",
    "sampler.n_beta=10",
  ]);
  // Within their noise they are equal, and the smaller step has the smaller bias.
  assert.equal(settings([trial(0.01, 0.8), trial(0.02, 0.84)]), ["sampler.lr=0.01", "sampler.n_beta=10"]);
  assert.is(settings([trial(0.01, 0.9, "flew off")]), undefined);
  assert.is(settings([]), undefined);
});

test("draws that hang together are thinned until their correlation is below 0.3", () => {
  const score = (lag: number) => (1 - lag) / (1 + lag);
  const steps = (lag: number) => recommend([trial(0.01, score(lag))], config).recommended!.slice(2);
  assert.equal(steps(0.25), []);
  for (const lag of [0.5, 0.8, 0.97]) {
    const [set] = steps(lag);
    const found = Number(/^sampler\.num_steps_bw_draws=(\d+)$/.exec(set)![1]);
    // Of a chain that forgets by the same share at every update.
    const after = (count: number) => lag ** (count / config.sampler.num_steps_bw_draws);
    assert.ok(after(found) <= 0.3 && after(found - 1) > 0.3, `${lag}: ${found} steps leave ${after(found)}`);
  }
  assert.equal(steps(1), [], "what does not move at all is not helped by thinning");
});

test("the table says what was tried, what it gave, and how to take it", () => {
  const components = ["l0h1", "l1 mlp[64:96]"];
  const found = components.map((name) => component(name));
  const trials = [judge(found), judge([found[0], { component: components[1] }], 0.02)];
  const text = calibrationTable({ components, trials, ...recommend(trials, config) });
  assert.match(text, /mean rise \(nats\) of l0h1, l1 mlp\[64:96\]/);
  assert.match(text, /^ +0\.01 +10 +0\.200 +0\.200 +- +0\.82$/m);
  assert.match(text, /^ +0\.02 +10 +0\.200 +- .*l1 mlp\[64:96\] flew off$/m);
  assert.match(text, "recommended: --set sampler.lr=0.01 --set sampler.n_beta=10");
  assert.match(calibrationTable({ components, trials: [trials[1]] }), "nothing on this grid samples well");
});

test.run();
