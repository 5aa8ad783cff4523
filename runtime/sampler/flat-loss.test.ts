/** Posteriors without a loss: the Gaussian of the pulls, drawn by chains and directly, and the uniform one of a box. */
import * as assert from "uvu/assert";
import { ChainMeans } from "../../harness/test/chain-means";
import { testDevice } from "../../harness/test/device";
import { runKernel } from "../../harness/test/run-kernel";
import { suite, type TestContext } from "../../harness/test/suite";
import { type Target, TargetChains } from "../../harness/test/target-chains";
import { gaussian } from "../../kernels/sgld/gaussian";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { chainKeys } from "./batches";

const test = suite("runtime/sampler/flat-loss", { gpu: true });

const settings: SamplerSettings = {
  ...plainSgld,
  seed: 22,
  lr: 0.01,
  n_beta: 0,
  localization: 60,
  num_chains: 8192,
  num_draws: 20,
  num_burnin_steps: 100,
  num_steps_bw_draws: 5,
  batch_size: 1,
};
/** Pull, decay and noise of every case: the posterior is N(gamma w* / (gamma + lambda), noise^2 / (gamma + lambda)). */
const pulls = [
  { llc_weight_decay: 0, noise_level: 1 },
  { llc_weight_decay: 40, noise_level: 1 },
  { llc_weight_decay: 40, noise_level: 0.5 },
];

/** No loss at all around one weight. */
function flat(center: number): Target {
  return { dims: 1, center: [center], loss: () => 0, gradient: (_, at, out) => out.fill(0, at, at + 1) };
}

for (const pull of pulls) {
  const { localization: gamma } = settings;
  const { llc_weight_decay: lambda, noise_level } = pull;
  const name = `decay ${lambda}, noise ${noise_level}`;
  const center = 0.8;
  const mean = (gamma * center) / (gamma + lambda);

  for (const sampling_method of ["sgmcmc_sgld", "sgmcmc_baoab"] as const) {
    test(`${sampling_method}, ${name}: chains have the Gaussian of the pulls, SGLD's wider by the step's factor`, (t) =>
      checkGaussian(t, { ...settings, ...pull, sampling_method }));
  }

  async function checkGaussian(t: TestContext, own: SamplerSettings): Promise<void> {
    const chains = await TargetChains.open(await testDevice(), flat(center), own);
    const means = new ChainMeans(own.num_chains, ["mean", "variance", "fourth cumulant"]);
    const factor = own.sampling_method === "sgmcmc_baoab" ? 1 : 1 / (1 - (own.lr * (gamma + lambda)) / 4);
    const variance = (noise_level ** 2 / (gamma + lambda)) * factor;
    for (let draw = 0; draw < own.num_draws; draw++) {
      const w = await chains.draw();
      means.add((chain) => {
        const z = (w[chain] - mean) / Math.sqrt(variance);
        return [z, z * z, z ** 4 - 3];
      });
    }
    chains.close();
    means.check(t, "mean", 0);
    means.check(t, "variance", 1);
    means.check(t, "fourth cumulant", 0);
  }

  test(`${name}: direct draws have it as it is`, async (t) => {
    const [G, P, draws] = [4, 2048, 10];
    const keys = chainKeys(settings.seed, "target", [0, 1, 2, 3], "gaussian");
    const means = new ChainMeans(G * P, ["mean", "variance", "fourth cumulant"]);
    for (let draw = 0; draw < draws; draw++) {
      const { w } = await runKernel(await testDevice(), gaussian, {
        dims: { G, P },
        params: { weight_decay: lambda, noise_level, step: draw },
        inputs: {
          center: new Float32Array(P).fill(center),
          keys,
          localization: new Float32Array(G).fill(gamma),
        },
        shared: ["center"],
      });
      means.add((element) => {
        const z = ((w[element] - mean) * Math.sqrt(gamma + lambda)) / noise_level;
        return [z, z * z, z ** 4 - 3];
      });
    }
    means.check(t, "mean", 0);
    means.check(t, "variance", 1);
    means.check(t, "fourth cumulant", 0);
  });
}

/**
 * A walk of steps sd * N(0, 1) that is held at +-b lies uniformly between, as if its range ended `OVERSHOOT` steps
 * farther out, with what would lie there near the ends (a corrected diffusion, Siegmund 1979: a normal walk passes a
 * far level by -zeta(1/2) / sqrt(2 pi) steps). Exactly at an end it is as often as in 1 / sqrt(2) steps inside, the
 * mean of its first rise.
 */
