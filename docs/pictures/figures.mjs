/** The pictures of docs/choosing-settings.md, from the numbers of `measures.mjs`. */
import { CHAIN_COUNTS, LENGTHS } from "./measures.mjs";
import {
  BIAS_COMPONENTS,
  BIAS_RATES,
  COMPONENTS,
  HEAD,
  SCALE_FACTORS,
  SCALED,
  THIN_RATE,
  TRACE_RATES,
} from "./runs.mjs";
import { legend, panel, picture } from "./svg.mjs";

const GOOD = { kind: "band", from: 0.05, to: 0.4 };
/** nano's pull. */
const PULL = 40;

function traces({ traces: found }) {
  const titles = ["too small", "good", "too large"];
  const panels = TRACE_RATES.map((lr, i) => {
    const { chains } = found[lr];
    return panel({
      left: 60 + i * 235,
      top: 34,
      width: 215,
      height: 190,
      title: `lr ${lr}: ${titles[i]}`,
      x: { domain: [0, 64], ticks: [0, 16, 32, 48, 64], label: "draw (2 updates each)" },
      y: {
        domain: [0.002, 40],
        log: true,
        ticks: [0.01, 0.1, 1, 10],
        names: i === 0 ? undefined : ["", "", "", ""],
        label: i === 0 ? `phi of ${HEAD}, nats` : "",
      },
      marks: [
        GOOD,
        ...chains.map((values, color) => ({
          kind: "line",
          color,
          look: "thin",
          at: values.map((phi, s) => [s + 1, Math.max(phi, 0.002)]),
        })),
      ],
    });
  });
  const description = `phi of four chains of ${HEAD} at three step sizes: still rising, level, and thrown off`;
  return picture({ width: 760, height: 270, description, parts: panels });
}

function rise({ scales, calibration }) {
  const names = SCALED;
  const place = { top: 68, width: 190, height: 210 };
  const nats = { domain: [0.004, 4], log: true, ticks: [0.01, 0.1, 1] };
  const series = (of) =>
    names.flatMap((name, color) => {
      const at = scales[name].map(of);
      return [
        { kind: "line", color, at },
        { kind: "points", color, at },
      ];
    });
  const left = panel({
    ...place,
    left: 56,
    title: "How far a component is let out",
    x: {
      domain: [0.1, 5],
      log: true,
      ticks: SCALE_FACTORS,
      names: ["1/8", "1/4", "1/2", "1", "2", "4"],
      label: "component_scale, times nano's own",
    },
    y: { ...nats, label: "mean rise, nats" },
    marks: [GOOD, ...series(({ meanRise }, i) => [SCALE_FACTORS[i], meanRise])],
  });
  const middle = panel({
    ...place,
    left: 310,
    title: "Reliability of 12 draws",
    x: { ...nats, label: "mean rise, nats" },
    y: { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], label: "" },
    marks: [{ ...GOOD, along: "x" }, ...series(({ meanRise, reliability: own }) => [meanRise, own])],
  });
  const { trials, components } = calibration;
  const betas = [...new Set(trials.map(({ n_beta }) => n_beta))];
  const of = (n_beta, which) =>
    trials
      .filter((trial) => trial.n_beta === n_beta)
      .map(({ lr, components: found }) => [lr, found[which].meanRise])
      .filter(([, value]) => value !== undefined);
  const right = panel({
    ...place,
    left: 560,
    title: `lr and n_beta, ${components[1]}`,
    x: { domain: [0.0045, 0.045], log: true, ticks: [0.005, 0.01, 0.02, 0.04], label: "lr" },
    y: { ...nats, label: "mean rise, nats" },
    marks: [
      GOOD,
      ...betas.flatMap((n_beta, color) => [
        { kind: "line", color, at: of(n_beta, 1) },
        { kind: "points", color, at: of(n_beta, 1) },
      ]),
    ],
  });
  const keys = [
    legend(
      56,
      18,
      names.map((name, color) => ({ name, color })),
    ),
    legend(
      425,
      18,
      betas.map((value, color) => ({ name: `n_beta ${value}`, color })),
    ),
  ];
  const description = "Mean rise by component scale; reliability of chi by mean rise; mean rise by lr at three n_beta";
  return picture({ width: 760, height: 322, description, parts: [...keys, left, middle, right] });
}

