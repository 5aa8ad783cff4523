/** `cluster --preset` and columns left as they are, through the program. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { gaussianMatrix } from "../../runtime/cluster/controls";
import { CLUSTER_PRESETS } from "../../runtime/cluster/presets";
import { encodeNpy } from "../../runtime/formats/npy";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/cluster-presets");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-presets-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const cluster = (...words: string[]) => runProgram(folder, ["cluster", ...words]);

/** Runs it, and reads what it wrote and said. */
function found(...words: string[]) {
  const run = cluster(...words, "--out", "clusters.jsonl", "--json");
  assert.is(run.status, 0, run.stderr);
  return { text: readFileSync(join(folder, "clusters.jsonl"), "utf8"), json: JSON.parse(run.stdout) };
}

// Six groups of 50 that two wide columns tell apart, and ten narrow ones of noise.
const GROUPS = 6;
const rows = 50 * GROUPS;
const data = gaussianMatrix(rows, 12, 5).data;
for (let i = 0; i < rows; i++) {
  const angle = (2 * Math.PI * Math.floor(i / 50)) / GROUPS;
  data[12 * i] = 10 * data[12 * i] + 200 * Math.cos(angle);
  data[12 * i + 1] = 10 * data[12 * i + 1] + 200 * Math.sin(angle);
}
put("wide.npy", Buffer.concat(encodeNpy({ shape: [rows, 12], data })));
put("truth.txt", Array.from({ length: rows }, (_, i) => `group ${Math.floor(i / 50)}\n`).join(""));
const edges: string[] = [];
for (let base = 0; base < 120; base += 20) {
  for (let a = 0; a < 20; a++) for (let b = 0; b < a; b++) edges.push(`${base + a} ${base + b}`);
  edges.push(`${base} ${(base + 21) % 120}`);
}
put("cliques.txt", `${edges.join("\n")}\n`);

const MATRIX = ["--matrix", "wide.npy", "--labels", "truth.txt"];
const POINTS = ["rows=none", "null=none", "k=15"].flatMap((set) => ["--set", set]);

test("columns=none leaves columns in their units: a column counts by its spread", (t) => {
  const left = found(...MATRIX, ...POINTS, "--set", "columns=none");
  const scaled = found(...MATRIX, ...POINTS, "--set", "columns=zscore");
  t.note(`ARI ${left.json.scores.ari.toFixed(3)}, z-scored ${scaled.json.scores.ari.toFixed(3)}`);
  assert.ok(left.json.scores.ari > 0.95, `${left.json.scores.ari}`);
  assert.ok(scaled.json.scores.ari < left.json.scores.ari, "ten columns of noise count as much there");
  assert.is(left.json.config.columns, "none");
  const [{ members, profile }] = left.text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const mean = (c: number) => members.reduce((sum: number, i: number) => sum + data[12 * i + c], 0) / members.length;
  for (let c = 0; c < 12; c++)
    assert.ok(Math.abs(profile[c] - mean(c)) < 1e-4 * (1 + Math.abs(mean(c))), `profile of column ${c} in its units`);
});

test("--preset sets keys, says them and leaves --set the last word", () => {
  const named = found(...MATRIX, "--preset", "points");
  const keys = CLUSTER_PRESETS.points.keys;
  assert.equal(named.json.preset, { name: "points", keys });
  for (const [key, value] of Object.entries(keys)) assert.equal(named.json.config[key], value, key);
  const sets = Object.entries(keys).flatMap(([key, value]) => [
    "--set",
    `${key}=${JSON.stringify(value).replaceAll('"', "")}`,
  ]);
  assert.is(found(...MATRIX, ...sets).text, named.text);
  const said = cluster(...MATRIX, "--preset=points", "--set", "columns=zscore", "--out", "c.jsonl");
  assert.is(said.status, 0, said.stderr);
  const { columns, ...others } = keys;
  assert.match(
    said.stderr,
    `preset points: ${Object.entries(others)
      .map(([key, value]) => `${key}=${value}`)
      .join(", ")}`,
  );
  const other = found(...MATRIX, "--preset", "points", "--set", "columns=zscore").json;
  assert.equal([other.config.columns, other.preset.keys.columns], ["zscore", undefined]);
  const usual = found(...MATRIX);
  assert.equal(usual.json.preset, { name: "susceptibilities", keys: {} });
  assert.is(found(...MATRIX, "--preset", "susceptibilities").text, usual.text);
});

test("a graph has its own, and the paper's without keys of points", () => {
  const usual = found("--graph", "cliques.txt");
  assert.equal(usual.json.preset, { name: "graph", keys: { null: "none" } });
  assert.is(found("--graph", "cliques.txt", "--preset", "graph").text, usual.text);
  assert.match(cluster("--graph", "cliques.txt", "--out", "c.jsonl").stderr, "preset graph: null=none");
  assert.is(found("--graph", "cliques.txt", "--set", "null=rewired").json.config.null, "rewired");
  const { json } = found("--graph", "cliques.txt", "--preset", "paper", "--set", "max_share=0.2");
  assert.is(json.config.search, "paper");
  assert.is(json.preset.keys.k, undefined);
  assert.is(json.clusters, 6);
});

test("the paper's of a matrix", () => {
  const { json } = found(...MATRIX, "--preset", "paper", "--set", "num_seeds=20");
  assert.equal([json.config.k, json.config.min_size, json.config.alpha, json.k], [45, 20, 0.001, 45]);
});

test("presets that do not fit or are unknown are refused before anything is read or written", () => {
  const refused = (words: string[], line: RegExp) => {
    assertRefused(cluster(...words, "--out", "no.jsonl"), 2, line);
    assert.not.ok(existsSync(join(folder, "no.jsonl")));
  };
  refused(
    ["--graph", "none.txt", "--preset", "points"],
    /--preset points is for a matrix, and this is a graph; .* graph or paper/,
  );
  refused(
    ["--matrix", "none.npy", "--preset", "graph"],
    /--preset graph is for a graph, and this is a matrix; .* points or/,
  );
  refused([...MATRIX, "--preset", "point"], /--preset is "point"; it must be one of .*; did you mean "points"\?/);
  refused([...MATRIX, "--preset", ""], /--preset/);
  refused([...MATRIX, "--set", "preset=points"], /preset is no key of a clustering; write --preset NAME/);
  refused([...MATRIX, "--set", "walk=lazy"], /"cluster\.walk" is "lazy", and is no key any more; .*--preset paper/);
});

test.run();
