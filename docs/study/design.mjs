/** The settings of the study of the posterior against its prior: a star about one base, the most telling points first. */

/** What a point is unless it says otherwise; names are the keys of a run's config. */
export const BASE = {
  model: "nano",
  components: "standard",
  n_beta: 10,
  localization: 40,
  seed: 0,
  probe_seed: 3,
  sampler: "baoab",
};

export const MODELS = ["nano", "iota"];
export const N_BETAS = [4 / 3, 10, 30, 100, 1000];
export const LOCALIZATIONS = [12];
export const SEEDS = [0, 1, 2];
/** What is clustered of every run: chi by the default squash, and correlations. */
export const COLUMNS = ["asinh", "correlation"];

/**
 * Settings that others used, at models of theirs (docs/choosing-settings.md). Along a direction of curvature h the prior's variance
 * is 1 / localization and the posterior's 1 / (n_beta h + localization): what the loss adds to the prior depends on
 * n_beta / localization alone, times a curvature that is the model's. So they have a place on the axis of our n_beta at the same ratio.
 */
export const OTHERS = [
  { name: "Pythia-1.4B, n_beta 10, localization 300", n_beta: 10, localization: 300 },
  { name: "3M model, n_beta 30, localization 300", n_beta: 30, localization: 300 },
];

/** The n_beta at the base's localization with the same ratio to it. */
export const placed = ({ n_beta, localization }) => (n_beta * BASE.localization) / localization;

const point = (changes) => ({ ...BASE, ...changes });
const inBoth = (changes) => MODELS.map((model) => point({ model, ...changes }));

/** Every point, in the order in which they are run. */
export const POINTS = unique([
  ...inBoth({}),
  ...inBoth({ components: "fine" }),
  ...inBoth({ n_beta: 100 }),
  ...SEEDS.flatMap((seed) => inBoth({ seed, components: "fine" })),
  ...inBoth({ n_beta: 1000 }),
  ...SEEDS.flatMap((seed) => inBoth({ seed })),
  ...inBoth({ components: "fine", n_beta: 100 }),
  ...inBoth({ probe_seed: 5, components: "fine" }),
  ...SEEDS.flatMap((seed) => inBoth({ seed, n_beta: 100 })),
  ...N_BETAS.flatMap((n_beta) => inBoth({ n_beta })),
  ...OTHERS.flatMap(({ n_beta, localization }) => inBoth({ n_beta, localization })),
  ...inBoth({ localization: LOCALIZATIONS[0] }),
  ...inBoth({ sampler: "sgld" }),
]);

/** The folder and file of a point: what it is, in short. */
export function nameOf({ model, components, n_beta, localization, seed, probe_seed, sampler }) {
  const beta = Number(n_beta.toPrecision(3));
  return `${model}-${components}-${sampler}-b${beta}-g${localization}-s${seed}-p${probe_seed}`;
}

function unique(points) {
  const byName = new Map();
  for (const one of points) if (!byName.has(nameOf(one))) byName.set(nameOf(one), one);
  return [...byName.values()];
}

/** Tokens enough that the largest n_beta does not weigh one more than it is, and few enough to be taken whole at every update. */
const WHOLE_POOL = 16;

/**
 * BAOAB. eps is the step in units of the prior's standard deviation: it falls with n_beta / localization as the stiffest direction
 * narrows, and draws and burn-in are spaced by it. lr = eps^2 / localization. The noise of a minibatch heats chains with the square
 * of n_beta: the product's batches of 2 sequences do up to n_beta 10, 8 do at 30, and above only the whole pool does.
 */
function baoab(n_beta, localization) {
  const ratio = n_beta / localization;
  const eps = Math.min(0.9, 0.9 * (ratio / 0.25) ** -0.39);
  return {
    sampling_method: "sgmcmc_baoab",
    batch_size: n_beta <= 10 ? 2 : n_beta <= 30 ? 8 : 0,
    lr: Number((eps ** 2 / localization).toPrecision(3)),
    num_steps_bw_draws: Math.round(3 * (0.9 / eps) ** 0.45),
    num_burnin_steps: Math.max(8, Math.ceil(5 / eps)),
  };
}

/** nano's setting of docs/choosing-settings.md: quick rather than exact. */
const SGLD = { sampling_method: "sgmcmc_sgld", batch_size: 2, lr: 0.02, num_steps_bw_draws: 2, num_burnin_steps: 8 };

/** A point as keys of a run's config; what is not here is the product's default, chains and draws among it. */
export function settingsOf({ model, components, n_beta, localization, seed, probe_seed, sampler }) {
  const own = sampler === "baoab" ? baoab(n_beta, localization) : SGLD;
  return {
    model,
    probe_seed,
    weight_restrictions: components,
    ...(own.batch_size === 0 ? { pool_sequences: WHOLE_POOL } : {}),
    ...Object.fromEntries(
      Object.entries({ n_beta, localization, seed, ...own }).map(([key, value]) => [`sampler.${key}`, value]),
    ),
    // Neither is shown here, and both take time.
    keep_traces: false,
    "cluster.comparison": 0,
    "cluster.columns": COLUMNS[0],
  };
}
