/** Files of graphs and labels as people have them, through the program. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { encodeNpy } from "../../runtime/formats/npy";
import { assertRefused, program, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/cluster-files");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-cluster-files-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const cluster = (...words: string[]) => runProgram(folder, ["cluster", ...words]);

interface Line {
  seed: number;
  members: number[];
}

/** Runs it, and reads what it wrote and said. */
function found(...words: string[]) {
  const run = cluster(...words, "--out", "clusters.jsonl", "--json");
  assert.is(run.status, 0, run.stderr);
  const text = readFileSync(join(folder, "clusters.jsonl"), "utf8");
  const lines = text
    .split("\n")
    .filter(Boolean)
    .map((line): Line => JSON.parse(line));
  return { lines, json: JSON.parse(run.stdout) };
}

/** Six cliques of 15 nodes, each joined to the next by one edge. */
const RING: [number, number][] = [];
for (let c = 0; c < 6; c++) {
  for (let a = 0; a < 15; a++) for (let b = 0; b < a; b++) RING.push([15 * c + a, 15 * c + b]);
  RING.push([15 * c, (15 * c + 16) % 90]);
}
const byClique = (lines: readonly Line[]) =>
  lines.map(({ members }) => members.map((v) => Math.floor(v / 15))).sort(([a], [b]) => a - b);
const WANTED = Array.from({ length: 6 }, (_, c) => new Array<number>(15).fill(c));

test("row numbers are no ends, nodes keep their numbers, and labels go by them", () => {
  const body = RING.map(([a, b], i) => `${i},${a},${b}`).join("\n");
  for (const head of [",source,target", "id,source,target"]) {
    put("indexed.csv", `${head}\n${body}\n`);
    const { lines, json } = found("--graph", "indexed.csv");
    assert.equal(byClique(lines), WANTED);
    assert.equal([json.rows, json.columns.ends, json.columns.weight], [90, ["source", "target"], null]);
    assert.equal([json.format, json.ids], ["edge list", null]);
  }
  const labels = Array.from({ length: 90 }, (_, v) => `clique ${Math.floor(v / 15)}\n`).join("");
  put("truth.txt", labels);
  put(
    "truth.tsv",
    `# node, label\n${Array.from({ length: 90 }, (_, v) => `${v + 1}\t${Math.floor(v / 15)}\n`)
      .reverse()
      .join("")}`,
  );
  put("one.txt", RING.map(([a, b]) => `${a + 1} ${b + 1}`).join("\n"));
  for (const truth of ["truth.txt", "truth.tsv"]) {
    const { lines, json } = found("--graph", "one.txt", "--labels", truth);
    assert.equal(byClique(lines.map((line) => ({ ...line, members: line.members.map((v) => v - 1) }))), WANTED);
    assert.equal([json.rows, json.graph.isolated, json.ids], [90, 0, { first: 1, last: 90, nodes: 90 }]);
    assert.is(json.scores.ari, 1);
    for (const { seed, members } of lines) assert.ok(members.includes(seed), "a seed is called as the members are");
  }
  const run = cluster("--graph", "one.txt", "--out", "x.jsonl");
  assert.match(run.stderr, "nodes are numbered from 1 to 90: members are the file's numbers");
  put("by-name.txt", RING.map(([a, b]) => `n${a} n${b}`).join("\n"));
  put("names.csv", `node,label\n${Array.from({ length: 90 }, (_, v) => `n${v},${Math.floor(v / 15)}\n`).join("")}`);
  assert.is(found("--graph", "by-name.txt", "--labels", "names.csv").json.scores.ari, 1);
  put("lines.txt", labels.replaceAll("clique ", ""));
  assertRefused(
    cluster("--graph", "by-name.txt", "--labels", "lines.txt", "--out", "never.jsonl"),
    1,
    "lines.txt: nodes have names",
  );
});