const OVERSHOOT = 0.5825971579390106;

for (const sampling_method of ["sgmcmc_sgld", "rmsprop_sgld"] as const) {
  test(`${sampling_method}: a small step in a box around w* is uniform there, and never leaves it`, async (t) => {
    const [center, box] = [0.3, 0.5];
    const own: SamplerSettings = {
      ...settings,
      sampling_method,
      // With g = 0 RMSprop's second moment stays 0, and every step is lr / rmsprop_eps.
      rmsprop_init: "zeros",
      lr: sampling_method === "rmsprop_sgld" ? 2.5e-4 : 2.5e-3,
      localization: 0,
      bounding_box_size: box,
      // A walk forgets its start as exp(-pi^2 / 8 * (sd / box)^2 * updates): here within 81 updates.
      num_burnin_steps: 1200,
      num_steps_bw_draws: 60,
    };
    const sd = 0.05;
    const chains = await TargetChains.open(await testDevice(), flat(center), own);
    const means = new ChainMeans(own.num_chains, ["mean", "variance", "at an end", "within half a box"]);
    const [low, high] = [Math.fround(Math.fround(center) - box), Math.fround(Math.fround(center) + box)];
    for (let draw = 0; draw < own.num_draws; draw++) {
      const w = await chains.draw();
      assert.ok(
        w.every((value) => value >= low && value <= high),
        "a weight left the box",
      );
      means.add((chain) => {
        const x = (w[chain] - center) / box;
        const end = w[chain] === low || w[chain] === high;
        return [x, x * x, end ? 1 : 0, Math.abs(x) < 0.5 ? 1 : 0];
      });
    }
    chains.close();
    const r = (OVERSHOOT * sd) / box;
    means.check(t, "mean", 0);
    // The last steps before an end, where the density is not yet even, are second order.
    means.check(t, "variance", (1 / 3 + r) / (1 + r), 0.25 * (sd / box) ** 2);
    means.check(t, "at an end", (Math.SQRT1_2 * sd) / box / (1 + r));
    means.check(t, "within half a box", 0.5 / (1 + r));
    assert.ok(means.of("variance").mean - 1 / 3 > 10 * means.of("variance").error, "the ends show");
  });
}

test("sgmcmc_baoab: a small step in a box is uniform there up to its walls, whose bounces keep the momenta", async (t) => {
  const [center, box] = [0.3, 0.5];
  const own: SamplerSettings = {
    ...settings,
    sampling_method: "sgmcmc_baoab",
    lr: 6.25e-4,
    // A pull that is hardly felt, and a friction that leaves exp(-0.16) of a momentum all the same.
    localization: 0.1,
    friction: 20,
    bounding_box_size: box,
    num_burnin_steps: 600,
    num_steps_bw_draws: 30,
  };
  const step = Math.sqrt(own.lr) / box;
  const chains = await TargetChains.open(await testDevice(), flat(center), own);
  const means = new ChainMeans(own.num_chains, ["mean", "variance", "momentum"]);
  const [low, high] = [Math.fround(Math.fround(center) - box), Math.fround(Math.fround(center) + box)];
  let ends = 0;
  for (let draw = 0; draw < own.num_draws; draw++) {
    const [w, p] = [await chains.draw(), await chains.momenta()];
    assert.ok(
      w.every((value) => value >= low && value <= high),
      "a weight left the box",
    );
    ends += w.filter((value) => value === low || value === high).length;
    means.add((chain) => {
      const x = (w[chain] - center) / box;
      return [x, x * x, p[chain] ** 2];
    });
  }
  chains.close();
  assert.ok(ends > 0, "walls were met");
  means.check(t, "mean", 0);
  // exp(-0.1 x^2 / 2) within the walls, to first order. A bounce costs half a step where momenta last and more where they do not,
  // as if the box ended 0.2 to 0.4 steps farther out, with what would lie there at its walls.
  const pulled = (1 - 0.3 * own.localization * box ** 2) / 3 / (1 - (own.localization * box ** 2) / 6);
  const r = 0.3 * step;
  means.check(t, "variance", (pulled + r) / (1 + r), (2 / 3) * 0.1 * step);
  means.check(t, "momentum", 1, 0.25 * step ** 2);
});

test.run();