function reliability({ reliability: found }) {
  const draws = { domain: [7, 146], log: true, ticks: LENGTHS, label: "num_draws" };
  const series = (values) => values.map((value, i) => [LENGTHS[i], value]);
  const left = panel({
    left: 60,
    top: 68,
    width: 300,
    height: 210,
    title: "Split-half reliability, 4 chains",
    x: draws,
    y: { domain: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], label: "correlation of two equal runs" },
    marks: [
      { kind: "line", color: 9, look: "bold", at: series(found.chi) },
      { kind: "points", color: 9, at: series(found.chi) },
      ...COMPONENTS.map((name, color) => ({
        kind: "line",
        color,
        look: "thin",
        at: series(found.components[name].chi),
      })),
      { kind: "line", color: 8, look: "dash", at: series(found.null) },
      { kind: "points", color: 8, at: series(found.null) },
    ],
  });
  const first = found.error[CHAIN_COUNTS[1]][0];
  const right = panel({
    left: 430,
    top: 68,
    width: 300,
    height: 210,
    title: "Error of a chi, in spreads of chi over tokens",
    x: draws,
    y: { domain: [0.15, 1.6], log: true, ticks: [0.2, 0.5, 1], label: "" },
    marks: [
      { kind: "line", color: 8, look: "dash thin", at: LENGTHS.map((s) => [s, first * Math.sqrt(LENGTHS[0] / s)]) },
      ...CHAIN_COUNTS.flatMap((chains, color) => [
        { kind: "line", color, at: series(found.error[chains]) },
        { kind: "points", color, at: series(found.error[chains]) },
      ]),
    ],
  });
  const keys = [
    legend(
      60,
      16,
      COMPONENTS.map((name, color) => ({ name, color, look: "thin" })),
    ),
    legend(60, 34, [
      { name: "median", color: 9, look: "bold" },
      { name: "median, shifted draws", color: 8, look: "dash" },
    ]),
    legend(
      430,
      16,
      CHAIN_COUNTS.map((chains, color) => ({ name: `${chains} chains`, color })),
    ),
    legend(430, 34, [{ name: "1 / sqrt(draws)", color: 8, look: "dash thin" }]),
  ];
  const description = "Reliability of chi rises with draws and its null stays low; errors shrink with draws and chains";
  return picture({ width: 760, height: 322, description, parts: [...keys, left, right] });
}

function thinning({ thinning: { components } }) {
  const tau = 2 / (THIN_RATE * PULL);
  const names = Object.keys(components);
  const curve = (power) => Array.from({ length: 49 }, (_, i) => [i / 2, Math.exp((-power * i) / 2 / tau)]);
  const left = panel({
    left: 60,
    top: 68,
    width: 300,
    height: 210,
    title: `Memory of phi at lr ${THIN_RATE}: tau is ${tau} updates`,
    x: { domain: [0, 25], ticks: [0, 5, 10, 15, 20, 25], label: "updates between draws" },
    y: { domain: [-0.2, 1], ticks: [0, 0.3, 0.6, 1], label: "autocorrelation" },
    marks: [
      { kind: "rule", y: 0.3 },
      { kind: "line", color: 8, at: curve(1) },
      { kind: "line", color: 8, look: "dash", at: curve(2) },
      ...names.map((name, color) => ({ kind: "points", color, at: components[name].lags })),
    ],
  });
  const right = panel({
    left: 430,
    top: 68,
    width: 300,
    height: 210,
    title: "Effective draws for the same time",
    x: { domain: [0.85, 19], log: true, ticks: [1, 2, 4, 8, 16], label: "num_steps_bw_draws" },
    y: { domain: [0, 1.1], ticks: [0, 0.25, 0.5, 0.75, 1], label: "" },
    marks: names.flatMap((name, color) => {
      const { rows } = components[name];
      const best = Math.max(...rows.map(({ perUpdate }) => perUpdate));
      const at = rows.map(({ steps, perUpdate }) => [steps, perUpdate / best]);
      const share = rows.map(({ steps, share: own }) => [steps, own]);
      return [
        { kind: "line", color, at },
        { kind: "points", color, at },
        { kind: "line", color, look: "dash thin", at: share },
      ];
    }),
  });
  const keys = [
    legend(
      60,
      16,
      names.map((name, color) => ({ name, color })),
    ),
    legend(60, 34, [
      { name: "exp(-steps / tau)", color: 8 },
      { name: "exp(-2 steps / tau)", color: 8, look: "dash" },
    ]),
    legend(430, 16, [{ name: "effective draws per second, best = 1", color: 9 }]),
    legend(430, 34, [{ name: "effective share of the draws", color: 9, look: "dash thin" }]),
  ];
  const description = "Autocorrelation of phi falls with updates between draws; effective draws by cost and by draw";
  return picture({ width: 760, height: 322, description, parts: [...keys, left, right] });
}

