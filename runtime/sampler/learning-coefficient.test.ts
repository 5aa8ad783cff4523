/** Learning coefficients of singular losses: chains against quadrature, and quadrature against the theory's values. */
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import {
  aoyagiWatanabe,
  monomial,
  oneHiddenUnit,
  type SingularLoss,
  trueRankOne,
  twoHiddenUnits,
} from "../../harness/test/singular-losses";
import { suite, type TestContext } from "../../harness/test/suite";
import { beside, TargetChains } from "../../harness/test/target-chains";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { localLearningCoefficient } from "../susceptibility/llc";

const test = suite("runtime/sampler/learning-coefficient", { gpu: true });

const settings: SamplerSettings = {
  ...plainSgld,
  seed: 23,
  lr: 4e-3,
  n_beta: 20,
  localization: 1,
  num_chains: 1024,
  num_draws: 30,
  // The pull alone forgets within 2 / (lr * localization) = 500 updates.
  num_burnin_steps: 1500,
  num_steps_bw_draws: 30,
  batch_size: 1,
};
const losses = [monomial(1), oneHiddenUnit(), twoHiddenUnits(), trueRankOne()];

test("theory's cases are the ones meant, and agree with what is known otherwise", () => {
  // B = A = 0: |A|^2 |B|^2 / 2, two crossing planes of 2 weights each.
  assert.equal(aoyagiWatanabe(2, 2, 1, 0), { lambda: 1, multiplicity: 2 });
  // A regular map up to a scale that moves between A and B: half of 4 - 1 weights.
  assert.equal(aoyagiWatanabe(2, 2, 1, 1), { lambda: 1.5, multiplicity: 1 });
  assert.equal(aoyagiWatanabe(2, 2, 2, 0), { lambda: 1.5, multiplicity: 1 });
  // More hidden units than inputs and outputs need: any map can be made, as if it were the weights.
  assert.equal(aoyagiWatanabe(2, 2, 5, 0), { lambda: 2, multiplicity: 1 });
  assert.equal(
    [monomial(1), monomial(2), ...losses].map((loss) => [loss.learningCoefficient, loss.multiplicity]),
    [
      [0.5, 2],
      [0.25, 1],
      [0.5, 2],
      [1, 2],
      [1.5, 1],
      [1.5, 1],
    ],
  );
});

test("n E[L] by quadrature tends to the learning coefficient, with its multiplicity", (t) => {
  for (const loss of [monomial(2), ...losses]) {
    // Polar coordinates see a peak of width 1 / sqrt(n): enough points for n to 10^4.
    const largest = loss.name === trueRankOne().name ? 1e4 : 1e12;
    const [before, after] = [largest / 1e4, largest].map((n) => loss.learningCoefficient - loss.expectation(n, 1));
    const below = [before, after].map((gap) => gap.toExponential(1)).join(", ");
    t.note(`${loss.name}: lambda ${loss.learningCoefficient}, n E[L] below it by ${below}`);
    if (loss.multiplicity === 1) {
      // A power of n at least as fast as n^(-1/4): a factor of 10 here.
      assert.ok(Math.abs(after) < Math.abs(before) / 8 && Math.abs(after) < 1e-3, loss.name);
    } else {
      // lambda - (m - 1) / (log n + constant), up to a power of n.
      const multiplicity = 1 + Math.log(1e4) / (1 / after - 1 / before);
      assert.ok(Math.abs(multiplicity - loss.multiplicity) < 1e-3, `${loss.name}: multiplicity ${multiplicity}`);
    }
  }
});

interface Sampled {
  /** n_beta E[L] and its standard error. */
  readonly value: number;
  readonly error: number;
  /** What the step adds to the value, to first order. */
  readonly bias: number;
}

/**
 * Samples losses side by side. Steps of eps sample not exp(-U) but, to first order, exp(-U) (1 + eps/2 q) with
 * q = |grad U|^2 / 4 - Laplacian U / 2: for a quadratic U the known factor of the variance. So the step adds
 * eps/2 Cov(n_beta L, q), and the draws themselves say how much that is.
 */
async function sample(targets: readonly SingularLoss[], own: SamplerSettings): Promise<Sampled[]> {
  const { num_chains, num_draws, n_beta, localization, lr, sampling_method } = own;
  const all = beside(targets);
  const chains = await TargetChains.open(await testDevice(), all, own);
  const gradient = new Float64Array(num_chains * all.dims);
  const place = () => targets.map(() => new Float64Array(num_draws * num_chains));
  const [rises, tilts] = [place(), place()];
  for (let draw = 0; draw < num_draws; draw++) {
    const w = await chains.draw();
    for (let chain = 0; chain < num_chains; chain++) {
      let at = chain * all.dims;
      all.gradient(w, at, gradient);
      targets.forEach((target, i) => {
        const { dims, center } = target;
        let q = -(n_beta * target.laplacian(w, at) + localization * dims) / 2;
        for (let e = 0; e < dims; e++) {
          q += (n_beta * gradient[at + e] + localization * (w[at + e] - center[e])) ** 2 / 4;
        }
        rises[i][draw * num_chains + chain] = target.loss(w, at);
        tilts[i][draw * num_chains + chain] = q;
        at += dims;
      });
    }
  }
  chains.close();
  return targets.map((_, i) => {
    const { value, error } = localLearningCoefficient(rises[i], num_draws, num_chains, n_beta);
    const mean = tilts[i].reduce((sum, q) => sum + q, 0) / tilts[i].length;
    const products = tilts[i].map((q, j) => (q - mean) * (n_beta * rises[i][j] - value));
    // BAOAB's positions have no error of first order in lr.
    const first = sampling_method === "sgmcmc_baoab" ? 0 : lr;
    const bias = ((first / 2) * products.reduce((sum, product) => sum + product, 0)) / products.length;
    return { value, error: error!, bias };
  });
}

