/** The study's points as markdown. Numbers of several seeds are their mean, with the lowest and the highest. */
import { BASE, COLUMNS, MODELS, N_BETAS, nameOf, OTHERS, placed } from "./design.mjs";
import { ROWS } from "./runs.mjs";

export const MEASURES = {
  f1: { title: "mean best F1", of: ({ f1 }) => f1, digits: 3 },
  knnAccuracy: { title: "kNN accuracy", of: ({ knnAccuracy }) => knnAccuracy, digits: 3 },
  knnPurity: { title: "kNN purity", of: ({ knnPurity }) => knnPurity, digits: 3 },
  reliability: { title: "reliability", of: ({ reliability }) => reliability, digits: 2 },
  meanRise: { title: "mean rise, nats", of: ({ meanRise }) => meanRise, digits: 3 },
  directions: { title: "directions", of: ({ directions }) => directions.repeated, digits: 1 },
};

/** The base changed in some keys. */
export const at = (changes) => ({ ...BASE, ...changes });

/** The points that differ from one in their seed alone. */
export function seedsOf(found, point) {
  const key = (one) => nameOf({ ...one, seed: 0 });
  return found.filter((one) => key(one.point) === key(point));
}

/** Mean, lowest and highest over seeds of what a row of some points measures; undefined where none has it. */
export function spread(points, columns, row, measure) {
  const values = points
    .map(({ byColumns }) => byColumns[columns]?.rows[row])
    .filter(Boolean)
    .map(MEASURES[measure].of)
    .filter((value) => Number.isFinite(value));
  if (values.length === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, low: Math.min(...values), high: Math.max(...values), seeds: values.length };
}

function cell(points, columns, row, measure) {
  const found = spread(points, columns, row, measure);
  if (!found) return "";
  const text = (value) => value.toFixed(MEASURES[measure].digits);
  return found.seeds > 1 ? `${text(found.mean)} (${text(found.low)} to ${text(found.high)})` : text(found.mean);
}

const table = (head, lines) =>
  [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const names = Object.keys(ROWS);

/** One line a row and setting, every measure. */
function measuresOf(found, points, columns) {
  const head = ["setting", "row", ...Object.values(MEASURES).map(({ title }) => title)];
  const lines = points.flatMap(([title, point]) => {
    const own = seedsOf(found, point);
    return names
      .filter((row) => own.some(({ byColumns }) => byColumns[columns]?.rows[row]))
      .map((row, i) => [
        i === 0 ? title : "",
        row,
        ...Object.keys(MEASURES).map((measure) => cell(own, columns, row, measure)),
      ]);
  });
  return lines.length > 0 ? table(head, lines) : "(not run)";
}

const beta = (n_beta) => Number(n_beta.toPrecision(3));

/** Tables by name. */
export function tables(found) {
  const made = {};
  for (const model of MODELS) {
    for (const columns of COLUMNS) {
      made[`axis ${model} ${columns}`] = measuresOf(
        found,
        N_BETAS.map((n_beta) => [`n_beta ${beta(n_beta)}`, at({ model, n_beta })]),
        columns,
      );
      made[`fine ${model} ${columns}`] = measuresOf(
        found,
        ["standard", "fine"].flatMap((components) =>
          [10, 100].map((n_beta) => [`${components}, n_beta ${n_beta}`, at({ model, components, n_beta })]),
        ),
        columns,
      );
      const places = [...new Set(found.map(({ point }) => point.localization))].sort((a, b) => a - b);
      made[`localization ${model} ${columns}`] = measuresOf(
        found,
        places.flatMap((localization) =>
          [10, 30, 100]
            .filter((n_beta) => seedsOf(found, at({ model, localization, n_beta })).length > 0)
            .map((n_beta) => [`localization ${localization}, n_beta ${n_beta}`, at({ model, localization, n_beta })]),
        ),
        columns,
      );
    }
    made[`other ${model}`] = measuresOf(
      found,
      [
        ["SGLD, minibatches of 2", at({ model, sampler: "sgld" })],
        ["another probe, fine", at({ model, probe_seed: 5, components: "fine" })],
      ],
      COLUMNS[1],
    );
  }
  made.others = table(
    ["setting", "n_beta / localization", `n_beta at localization ${BASE.localization}`],
    OTHERS.map((one) => [one.name, (one.n_beta / one.localization).toFixed(3), beta(placed(one))]),
  );
  made.points = table(
    ["point", "minutes"],
    found.map(({ point, seconds }) => [nameOf(point), (seconds / 60).toFixed(1)]),
  );
  return made;
}

/** A document with its tables put between their marks, `<!-- table NAME -->` and `<!-- end -->`. */
export function filled(text, made) {
  return text.replace(/<!-- table (.+?) -->\n[\s\S]*?<!-- end -->/g, (_, name) => {
    if (made[name] === undefined) throw new Error(`no table ${name}: ${Object.keys(made).join(", ")}`);
    return `<!-- table ${name} -->\n\n${made[name]}\n\n<!-- end -->`;
  });
}
