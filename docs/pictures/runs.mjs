/** The runs of nano that the pictures show, as command lines; a run that is there is not made again. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A few components of every kind. */
export const COMPONENTS = ["embed", "unembed", "l0h3", "l1h2", "l1 mlp"];
/** The head whose chains are drawn one by one, and the one whose step size is varied beside the unembedding's. */
export const HEAD = "l0h3";

/** How far the components of these pictures are let out; with SGLD's own step they rise a little further than nano's table has it. */
export const NANO_SCALE = { embed: 0.09, unembed: 0.3, l0h3: 0.6, l1h2: 0.9, "l1 mlp": 0.35, l0h6: 0.8 };
/** Components whose scale is varied. */
export const SCALED = ["embed", "unembed", "l0h3", "l1h2"];
const scales = (factor) =>
  Object.fromEntries(
    Object.entries(NANO_SCALE).map(([name, s]) => [`component_scale.${name}`, Number((factor * s).toPrecision(4))]),
  );

/** Half of the default probe, which still holds every mode of the corpus equally; SGLD, which most others use, with its own step. */
const SMALL = {
  probe_sequences: 8,
  neuron_groups: 0,
  "controls.n_beta_zero": false,
  "controls.equal_rise": false,
  "sampler.sampling_method": "sgmcmc_sgld",
  "sampler.num_steps_bw_draws": 2,
  ...scales(1),
};

const settings = (values) => Object.entries(values).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

/** Chains alone, of some components. */
function sample(name, components, values) {
  const own = { ...SMALL, weight_restrictions: components.join(","), keep_traces: false, ...values };
  return { name, words: ["sample", ...settings(own)], directory: true };
}

/** Chains and their analysis. */
function run(name, components, values) {
  const own = { ...SMALL, weight_restrictions: components.join(","), ...values };
  return { name, words: ["run", ...settings(own)], directory: true };
}

const sampler = (values) => Object.fromEntries(Object.entries(values).map(([key, value]) => [`sampler.${key}`, value]));

export const TRACE_RATES = [0.0005, 0.02, 0.06];
export const SCALE_FACTORS = [0.125, 0.25, 0.5, 1, 2, 4];
/** Step sizes with as many updates between draws as keep their product. */
export const BIAS_RATES = [
  [0.005, 8],
  [0.01, 4],
  [0.02, 2],
  [0.04, 1],
];
export const BIAS_COMPONENTS = [HEAD, "unembed"];
export const STARTS = ["ones", "zeros"];
export const THIN_RATE = 0.005;

const scaled = SCALE_FACTORS.map((factor) =>
  sample(`scale-${factor}`, SCALED, { ...scales(factor), ...sampler({ num_draws: 12 }) }),
);

/** In the order in which they are made: what the text leans on most comes first. */
export const RUNS = [
  run("long", COMPONENTS, sampler({ num_chains: 8, num_draws: 128 })),
  ...TRACE_RATES.map((lr) => sample(`trace-${lr}`, [HEAD], sampler({ lr, num_draws: 64, num_burnin_steps: 0 }))),
  {
    name: "calibrate",
    words: ["run", "--calibrate", ...settings(sampler({ sampling_method: "sgmcmc_sgld", num_steps_bw_draws: 2 }))],
  },
  run("rmsprop", COMPONENTS, {
    // Another seed: chains of one seed share their noise, and agree by it.
    ...sampler({ sampling_method: "rmsprop_sgld", rmsprop_init: "zeros", lr: 0.002, num_draws: 64, seed: 1 }),
  }),
  { name: "compare", words: ["compare", "long", "rmsprop"], of: ["long", "rmsprop"] },
  ...BIAS_RATES.map(([lr, steps]) =>
    sample(`bias-${lr}`, BIAS_COMPONENTS, {
      ...sampler({ lr, num_steps_bw_draws: steps, num_draws: 48, num_burnin_steps: Math.ceil(0.15 / lr) }),
      acceptance_checks: 8,
    }),
  ),
  ...[
    ["thin-1", 1, 240],
    ["thin-8", 8, 30],
  ].map(([name, num_steps_bw_draws, num_draws]) =>
    sample(name, [HEAD], sampler({ lr: THIN_RATE, num_burnin_steps: 30, num_steps_bw_draws, num_draws })),
  ),
  sample(
    "thin-unembed",
    ["unembed"],
    sampler({ lr: THIN_RATE, num_burnin_steps: 30, num_steps_bw_draws: 1, num_draws: 240 }),
  ),
  ...scaled,
  {
    ...run("short", COMPONENTS, {}),
    /** What calibrate recommends, taken at its word. */
    more: (folder) => result(folder, "calibrate").recommended.flatMap((set) => ["--set", set]),
  },
  run("middle", [...COMPONENTS, "l0h6"], { "controls.n_beta_zero": true, "controls.equal_rise": true }),
  { name: "sweep", words: ["sweep", "middle"], of: ["middle"] },
  run("pool", COMPONENTS, { sampling_task: "pool" }),
  { name: "compare-pool", words: ["compare", "middle", "pool"], of: ["middle", "pool"] },
  ...STARTS.map((rmsprop_init) =>
    sample(`start-${rmsprop_init}`, ["l1h2"], {
      ...sampler({ sampling_method: "rmsprop_sgld", rmsprop_init, lr: 0.002 }),
      ...sampler({ num_draws: 100, num_steps_bw_draws: 6, num_burnin_steps: 0 }),
    }),
  ),
];

/** The result file of a run: what it wrote to stdout as JSON. */
export const resultPath = (folder, name) => join(folder, `${name}.json`);

export const result = (folder, name) => JSON.parse(readFileSync(resultPath(folder, name), "utf8"));

/** Makes the runs that the folder lacks, one after the other. @throws Error with the program's own words */
export function makeRuns(root, folder, say) {
  mkdirSync(folder, { recursive: true });
  for (const { name, words: fixed, more, directory, of: inputs = [] } of RUNS) {
    if (existsSync(resultPath(folder, name))) continue;
    const words = [...fixed, ...(more ? more(folder) : [])];
    say(`${name}: spectroscope ${words.join(" ")}`);
    const line = words.map((word) => (inputs.includes(word) ? join(folder, word) : word));
    if (directory) line.push("--out", join(folder, name));
    const program = [join(root, "dist", "spectroscope.mjs"), ...line, "--json"];
    const options = { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 };
    const { status, stdout } = spawnSync(process.execPath, program, options);
    if (status !== 0) throw new Error(`${name}: exit ${status}: ${stdout}`);
    writeFileSync(`${resultPath(folder, name)}.part`, stdout);
    renameSync(`${resultPath(folder, name)}.part`, resultPath(folder, name));
  }
}
