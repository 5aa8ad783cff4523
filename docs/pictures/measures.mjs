/** What the pictures show, from the stores and results of the runs; all statistics are the project's own functions. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { project } from "./project.mjs";
import {
  BIAS_COMPONENTS,
  BIAS_RATES,
  COMPONENTS,
  HEAD,
  result,
  SCALE_FACTORS,
  SCALED,
  STARTS,
  TRACE_RATES,
} from "./runs.mjs";

const SOURCES = [
  'export { DirectoryStore } from "./runtime/node/directory-store";',
  'export { Run } from "./runtime/store/run";',
  'export { openUnit } from "./runtime/measure/chi-tables";',
  'export { diagnoseUnit } from "./runtime/measure/diagnose";',
  'export * from "./runtime/susceptibility/estimate";',
  'export { pearson, spearman, splitHalf } from "./runtime/susceptibility/agreement";',
  'export { diagnose, essBulk } from "./runtime/susceptibility/diagnostics";',
  'export { burninWanted } from "./runtime/sampler/relaxation";',
  'export { plainSgld } from "./runtime/config/sampler";',
  'export { intervalFactor } from "./runtime/susceptibility/interval";',
];

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

function median(values) {
  const sorted = Array.from(values).sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}

function deviation(values) {
  const center = mean(Array.from(values));
  return Math.sqrt(mean(Array.from(values, (value) => (value - center) ** 2)));
}

/** Sums over the first draws of the first chains of a run, from its traces, with those of its shifted control. */
function firstSums(lib, { rises, phi, chains: all, tokens }, draws, chains) {
  const part = (values, from, to, width) => {
    const out = new Float32Array((to - from) * chains * width);
    for (let s = from; s < to; s++) {
      out.set(values.subarray(s * all * width, s * all * width + chains * width), (s - from) * chains * width);
    }
    return out;
  };
  const sums = lib.sumsFromTraces(part(rises, 0, draws, tokens), part(phi, 0, draws, 1), { draws, chains, tokens });
  const lag = Math.max(1, Math.floor(draws / 2));
  const late = part(rises, lag, draws, tokens);
  const shape = { draws: draws - lag, chains, tokens };
  return { ...sums, shifted: { lag, ...lib.sumsFromTraces(late, part(phi, 0, draws - lag, 1), shape) } };
}

export const LENGTHS = [8, 16, 32, 64, 128];
export const CHAIN_COUNTS = [2, 4, 8];

/** Every chain's column of chi, or of its null, alone. */
const columns = (lib, sums, estimate) =>
  Array.from({ length: sums.chains }, (_, m) => ({
    rows: sums.tokens,
    cols: 1,
    data: estimate(lib.chainSums(sums, m)),
  }));

const halves = (lib, sums, estimate) => lib.splitHalf(columns(lib, sums, estimate)).reliability[0];

/** Split-half reliability of chi and of its null by draws; error over tokens (rms) by draws and chains, in spreads of the whole run's chi. */
async function reliability(lib, open) {
  const components = {};
  for (const name of COMPONENTS) {
    const unit = await open("long", name);
    const run = { rises: await unit.rises(), phi: await unit.phi(), chains: unit.chains, tokens: unit.tokens };
    const own = { chi: [], null: [], error: {} };
    const spread = deviation(lib.susceptibility(await unit.sums()).chi);
    for (const draws of LENGTHS) {
      const sums = firstSums(lib, run, draws, 4);
      own.chi.push(halves(lib, sums, (one) => lib.susceptibility(one).chi));
      own.null.push(halves(lib, sums, lib.shiftedSusceptibility));
      for (const chains of CHAIN_COUNTS) {
        const { error } = lib.susceptibility(firstSums(lib, run, draws, chains));
        own.error[chains] = [...(own.error[chains] ?? []), Math.sqrt(mean(error.map((e) => e * e))) / spread];
      }
    }
    components[name] = own;
  }
  const middle = (key) => LENGTHS.map((_, i) => median(COMPONENTS.map((name) => key(components[name])[i])));
  return {
    components,
    chi: middle((own) => own.chi),
    null: middle((own) => own.null),
    error: Object.fromEntries(CHAIN_COUNTS.map((chains) => [chains, middle((own) => own.error[chains])])),
  };
}