function report({ value, error, bias }: Sampled, expected: number): string {
  const z = ((value - bias - expected) / error).toFixed(2);
  const [got, spread, step, wanted] = [value, error, bias, expected].map((number) => number.toFixed(4));
  return `${got} +- ${spread}, of it ${step} by the step, expected ${wanted} (${z} sd)`;
}

test("n_beta E[L] of chains with a weak pull is the posterior's, and rises towards the coefficient", async (t) => {
  const few = { ...settings, n_beta: 4, lr: 8e-3, num_burnin_steps: 750, num_steps_bw_draws: 15 };
  await checkWeakPull(t, [few, settings]);
});

test("so it is with BAOAB, of whose steps nothing is left", async (t) => {
  // Steps of 0.03 of the pull's standard deviation forget within 42 updates where the loss is flat.
  const own = { ...settings, sampling_method: "sgmcmc_baoab", lr: 1e-3, num_burnin_steps: 200 } as const;
  await checkWeakPull(t, [{ ...own, n_beta: 4 }, own]);
});

async function checkWeakPull(t: TestContext, runs: readonly SamplerSettings[]): Promise<void> {
  const sampled = [await sample(losses, runs[0]), await sample(losses, runs[1])];
  losses.forEach((loss, i) => {
    runs.forEach(({ n_beta, localization }, run) => {
      const own = sampled[run][i];
      const expected = loss.expectation(n_beta, localization);
      const line = `${loss.name}, n_beta ${n_beta}: ${report(own, expected)}`;
      t.note(line);
      // Five standard errors over independent chains, and of the step's part what is of second order.
      const allowed = 5 * own.error + (2 * own.bias ** 2) / expected;
      assert.ok(Math.abs(own.value - own.bias - expected) <= allowed, line);
    });
    const [low, high] = sampled.map((run) => ({ ...run[i], value: run[i].value - run[i].bias }));
    assert.ok(high.value - low.value > 5 * Math.hypot(low.error, high.error), `${loss.name}: it must rise with n_beta`);
    assert.ok(high.value < loss.learningCoefficient + 5 * high.error, `${loss.name}: above the coefficient`);
  });
}

/** n E[L] in the box |u|, |v| <= box; a step of sd behaves at an end as if the box were OVERSHOOT sd larger there. */
function inBox(loss: SingularLoss, { n_beta: n, localization }: SamplerSettings, box: number, more: number): number {
  const points = 1000;
  const spacing = (box + more) / points;
  const inside = (i: number) => Math.min(box, (i + 0.5) * spacing);
  let [top, bottom] = [0, 0];
  for (let i = 0; i < points; i++) {
    for (let j = 0; j < points; j++) {
      const [u, v] = [inside(i), inside(j)];
      const here = loss.loss([u, v], 0);
      const weight = Math.exp(-n * here - (localization / 2) * (u * u + v * v));
      bottom += weight;
      top += weight * n * here;
    }
  }
  return top / bottom;
}
const OVERSHOOT = 0.5826;
/** Of BAOAB's bounces, in steps of sqrt(lr): half a step that a momentum's flight loses, and more where it does not last. */
const BOUNCE = 0.3;

for (const sampling_method of ["sgmcmc_sgld", "sgmcmc_baoab"] as const) {
  test(`${sampling_method}: in a box without a pull, or hardly any, n_beta E[L] of u v^2 is the box's`, (t) =>
    checkInBox(t, sampling_method));
}

async function checkInBox(t: TestContext, sampling_method: SamplerSettings["sampling_method"]): Promise<void> {
  const box = 1;
  const loss = monomial(2);
  const own: SamplerSettings = {
    ...settings,
    lr: 2e-3,
    n_beta: 100,
    localization: 0,
    bounding_box_size: box,
    // A free walk of steps sqrt(lr) forgets where in the box it was within 8 / (pi^2 lr) = 405 updates.
    num_burnin_steps: 1200,
    // BAOAB needs some pull, whose frequency its friction is in units of: this one leaves exp(-0.16) of a momentum.
    ...(sampling_method === "sgmcmc_baoab" ? { sampling_method, localization: 0.01, friction: 36 } : {}),
  };
  const overshoot = sampling_method === "sgmcmc_baoab" ? BOUNCE : OVERSHOOT;
  const [sampled] = await sample([loss], own);
  const { value, error, bias } = sampled;
  const [bare, expected] = [0, overshoot * Math.sqrt(own.lr)].map((more) => inBox(loss, own, box, more));
  const line = `${report(sampled, expected)}, ${bare.toFixed(4)} in the box itself`;
  t.note(line);
  // Beside five standard errors, what is of second order: of the step's part, and where the slope bends the walk at an
  // end.
  const allowed =
    5 * error +
    (2 * bias ** 2) / expected +
    (sampling_method === "sgmcmc_baoab" ? 0.4 : 0.25) * Math.abs(expected - bare);
  assert.ok(Math.abs(value - bias - expected) <= allowed, line);
  assert.ok(value < loss.learningCoefficient + 5 * error, "above the coefficient");
}

test.run();
