/** Runs points of a design through the product, and keeps of each what the study is about. A point that is there is not run again. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { project } from "../pictures/project.mjs";
import { COLUMNS, nameOf, settingsOf } from "./design.mjs";

const SOURCES = [
  'export { DirectoryStore } from "./runtime/node/directory-store";',
  'export { Run } from "./runtime/store/run";',
  'export { analyzedConfig, readResults } from "./runtime/measure/run-files";',
  'export { chiTable } from "./runtime/measure/chi-tables";',
  'export { chiRequestOf } from "./runtime/measure/feature-rows";',
  'export { evidenceOf } from "./runtime/measure/chi-clusters";',
  'export { repeatedDirections } from "./runtime/measure/directions";',
];

/** Rows of the score table that the study is about, by the short name that tables and pictures use, with how chi is asked for. */
export const ROWS = {
  posterior: { features: ["chi"], request: {} },
  matched: { features: ["chi, n_beta = 0 at equal rise"], request: { suffix: " n_beta=0 at equal rise" } },
  prior: { features: ["chi, n_beta = 0"], request: { suffix: " n_beta=0" } },
  shuffled: {
    features: ["chi, shuffled draws", "chi, shifted draws"],
    request: ({ keep_traces }) => ({ null: keep_traces ? "shuffled" : "shifted" }),
  },
};

function spectroscope(root, words) {
  const options = { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 };
  const program = [join(root, "dist", "spectroscope.mjs"), ...words, "--json"];
  const { status, signal, stdout } = spawnSync(process.execPath, program, options);
  if (status === 0) return;
  const error = new Error(`spectroscope ${words.join(" ")}: ${signal ?? `exit ${status}`}: ${stdout}`);
  throw Object.assign(error, { stopped: signal !== null || status === 130 });
}

const sets = (values) => Object.entries(values).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

/** What the last analysis of a run says of the rows of the study. */
async function measured(lib, path) {
  const run = await lib.Run.open(new lib.DirectoryStore(path));
  const config = await lib.analyzedConfig(run);
  const { scores, columns, roles } = (await lib.readResults(run)).results;
  const rows = {};
  for (const [name, { features, request }] of Object.entries(ROWS)) {
    const row = scores.find((one) => features.includes(one.features));
    if (!row) continue;
    const changes = typeof request === "function" ? request(config) : request;
    const table = await lib.chiTable(run, columns, { ...lib.chiRequestOf(config), ...changes });
    rows[name] = {
      features: row.features,
      f1: row.meanBestF1,
      knnAccuracy: row.knnAccuracy ?? null,
      knnPurity: row.knnPurity ?? null,
      reliability: row.drawn?.reliability ?? null,
      meanRise: row.drawn?.meanRise ?? null,
      chains: row.drawn?.chains ?? null,
      draws: row.drawn?.draws ?? null,
      clusters: row.clusters,
      covered: row.covered,
      directions: lib.repeatedDirections(lib.evidenceOf(table, config).chains),
    };
  }
  return { roles, columns: columns.length, rows };
}

const pathOf = (folder, point) => join(folder, `${nameOf(point)}.json`);

/** The points that are done, each with what was measured by columns. */
export function found(folder, points) {
  return points
    .filter((point) => existsSync(pathOf(folder, point)))
    .map((point) => JSON.parse(readFileSync(pathOf(folder, point), "utf8")));
}

/**
 * Runs the points that the folder lacks, one after the other. A run that was stopped is gone on with; one that is measured leaves
 * its numbers alone, unless `keep` says to keep its gigabyte. Points that the program refuses are told and left out.
 */
export async function runPoints({ root, folder, points, say, keep = false }) {
  mkdirSync(folder, { recursive: true });
  const lib = await project(root, "study", SOURCES);
  for (const [i, point] of points.entries()) {
    if (existsSync(pathOf(folder, point))) continue;
    const path = join(folder, nameOf(point));
    say(`${i + 1} of ${points.length}: ${nameOf(point)}`);
    const began = Date.now();
    try {
      const begun = existsSync(join(path, "manifest.json"));
      spectroscope(root, ["run", ...sets(settingsOf(point)), "--out", path, ...(begun ? ["--resume"] : [])]);
      const byColumns = { [COLUMNS[0]]: await measured(lib, path) };
      for (const columns of COLUMNS.slice(1)) {
        spectroscope(root, ["cluster", path, "--set", `columns=${columns}`]);
        byColumns[columns] = await measured(lib, path);
      }
      const seconds = (Date.now() - began) / 1000;
      const text = JSON.stringify({ point, settings: settingsOf(point), seconds, byColumns }, null, 1);
      writeFileSync(`${pathOf(folder, point)}.part`, `${text}\n`);
      renameSync(`${pathOf(folder, point)}.part`, pathOf(folder, point));
      if (!keep) rmSync(path, { recursive: true });
    } catch (error) {
      if (error.stopped) throw error;
      say(`${nameOf(point)}: left out: ${error.message}`);
    }
  }
}