/** phi by chain of a few draws a chain. */
async function traces(lib, open) {
  const found = {};
  for (const lr of TRACE_RATES) {
    const unit = await open(`trace-${lr}`, HEAD);
    const phi = await unit.phi();
    const chains = Array.from({ length: unit.chains }, (_, m) =>
      Array.from({ length: unit.draws }, (_, s) => phi[s * unit.chains + m]),
    );
    found[lr] = { chains, ...lib.diagnose(phi, unit.draws, unit.chains), meanRise: mean(Array.from(phi)) };
  }
  return found;
}

/** Autocorrelation of phi by lag, about the mean of all chains. */
function autocorrelation(phi, draws, chains, lag) {
  const center = mean(Array.from(phi));
  let [products, squares] = [0, 0];
  for (let s = 0; s < draws * chains; s++) squares += (phi[s] - center) ** 2 / (draws * chains);
  for (let s = 0; s < (draws - lag) * chains; s++) {
    products += ((phi[s] - center) * (phi[s + lag * chains] - center)) / ((draws - lag) * chains);
  }
  return products / squares;
}

export const SPACINGS = [1, 2, 4, 8, 16];

/** What thinning gives: autocorrelation by updates between draws, and effective draws by what they cost. */
async function thinning(lib, open) {
  const [dense, sparse] = [await open("thin-1", HEAD), await open("thin-8", HEAD)];
  // Both runs have as many updates; the prefix of a head of the first layer is next to nothing.
  const draw = (dense.facts.flops - sparse.facts.flops) / (dense.draws - sparse.draws);
  const update = (dense.facts.flops - dense.draws * draw) / (dense.draws + dense.config.sampler.num_burnin_steps);
  const components = {};
  for (const unit of [dense, await open("thin-unembed", "unembed")]) {
    const { draws, chains } = unit;
    const phi = await unit.phi();
    const at = (lag) => autocorrelation(phi, draws, chains, lag);
    const rows = SPACINGS.map((steps) => {
      // Of draws so far apart as many as say something: up to the first whose correlation is gone.
      let sum = 1;
      for (let lag = steps; lag < 60 && at(lag) > 0.03; lag += steps) sum += 2 * at(lag);
      return { steps, share: 1 / sum, perUpdate: 1 / sum / (steps + draw / update) };
    });
    components[unit.restriction] = { lags: Array.from({ length: 24 }, (_, i) => [i + 1, at(i + 1)]), rows };
  }
  return {
    components,
    drawOverUpdate: draw / update,
    sparse: lib.diagnose(await sparse.phi(), sparse.draws, sparse.chains),
  };
}

async function health(lib, open, name, component) {
  const { traces: _, ...found } = await lib.diagnoseUnit(await open(name), component);
  return found;
}

/**
 * The sweep, whose runs share no noise with the run itself, and beside it how far each agrees with the sweep's first run, whose
 * noise and settings it has but for one: median Spearman of columns.
 */
async function sensitivity(lib, open, folder) {
  const { rows } = result(folder, "sweep");
  const chiOf = async (run) => {
    const columns = {};
    for (const { name } of rows[0].columns)
      columns[name] = lib.susceptibility(await (await open(run, name)).sums()).chi;
    return columns;
  };
  const [other] = rows;
  const apart = await chiOf(`middle/sweep/${other.setting}`);
  const agreement = (chi) => median(Object.keys(chi).map((name) => lib.spearman(chi[name], apart[name])));
  const middle = await chiOf("middle");
  const found = [{ ...other, setting: "the run's own", independent: other.medianSpearman }];
  for (const row of rows.slice(1)) {
    const shared = agreement(await chiOf(`middle/sweep/${row.setting}`));
    found.push({ ...row, independent: row.medianSpearman, shared });
  }
  const names = Object.keys(middle);
  return {
    rows: found,
    /** What halves of the run promise, and what the other seed keeps: means over components of Pearson's correlation. */
    reliability: mean(result(folder, "middle").components.map((component) => component.reliability)),
    pearson: mean(names.map((name) => lib.pearson(middle[name], apart[name]))),
  };
}

