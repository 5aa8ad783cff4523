/** The pictures of docs/posterior-and-prior.md, from the points of the study. */
import { legend, panel, picture } from "../pictures/svg.mjs";
import { COLUMNS, MODELS, N_BETAS, OTHERS, placed } from "./design.mjs";
import { at, MEASURES, seedsOf, spread } from "./tables.mjs";

/** Rows as pictures show them. */
const SERIES = [
  { row: "posterior", name: "posterior", color: 0, look: "bold" },
  { row: "matched", name: "prior at equal rise", color: 1 },
  { row: "prior", name: "prior at the run's localization", color: 2 },
  { row: "shuffled", name: "shuffled draws", color: 8, look: "dash" },
];
const WITH_NULL = SERIES;
const WITHOUT_NULL = SERIES.slice(0, 3);

const UNIT = { domain: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };
const BETAS = { domain: [1, 1400], log: true, ticks: [1, 3, 10, 30, 100, 300, 1000] };

/** Lines of a measure over n_beta, with whiskers from the lowest to the highest seed; each series a little aside of the others. */
function lines(found, model, columns, measure, series) {
  return series.flatMap(({ row, color, look }, i) => {
    const values = N_BETAS.map((n_beta) => [
      n_beta * 1.03 ** (i - 1),
      spread(seedsOf(found, at({ model, n_beta })), columns, row, measure),
    ]).filter(([, value]) => value);
    const middle = values.map(([n_beta, { mean }]) => [n_beta, mean]);
    return [
      { kind: "line", color, look, at: middle },
      { kind: "points", color, at: middle },
      { kind: "whiskers", color, at: values.map(([n_beta, { low, high }]) => [n_beta, low, high]) },
    ];
  });
}

/** Two measures over n_beta for both models. */
function overBeta(found, { columns, measures, series, description, marks = [] }) {
  const panels = MODELS.flatMap((model, row) =>
    measures.map(([measure, y], column) =>
      panel({
        left: 60 + column * 370,
        top: 68 + row * 290,
        width: 300,
        height: 200,
        title: `${model}: ${MEASURES[measure].title}`,
        x: { ...BETAS, label: row === MODELS.length - 1 ? "n_beta" : "" },
        y: { ...y, label: "" },
        marks: [...marks, ...lines(found, model, columns, measure, series)],
      }),
    ),
  );
  const width = 760;
  const height = 30 + MODELS.length * 290;
  return picture({ width, height, description, parts: [legend(60, 16, series), ...panels] });
}

/** (a) How well roles are found, over n_beta. */
function map(found, columns) {
  const marks = OTHERS.map((one) => ({ kind: "rule", x: placed(one) }));
  return overBeta(found, {
    columns,
    measures: [
      ["f1", UNIT],
      ["knnAccuracy", UNIT],
    ],
    series: WITH_NULL,
    marks,
    description:
      `Mean best F1 and kNN accuracy over n_beta of the posterior, of priors and of shuffled draws, ${columns} columns; ` +
      "broken lines across: where settings of others lie by n_beta / localization",
  });
}

/** (c) What comes again in another run, over n_beta. */
function directions(found, columns) {
  return overBeta(found, {
    columns,
    measures: [
      ["reliability", UNIT],
      ["directions", { domain: [0, 28], ticks: [0, 7, 14, 21, 28] }],
    ],
    series: WITHOUT_NULL,
    description: `Split-half reliability of columns and directions above noise over n_beta, ${columns} columns`,
  });
}

/** (b) Standard and fine components, chi and correlations, both models. */
function columns(found) {
  const groups = ["standard", "fine"].flatMap((components) => COLUMNS.map((rule) => ({ components, rule })));
  const panels = MODELS.flatMap((model, row) =>
    ["f1", "knnAccuracy"].map((measure, column) => {
      const marks = WITH_NULL.flatMap(({ row: which, color }, i) => {
        const values = groups
          .map(({ components, rule }, g) => [
            g + 1 + 0.12 * (i - 1.5),
            spread(seedsOf(found, at({ model, components })), rule, which, measure),
          ])
          .filter(([, value]) => value);
        return [
          { kind: "points", color, r: 4, at: values.map(([x, { mean }]) => [x, mean]) },
          { kind: "whiskers", color, at: values.map(([x, { low, high }]) => [x, low, high]) },
        ];
      });
      return panel({
        left: 60 + column * 370,
        top: 68 + row * 290,
        width: 300,
        height: 200,
        title: `${model}: ${MEASURES[measure].title}, n_beta 10`,
        x: {
          domain: [0.5, groups.length + 0.5],
          ticks: groups.map((_, g) => g + 1),
          names: groups.map(({ rule }) => (rule === "correlation" ? "correlation" : "chi")),
          label: "standard components, then fine ones",
        },
        y: { ...UNIT, label: "" },
        marks: [{ kind: "rule", x: COLUMNS.length + 0.5 }, ...marks],
      });
    }),
  );
  return picture({
    width: 760,
    height: 30 + MODELS.length * 290,
    description: "Mean best F1 and kNN accuracy of chi and of correlations, standard and fine components, both models",
    parts: [legend(60, 16, WITH_NULL), ...panels],
  });
}

/** Files by name. */
export function figures(found) {
  const [covariances, correlations] = COLUMNS;
  return {
    "posterior-map.svg": map(found, covariances),
    "posterior-map-correlation.svg": map(found, correlations),
    "posterior-columns.svg": columns(found),
    "posterior-directions.svg": directions(found, correlations),
  };
}
