/** How far BAOAB's chains let a head's loss rise, against Hamiltonian Monte Carlo with a Metropolis test on the same loss. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { wasmDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { openFolder } from "../../models/hub/open";
import { preset } from "../../models/nano/preset";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { projectRoot } from "../node/root";
import { parseRestriction } from "../transformer/restriction";
import { Chains } from "./chains";
import { Laboratory } from "./laboratory";

const test = suite("runtime/sampler/posterior-rise");

const COMPONENT = "l1h2";
const CHAINS = 4;
const LOCALIZATION = 40 / 0.9;
/**
 * The posterior's mean rise in nats, of HMC in float64 by another program (good to 0.002, 0.001, 0.001), and BAOAB's step in units of
 * the prior's standard deviation. `allowed` is four standard errors of so few gradients and what the step adds where the loss is not
 * quadratic, 0.018 step^2 at n_beta 100: SGLD with the same lr is 0.077, 0.010 and more above.
 */
const RISES = [
  { n_beta: 10, step: 0.9, rise: 0.157, allowed: 0.014 },
  { n_beta: 100, step: 0.3, rise: 0.083, allowed: 0.009 },
  { n_beta: 1000, step: 0.15, rise: 0.003, allowed: 0.004 },
];

for (const { n_beta, step, rise, allowed } of RISES) {
  test(`the loss of a head of nano rises as its posterior says, n_beta ${n_beta}`, async (t) => {
    const { model, weights } = await openFolder(join(projectRoot(), "models", "nano"));
    const lab = new Laboratory(await wasmDevice(), model, weights);
    const { probe } = preset.corpora({ probe_seed: 3, probe_sequences: 16, pool_seed: 3, pool_sequences: 16 }, 64);
    const text = lab.addText("probe", probe.ids, probe.columns);
    const localization = LOCALIZATION;
    const settings: SamplerSettings = {
      ...plainSgld,
      ...{ seed: 3, sampling_method: "sgmcmc_baoab", n_beta, localization, lr: step ** 2 / localization },
      // Whole batches of the probe itself: gradients have no noise, and phi is of the loss that is sampled.
      ...{ batch_size: 0, num_chains: CHAINS, num_burnin_steps: 40, num_draws: 60, num_steps_bw_draws: 2 },
    };
    const restriction = parseRestriction(COMPONENT, model);
    const chains = await Chains.open(lab, { restriction, settings, pool: text, probe: text, acceptanceChecks: 8 });
    while (chains.draws < settings.num_draws) await chains.draw({ traces: false });
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
    const [found, temperature] = [mean(chains.phi), mean(chains.kineticTemperature)];
    t.note(`rise ${found.toFixed(4)}, of the posterior ${rise}; kinetic temperature ${temperature.toFixed(3)}`);
    assert.ok(Math.abs(found - rise) <= allowed, `${found}`);
    // Four standard errors of 32 mean squares of 2,072 normals are 0.022.
    assert.ok(Math.abs(temperature - 1) < 0.03, `${temperature}`);
    chains.close();
    lab.close();
  });
}

test.run();