/** The n_beta = 0 control beside the long run: rises, and how far chi of both agrees. */
async function prior(lib, open) {
  const found = {};
  const chiOf = (sums) => lib.susceptibility(sums).chi;
  for (const name of COMPONENTS) {
    const [own, control] = [await open("long", name), await open("middle", `${name} n_beta=0`)];
    const both = [await own.sums(), await control.sums()];
    found[name] = {
      meanRise: both.map(({ phi }) => mean(Array.from(phi))),
      reliability: both.map((sums) => halves(lib, sums, chiOf)),
      pearson: lib.pearson(...both.map(chiOf)),
    };
  }
  return found;
}

/** lr and localization whose burn-in from both starts of RMSprop is told: nano's here, and those of known settings. */
const STARTED = [
  [0.002, 40],
  [1e-4, 300],
  [1e-5, 300],
];

/** All numbers of the pictures. @throws Error for a run that is missing */
export async function measures(root, folder) {
  const lib = await project(root, "pictures", SOURCES);
  const open = async (name, component) => {
    const path = join(folder, name);
    if (!existsSync(path)) throw new Error(`${path} is missing: make the runs first`);
    const run = await lib.Run.open(new lib.DirectoryStore(path));
    return component === undefined ? run : lib.openUnit(run, component);
  };
  const bias = {};
  for (const component of BIAS_COMPONENTS) {
    bias[component] = [];
    const chi = [];
    for (const [i, [lr]] of BIAS_RATES.entries()) {
      const sums = await (await open(`bias-${lr}`, component)).sums();
      chi.push(lib.susceptibility(sums).chi);
      const reliability = halves(lib, sums, (one) => lib.susceptibility(one).chi);
      /** Correlation of chi with that of the smallest step. */
      const withSmallest = lib.pearson(chi[0], chi[i]);
      bias[component].push({ ...(await health(lib, open, `bias-${lr}`, component)), reliability, withSmallest });
    }
  }
  const scales = {};
  for (const component of SCALED) {
    scales[component] = [];
    for (const factor of SCALE_FACTORS) {
      const sums = await (await open(`scale-${factor}`, component)).sums();
      const reliability = halves(lib, sums, (one) => lib.susceptibility(one).chi);
      scales[component].push({ ...(await health(lib, open, `scale-${factor}`, component)), reliability });
    }
  }
  const starts = {};
  for (const start of STARTS) {
    const unit = await open(`start-${start}`, "l1h2");
    const phi = await unit.phi();
    const at = (s) => mean(Array.from({ length: unit.chains }, (_, m) => phi[s * unit.chains + m]));
    starts[start] = Array.from({ length: unit.draws }, (_, s) => [(s + 1) * 6, at(s)]);
  }
  return {
    traces: await traces(lib, open),
    scales,
    calibration: result(folder, "calibrate"),
    reliability: await reliability(lib, open),
    thinning: await thinning(lib, open),
    bias,
    prior: await prior(lib, open),
    sensitivity: await sensitivity(lib, open, folder),
    compare: result(folder, "compare"),
    comparePool: result(folder, "compare-pool"),
    short: result(folder, "short"),
    long: result(folder, "long"),
    middle: result(folder, "middle"),
    starts,
    burnin: STARTED.map(([lr, localization]) =>
      STARTS.map((rmsprop_init) =>
        lib.burninWanted({ ...lib.plainSgld, sampling_method: "rmsprop_sgld", lr, localization, rmsprop_init }),
      ),
    ),
    interval: [2, 3, 4, 6, 8, 16].map((chains) => [chains, lib.intervalFactor(chains)]),
  };
}