test("other forms of a graph give the same clusters; - is stdin", () => {
  const adjacent = Array.from({ length: 90 }, (_, v) =>
    RING.flatMap(([a, b]) => (a === v ? [b + 1] : b === v ? [a + 1] : [])),
  );
  put("ring.graph", `90 ${RING.length}\n${adjacent.map((row) => row.join(" ")).join("\n")}\n`);
  put(
    "ring.mtx",
    `%%MatrixMarket matrix coordinate pattern symmetric\n90 90 ${RING.length}\n${RING.map(([a, b]) => `${Math.max(a, b) + 1} ${Math.min(a, b) + 1}`).join("\n")}\n`,
  );
  put(
    "out.ring",
    `% sym unweighted\n% ${RING.length} 90 90\n${RING.map(([a, b]) => `${a + 1} ${b + 1}`).join("\n")}\n`,
  );
  put(
    "ring.gml",
    `graph [\n${adjacent.map((_, v) => `node [ id ${v + 1} label "n${v}" gt 1 ]`).join("\n")}\n${RING.map(([a, b]) => `edge [ source ${a + 1} target ${b + 1} ]`).join("\n")}\n]\n`,
  );
  for (const [file, format] of [
    ["ring.graph", "METIS"],
    ["ring.mtx", "Matrix Market"],
    ["out.ring", "KONECT"],
    ["ring.gml", "GML"],
  ]) {
    const { lines, json } = found("--graph", file, "--labels", "truth.txt");
    assert.equal(byClique(lines.map((line) => ({ ...line, members: line.members.map((v) => v - 1) }))), WANTED, file);
    assert.equal([json.format, json.graph.edges, json.scores.ari], [format, RING.length, 1]);
    assert.equal(json.unread, format === "GML" ? ["gt"] : []);
  }
  const piped = (name: string, ...words: string[]) =>
    spawnSync(process.execPath, [program, "cluster", ...words, "--json"], {
      cwd: folder,
      input: readFileSync(join(folder, name)),
      encoding: "utf8",
    });
  const graph = piped("one.txt", "--graph", "-", "--labels", "truth.txt", "--out", "piped.jsonl");
  assert.is(JSON.parse(graph.stdout).scores.ari, 1, graph.stderr);
  const truth = piped("truth.tsv", "--graph", "one.txt", "--labels", "-", "--out", "piped.jsonl");
  assert.is(JSON.parse(truth.stdout).scores.ari, 1, truth.stderr);
  put(
    "points.npy",
    Buffer.concat(encodeNpy({ shape: [12, 4], data: Float64Array.from({ length: 48 }, (_, i) => (i * i) % 7) })),
  );
  const matrix = piped("points.npy", "--matrix", "-", "--out", "piped.jsonl");
  assert.is(JSON.parse(matrix.stdout).rows, 12, matrix.stderr);
  const none = cluster("--graph", "-", "--out", "never.jsonl");
  assertRefused(none, 1, "stdin: holds no edge");
  assertRefused(
    cluster("--graph", "-", "--labels", "-", "--out", "never.jsonl"),
    2,
    "--graph and --labels are both stdin",
  );
});

test("what people give first: a file in place of a run, a table with its labels, a preset for more rows", () => {
  const rows = Array.from({ length: 40 }, (_, i) => [i % 2 === 0 ? i / 100 : 9 + i / 100, i / 90, (i % 7) / 50]);
  const kind = (i: number) => (i % 2 === 0 ? "a kind" : "another");
  put("whole.csv", `x,y,z,species\n${rows.map((row, i) => `${row.join()},${kind(i)}\n`).join("")}`);
  put("numbers.csv", `x,y,z\n${rows.map((row) => `${row.join()}\n`).join("")}`);
  assertRefused(cluster("numbers.csv", "--out", "never.jsonl"), 2, "numbers.csv is a file", "--matrix numbers.csv");
  assertRefused(
    cluster("--matrix", "numbers.csv", "--preset", "paper", "--out", "never.jsonl"),
    2,
    "preset paper takes k = 45 neighbors, and numbers.csv has 40 rows",
    "--set k=N with N below 40",
  );
  const { json } = found("--matrix", "numbers.csv", "--preset", "points", "--labels", "whole.csv");
  assert.is(json.scores.labels, 2);
  assert.is(json.scores.ari, 1);
});

test.run();
