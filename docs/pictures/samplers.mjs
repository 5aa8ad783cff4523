/**
 * SGLD beside BAOAB on a head of nano: how far above the posterior's mean loss a step takes them, and what a gradient gives.
 * `node docs/pictures/samplers.mjs [gradients] [n_beta,...]`: gradients of each chain after burn-in (default 600). Whole batches
 * of the probe itself, so that no noise but the samplers' own is in it.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { project } from "./project.mjs";

const ROOT = join(fileURLToPath(import.meta.url), "..", "..", "..");
const SOURCES = [
  'export { openDevice } from "./runtime/node/open-device";',
  'export { openFolder } from "./models/hub/open";',
  'export { preset } from "./models/nano/preset";',
  'export { plainSgld } from "./runtime/config/sampler";',
  'export { Chains } from "./runtime/sampler/chains";',
  'export { Laboratory } from "./runtime/sampler/laboratory";',
  'export { parseRestriction } from "./runtime/transformer/restriction";',
  'export { essMean } from "./runtime/susceptibility/diagnostics";',
  'export { relaxationTime } from "./runtime/sampler/relaxation";',
];
const COMPONENT = "l1h2";
const CHAINS = 8;
/** Random directions whose positions stand for flat ones: a head's loss is flat in nearly all. */
const DIRECTIONS = 8;

/**
 * By n_beta the posterior's mean rise of the head's loss in nats, from Hamiltonian Monte Carlo with a Metropolis test (good to
 * 0.002, 0.001, 0.001), and the squared steps, lr times localization, of each sampler.
 */
const POSTERIORS = {
  10: { rise: 0.157, sgmcmc_sgld: [0.8, 0.32], sgmcmc_baoab: [0.9 ** 2] },
  100: { rise: 0.083, sgmcmc_sgld: [0.32, 0.13, 0.06], sgmcmc_baoab: [0.54 ** 2, 0.4 ** 2] },
  1000: { rise: 0.003, sgmcmc_sgld: [0.05, 0.02], sgmcmc_baoab: [0.2 ** 2, 0.15 ** 2] },
};

const lib = await project(ROOT, "samplers", SOURCES);
const gradients = Number(process.argv[2] ?? 600);
const chosen = process.argv[3]?.split(",") ?? Object.keys(POSTERIORS);
const { model, weights } = await lib.openFolder(join(ROOT, "models", "nano"));
const device = await lib.openDevice();
const lab = new lib.Laboratory(device, model, weights);
const { probe } = lib.preset.corpora({ probe_seed: 3, probe_sequences: 16, pool_seed: 3, pool_sequences: 16 }, 64);
const text = lab.addText("probe", probe.ids, probe.columns);
const restriction = lib.parseRestriction(COMPONENT, model);
/** At which the rises of docs/numerics.md were taken. */
const localization = 40 / 0.9;

/** One sampler at one step: rise and its error over chains, effective draws of phi and of random positions a chain and 1,000 gradients. */
async function sampled(sampling_method, n_beta, square) {
  const settings = {
    ...lib.plainSgld,
    ...{ seed: 1, sampling_method, n_beta, localization, lr: square / localization, batch_size: 0 },
    ...{ num_chains: CHAINS, num_draws: gradients, num_burnin_steps: 0, num_steps_bw_draws: 1 },
  };
  settings.num_burnin_steps = Math.ceil(4 * lib.relaxationTime(settings)) + 20;
  const chains = await lib.Chains.open(lab, { restriction, settings, pool: text, probe: text, acceptanceChecks: 16 });
  const places = new Float32Array(gradients * CHAINS * DIRECTIONS);
  try {
    for (let draw = 0; draw < gradients; draw++) {
      await chains.draw({ traces: false });
      const w = await chains.parameters();
      for (let m = 0; m < CHAINS; m++) {
        for (let k = 0; k < DIRECTIONS; k++) {
          // Signs by place: directions that no two share, spread over the block.
          let along = 0;
          const P = chains.block.size;
          for (let i = 0; i < P; i++)
            along += (Math.imul(i + 1, 2654435761 + 2 * k) & 0x10000) === 0 ? w[m * P + i] : -w[m * P + i];
          places[(draw * CHAINS + m) * DIRECTIONS + k] = along;
        }
      }
    }
    const rate = (draws) => (1000 * draws) / (gradients * CHAINS);
    const flat = Array.from({ length: DIRECTIONS }, (_, k) =>
      rate(
        lib.essMean(
          places.filter((_, i) => i % DIRECTIONS === k),
          gradients,
          CHAINS,
        ),
      ),
    );
    const means = Array.from({ length: CHAINS }, (_, m) => chains.phi.filter((_, i) => i % CHAINS === m)).map(mean);
    const rise = mean(means);
    const error = Math.sqrt(mean(means.map((value) => (value - rise) ** 2)) / (CHAINS - 1));
    const hot = chains.kineticTemperature;
    const ess = rate(lib.essMean(chains.phi, gradients, CHAINS));
    return { rise, error, ess, flat: mean(flat), temperature: hot.length > 0 ? mean(Array.from(hot)) : undefined };
  } catch (error) {
    if (error.code !== "diverged") throw error;
    return { flown: error.message };
  } finally {
    chains.close();
  }
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

console.log(
  `${COMPONENT}, localization ${localization.toFixed(1)}, ${CHAINS} chains of ${gradients} gradients, ${device.facts.name}`,
);
console.log(
  "n_beta sampler       step^2   rise (error)       above  draws of phi, flat / 1,000 gradients  temperature",
);
for (const n_beta of chosen.map(Number)) {
  for (const method of ["sgmcmc_sgld", "sgmcmc_baoab"]) {
    for (const square of POSTERIORS[n_beta][method]) {
      const { rise, error, ess, flat, temperature, flown } = await sampled(method, n_beta, square);
      const start = `${String(n_beta).padStart(6)} ${method.padEnd(12)} ${square.toFixed(4).padStart(7)}`;
      console.log(
        flown
          ? `${start}   ${flown}`
          : `${start}   ${rise.toFixed(4)} (${error.toFixed(4)}) ${(rise - POSTERIORS[n_beta].rise).toFixed(4).padStart(9)} ${ess.toFixed(0).padStart(12)} ${flat.toFixed(0).padStart(6)} ${temperature?.toFixed(3) ?? "-"}`,
      );
    }
  }
}
lab.close();
device.close();
