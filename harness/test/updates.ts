/** Updates of chains of a tiny model, weight by weight, against their definition in f64 with gradients by differences. */
import * as assert from "uvu/assert";
import { deriveKey, normals } from "../../kernels/philox/philox";
import { plainSgld, type SamplerSettings } from "../../runtime/config/sampler";
import type { Device } from "../../runtime/plan/device";
import { Chains } from "../../runtime/sampler/chains";
import { Laboratory } from "../../runtime/sampler/laboratory";
import { parseRestriction } from "../../runtime/transformer/restriction";
import { hostLosses } from "./host-losses";
import type { Suite } from "./suite";
import { CONTEXT, neuronBiases, type TinyModel, tinyModel } from "./tiny-model";

const PARAMETER = neuronBiases(0);
const NEURONS = 2;
const settings: SamplerSettings = {
  ...plainSgld,
  seed: 33,
  lr: 0.02,
  n_beta: 8,
  localization: 3,
  num_chains: 4,
  num_draws: 6,
  num_burnin_steps: 0,
  num_steps_bw_draws: 1,
  batch_size: 1,
};
const cases: Record<string, Partial<SamplerSettings>> = {
  SGLD: {},
  "SGLD with decay, a box and less noise": { llc_weight_decay: 5, bounding_box_size: 0.15, noise_level: 0.7 },
  "RMSprop-SGLD from ones": { sampling_method: "rmsprop_sgld", lr: 0.05 },
  "RMSprop-SGLD from zeros": {
    sampling_method: "rmsprop_sgld",
    rmsprop_init: "zeros",
    rmsprop_alpha: 0.9,
    rmsprop_eps: 0.2,
  },
  "RMSprop-SGLD with decay and a box": {
    sampling_method: "rmsprop_sgld",
    lr: 0.05,
    llc_weight_decay: 5,
    bounding_box_size: 0.05,
  },
  BAOAB: { sampling_method: "sgmcmc_baoab", lr: 0.05, friction: 0.8 },
  "BAOAB with decay, a box and less noise": {
    sampling_method: "sgmcmc_baoab",
    lr: 0.05,
    llc_weight_decay: 5,
    bounding_box_size: 0.15,
    noise_level: 0.7,
  },
  "BAOAB, the whole pool a batch": { sampling_method: "sgmcmc_baoab", batch_size: 0 },
};

/** Gradient of the mean loss at weights [chains, NEURONS], by differences that are good to the step's fourth power. */
async function gradients(model: TinyModel, w: Float64Array): Promise<Float64Array> {
  const step = 1e-2;
  const offsets = [-2, -1, 1, 2];
  const factors = [1 / 12, -2 / 3, 2 / 3, -1 / 12];
  const points: number[] = [];
  for (let i = 0; i < w.length; i++) {
    const chain = i - (i % NEURONS);
    for (const offset of offsets) {
      for (let e = 0; e < NEURONS; e++) points.push(w[chain + e] + (chain + e === i ? offset * step : 0));
    }
  }
  const losses = await hostLosses(model, PARAMETER, points);
  return w.map((_, i) =>
    factors.reduce((sum, factor, k) => {
      const at = (i * offsets.length + k) * CONTEXT;
      return sum + (factor / step) * (losses.subarray(at, at + CONTEXT).reduce((a, b) => a + b) / CONTEXT);
    }, 0),
  );
}

/** Adds a test of each kind of update on a device. */
export function holdUpdates(test: Suite, device: () => Promise<Device>): void {
  for (const [name, changes] of Object.entries(cases)) {
    test(name, async (t) => {
      const own = { ...settings, ...changes };
      const model = await tinyModel(1, NEURONS);
      const center = await model.weights.read(PARAMETER, 0, NEURONS);
      const lab = new Laboratory(await device(), model.model, model.weights);
      const text = lab.addText("text", model.ids, model.ids.length);
      const restriction = parseRestriction(PARAMETER, model.model);
      const chains = await Chains.open(lab, { restriction, settings: own, pool: text, probe: text });
      const { lr, n_beta, localization, llc_weight_decay, bounding_box_size: box, noise_level, num_chains } = own;
      const w = Float64Array.from({ length: num_chains * NEURONS }, (_, i) => center[i % NEURONS]);
      const v = new Float64Array(w.length).fill(own.rmsprop_init === "ones" ? 1 : 0);
      const p = new Float64Array(w.length);
      for (let chain = 0; chain < num_chains; chain++) {
        const z = normals(deriveKey(own.seed, PARAMETER, chain, "momentum"), 0, NEURONS);
        for (let e = 0; e < NEURONS; e++) p[chain * NEURONS + e] = noise_level * z[e];
      }
      let worst = 0;
      let held = 0;
      for (let update = 0; update < own.num_draws; update++) {
        await chains.draw();
        const blocks = await chains.parameters();
        const g = await gradients(model, w);
        for (let chain = 0; chain < num_chains; chain++) {
          const z = normals(deriveKey(own.seed, PARAMETER, chain, "noise"), update, NEURONS);
          for (let e = 0; e < NEURONS; e++) {
            const i = chain * NEURONS + e;
            let rate = lr;
            if (own.sampling_method === "rmsprop_sgld") {
              v[i] = own.rmsprop_alpha * v[i] + (1 - own.rmsprop_alpha) * g[i] ** 2;
              const unbiased = own.rmsprop_init === "ones" ? v[i] / (1 - own.rmsprop_alpha ** (update + 1)) : v[i];
              rate = lr / (Math.sqrt(unbiased) + own.rmsprop_eps);
            }
            const drift = n_beta * g[i] + localization * (w[i] - center[e]) + llc_weight_decay * w[i];
            let moved = w[i] - (rate / 2) * drift + noise_level * Math.sqrt(rate) * z[e];
            if (own.sampling_method === "sgmcmc_baoab") {
              // The closing half kick of the update before and the opening one of this are one.
              const [h, c] = [
                Math.sqrt(lr),
                Math.exp(-own.friction * Math.sqrt(lr * (localization + llc_weight_decay))),
              ];
              p[i] -= (update === 0 ? h / 2 : h) * drift;
              moved = w[i] + (h / 2) * p[i];
              p[i] = c * p[i] + noise_level * Math.sqrt(1 - c * c) * z[e];
              moved += (h / 2) * p[i];
              if (box > 0 && moved > center[e] + box) p[i] = -Math.abs(p[i]);
              if (box > 0 && moved < center[e] - box) p[i] = Math.abs(p[i]);
            }
            w[i] = box > 0 ? Math.min(Math.max(moved, center[e] - box), center[e] + box) : moved;
            if (w[i] !== moved) held++;
            worst = Math.max(worst, Math.abs(blocks[chain * chains.block.size + e] - w[i]));
          }
        }
      }
      t.note(`off by ${worst.toExponential(1)} at most after ${own.num_draws} updates; held by the box ${held} times`);
      // Six updates of f32 numbers of order 1, each with a normal good to 2e-6 times the root of a rate below 1.
      assert.ok(worst < 5e-6, `${worst}`);
      assert.is(held > 0, box > 0, "the box holds some");
      chains.close();
      lab.close();
    });
  }
}