function bias({ bias: found }) {
  const rates = BIAS_RATES.map(([lr]) => lr);
  const x = { domain: [0.0045, 0.045], log: true, ticks: [0.005, 0.01, 0.02, 0.04], label: "lr" };
  const grid = Array.from({ length: 41 }, (_, i) => 0.0045 * 10 ** (i / 40));
  const factor = (lr) => 1 / (1 - (lr * PULL) / 4);
  const left = panel({
    left: 60,
    top: 68,
    width: 300,
    height: 210,
    title: "Mean rise, relative to no step error",
    x,
    y: { domain: [0.9, 5], log: true, ticks: [1, 1.25, 1.5, 2, 3, 4], label: "times the posterior's" },
    marks: [
      { kind: "line", color: 8, at: grid.map((lr) => [lr, factor(lr)]) },
      ...BIAS_COMPONENTS.flatMap((name, color) => {
        const [{ meanRise: first }] = found[name];
        const at = found[name].map(({ meanRise, llc }, i) => {
          const relative = (meanRise / first) * factor(rates[0]);
          return [rates[i], relative, (relative * llc.error) / llc.value];
        });
        return [
          { kind: "line", color, at },
          { kind: "points", color, at },
          { kind: "whiskers", color, at: at.map(([lr, value, error]) => [lr, value - error, value + error]) },
        ];
      }),
    ],
  });
  const step = (lr) => (lr * PULL) ** 1.5 / 4 / Math.sqrt(1 - (lr * PULL) / 4);
  const right = panel({
    left: 430,
    top: 68,
    width: 300,
    height: 210,
    title: "Step error, per weight",
    x,
    y: { domain: [0.01, 2], log: true, ticks: [0.01, 0.1, 0.25, 1], label: "" },
    marks: [
      { kind: "rule", y: 0.25 },
      { kind: "line", color: 8, at: grid.map((lr) => [lr, step(lr)]) },
      ...BIAS_COMPONENTS.flatMap((name, color) => {
        const at = found[name].map(({ stepError }, i) => [rates[i], stepError]);
        return [
          { kind: "line", color, at },
          { kind: "points", color, at },
        ];
      }),
    ],
  });
  const keys = [
    legend(
      60,
      16,
      BIAS_COMPONENTS.map((name, color) => ({ name, color })),
    ),
    legend(60, 34, [{ name: "1 / (1 - lr localization / 4): flat directions", color: 8 }]),
    legend(430, 16, [{ name: "flat directions alone", color: 8 }]),
  ];
  const description = "Mean rise and step error grow with lr, faster than in flat directions alone";
  return picture({ width: 760, height: 322, description, parts: [...keys, left, right] });
}

function sensitivity({ sensitivity: { rows } }) {
  const height = 26 * rows.length;
  const level = (i) => rows.length - i;
  const y = { domain: [0.5, rows.length + 0.5], ticks: rows.map((_, i) => level(i)), label: "" };
  const x = { domain: [0, 1.02], ticks: [0, 0.25, 0.5, 0.75, 1] };
  const left = panel({
    left: 150,
    top: 56,
    width: 280,
    height,
    title: "Spearman of chi, median over components",
    x: { ...x, label: "correlation over tokens" },
    y: { ...y, names: rows.map(({ setting }) => setting.replace("=", " = ")) },
    marks: [
      { kind: "rule", x: rows[0].independent },
      { kind: "points", color: 1, r: 4, at: rows.slice(1).map((row, i) => [row.shared, level(i + 1)]) },
      { kind: "points", color: 0, r: 5, at: rows.map((row, i) => [row.independent, level(i)]) },
    ],
  });
  const right = panel({
    left: 470,
    top: 56,
    width: 270,
    height,
    title: "Mean rise, lowest and highest",
    x: { domain: [0.05, 2], log: true, ticks: [0.1, 0.2, 0.5, 1, 2], label: "nats" },
    y: { ...y, names: rows.map(() => "") },
    marks: [
      ...rows.map(({ rise: [low, high] }, i) => ({
        kind: "line",
        color: 2,
        at: [
          [low, level(i)],
          [high, level(i)],
        ],
      })),
      { kind: "points", color: 2, at: rows.flatMap(({ rise }, i) => rise.map((value) => [value, level(i)])) },
    ],
  });
  const keys = [
    legend(150, 18, [
      { name: "with the run itself, of another seed (sweep)", color: 0, look: "bold" },
      { name: "with the sweep's first run, whose noise it shares", color: 1, look: "bold" },
    ]),
  ];
  const description =
    "How far runs with other settings agree with an independent run, and with the run whose noise they share";
  return picture({ width: 760, height: height + 104, description, parts: [...keys, left, right] });
}

function rmsprop({ compare, starts }) {
  const { components } = compare;
  const level = (i) => components.length - i;
  const left = panel({
    left: 80,
    top: 68,
    width: 270,
    height: 210,
    title: "chi: SGLD beside RMSprop-SGLD",
    x: { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], label: "correlation over tokens" },
    y: {
      domain: [0.5, components.length + 0.5],
      ticks: components.map((_, i) => level(i)),
      names: components.map(({ name }) => name),
      label: "",
    },
    marks: [
      { kind: "points", color: 8, at: components.map(({ reliability: [a, b] }, i) => [Math.sqrt(a * b), level(i)]) },
      { kind: "points", color: 0, r: 4.5, at: components.map(({ pearson }, i) => [pearson, level(i)]) },
      { kind: "points", color: 1, at: components.map(({ spearman }, i) => [spearman, level(i)]) },
    ],
  });
  const right = panel({
    left: 430,
    top: 68,
    width: 300,
    height: 210,
    title: "RMSprop's two starts, l1h2",
    x: { domain: [0, 600], ticks: [0, 100, 200, 300, 400, 500, 600], label: "updates" },
    y: { domain: [0, 0.4], ticks: [0, 0.1, 0.2, 0.3, 0.4], label: "phi, mean of 4 chains, nats" },
    marks: Object.values(starts).map((at, color) => ({ kind: "line", color, at })),
  });
  const keys = [
    legend(80, 16, [
      { name: "Pearson", color: 0 },
      { name: "Spearman", color: 1 },
    ]),
    legend(80, 34, [{ name: "most that their own noise allows", color: 8 }]),
    legend(430, 16, [{ name: "ones, bias correction (paper)", color: 0 }]),
    legend(430, 34, [{ name: "zeros (devinterp)", color: 1 }]),
  ];
  const description = "chi of both samplers agrees about as far as their noise allows; RMSprop from ones begins slowly";
  return picture({ width: 760, height: 322, description, parts: [...keys, left, right] });
}

/** Files by name. */
export function figures(numbers) {
  const made = { traces, rise, reliability, thinning, "step-bias": bias, sensitivity, rmsprop };
  return Object.fromEntries(Object.entries(made).map(([name, make]) => [`${name}.svg`, make(numbers)]));
}
