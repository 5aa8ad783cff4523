/** `cluster` of any matrix and any graph, through the program: what is found, what is said, and what is refused. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as assert from "uvu/assert";
import { gaussianMatrix } from "../../runtime/cluster/controls";
import { scoreSets } from "../../runtime/cluster/score";
import { encodeNpy, type NpyInput } from "../../runtime/formats/npy";
import type { Matrix } from "../../runtime/statistics/matrix";
import { plantClusters } from "../test/planted";
import { assertRefused, program, runProgram } from "../test/program";
import { seededRandom } from "../test/random";
import { suite } from "../test/suite";

const test = suite("harness/cli/cluster");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-cluster-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
const putNpy = (name: string, array: NpyInput) => put(name, Buffer.concat(encodeNpy(array)));
const putMatrix = (name: string, { rows, cols, data }: Matrix) => putNpy(name, { shape: [rows, cols], data });
const cluster = (...words: string[]) => runProgram(folder, ["cluster", ...words]);

interface Line {
  id: number;
  size: number;
  conductance: number;
  seed: number;
  members: number[];
  names?: string[];
  excess: number;
  recurrence: number;
  tolerance: number;
  sweep: { sizes: number[]; conductance: number[] };
  profile?: number[];
  profile_error?: number[];
  stability?: Record<string, number>;
}

/** Runs it, and reads what it wrote and said. */
function found(...words: string[]) {
  const run = cluster(...words, "--out", "clusters.jsonl", "--json");
  assert.is(run.status, 0, run.stderr);
  const text = readFileSync(join(folder, "clusters.jsonl"), "utf8");
  const lines: Line[] = text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { lines, text, json: JSON.parse(run.stdout) };
}

const planted = plantClusters({
  ...{ seed: 3, sizes: [15, 20, 25, 30, 35, 40, 45, 50, 55, 60], body: 700 },
  ...{ dims: 20, centers: 1.6, spread: 0.35 },
});
putMatrix("planted.npy", planted);
putNpy("truth.npy", { shape: [planted.rows], data: planted.truth });

test("planted clusters of a matrix are found by the defaults, one JSON object a line, and scored", (t) => {
  const { lines, text, json } = found("--matrix", "planted.npy", "--labels", "truth.npy");
  const { perLabel, meanBestF1 } = scoreSets(lines, planted.truth);
  const good = perLabel.filter(({ bestF1 }) => bestF1 > 0.8).length;
  t.note(`${good} of 10 at F1 > 0.8 in ${lines.length} clusters, mean ${meanBestF1.toFixed(3)}`);
  assert.ok(good >= 9);
  const seen = new Set<number>();
  lines.forEach((line, id) => {
    assert.equal([line.id, line.size], [id, line.members.length]);
    assert.equal(
      line.members,
      [...line.members].sort((a, b) => a - b),
    );
    for (const row of line.members) {
      assert.ok(Number.isInteger(row) && row >= 0 && row < planted.rows && !seen.has(row), "rows, disjoint");
      seen.add(row);
    }
    assert.ok(line.conductance >= 0 && line.conductance < 1 && line.excess > 0 && line.recurrence > 0);
    // What lies apart as a whole was found by no walk.
    const whole = line.tolerance === 0;
    assert.is(whole, line.excess === 1 && line.recurrence === 1 && line.sweep.sizes.length === 0);
    assert.ok(line.seed < planted.rows && (whole || line.sweep.sizes.length > 1));
    assert.is(line.sweep.sizes.length, line.sweep.conductance.length);
    assert.equal([line.profile!.length, line.profile_error!.length], [planted.cols, planted.cols]);
    assert.is(line.stability, undefined);
  });
  assert.equal([json.matrix, json.rows, json.columns, json.k], ["planted.npy", planted.rows, 20, 9]);
  assert.is(json.graph.nodes, planted.rows);
  assert.ok(json.graph.edges > planted.rows && json.graph.isolated >= 0 && json.rounds >= 1);
  assert.equal([json.clusters, json.out, json.stability], [lines.length, "clusters.jsonl", null]);
  assert.ok(Math.abs(json.covered - seen.size / planted.rows) < 1e-12);
  assert.is(json.conductance.lowest, Math.min(...lines.map(({ conductance }) => conductance)));
  assert.ok(json.profile.length > 2 && json.config.columns === null && json.seconds.clusters > 0);
  // The body: what edges hold together of the 700 points of no cluster. It is told with its size and the key that would take it in.
  assert.is(json.advice.length, 1);
  assert.ok(json.left_out.nodes > 0.8 * 700 && json.left_out.nodes <= 700, `${json.left_out.nodes}`);
  assert.match(json.advice[0], `in no cluster, in one piece: ${json.left_out.nodes} of 1075 rows`);
  assert.match(json.advice[0], json.left_out.share > 0.25 ? /set max_share=0\.\d+$/ : /smaller excess_min/);
  const { scores } = json;
  assert.equal([scores.labels, scores.scored], [10, 10]);
  assert.ok(Math.abs(scores.mean_best_f1 - meanBestF1) < 1e-12 && scores.above_four_fifths === good / 10);
  assert.ok(scores.ari > 0.6 && scores.nmi > 0.6 && scores.purity > 0.9 && scores.labeled < 0.4);
  assert.is(found("--matrix", "planted.npy", "--threads", "1").text, text, "threads change nothing");
});

test("correlations are of a run's chi: of a matrix they are refused with what there is instead", () => {
  const run = cluster("--matrix", "planted.npy", "--out", "none.jsonl", "--set", "columns=correlation");
  assert.is(run.status, 2);
  assert.match(run.stderr, "columns is correlation, and a matrix has no draws; leave it out, or choose zscore, asinh");
});

test("words for people on stdout, advice and progress on stderr", () => {
  const run = cluster("--matrix", "planted.npy", "--labels", "truth.npy", "--out", "words.jsonl");
  assert.match(
    run.stdout,
    /^\d+ clusters, \d+\.\d % of 1075 rows, median conductance 0\.\d+, \d+ in no cluster and in one piece: words\.jsonl\n/,
  );
  assert.match(
    run.stdout,
    /against 10 labels: ARI 0\.\d{3}, NMI 0\.\d{3}, purity .* mean best F1 0\.\d{3}, \d+ % above/,
  );
  putMatrix("two.npy", gaussianMatrix(300, 2, 1));
  const few = cluster("--matrix", "two.npy", "--out", "words.jsonl");
  assert.match(few.stdout, /^0 clusters, 0\.0 % of 300 rows: words\.jsonl\n$/);
  assert.match(few.stderr, "advice: nothing was clustered: standardized rows of 2 columns");
  assert.is(readFileSync(join(folder, "words.jsonl"), "utf8"), "");
});

test("few columns are refused or warned of, with the remedy; so are constant columns and rows", () => {
  const advice = (matrix: Matrix, ...words: string[]) => {
    putMatrix("few.npy", matrix);
    const { json } = found("--matrix", "few.npy", ...words);
    return { said: json.advice.join("\n"), clusters: json.clusters, points: json.points };
  };
  const two = advice(gaussianMatrix(400, 2, 1));
  assert.match(two.said, /nothing was clustered: .* 2 columns .* no dimension to differ in; set rows=none/);
  assert.equal([two.clusters, two.points.dimensions], [0, 0]);
  const three = advice(gaussianMatrix(200, 3, 1));
  assert.match(three.said, /standardized rows of 3 columns have 1 dimension to differ in: noise clusters there too/);
  assert.match(advice(gaussianMatrix(200, 2, 1), "--set", "rows=none").said, /rows of 2 columns have 2 dimensions/);
  assert.match(advice(gaussianMatrix(200, 6, 1)).said, /rows of 6 columns have 4 dimensions to differ in/);
  const seven = advice(gaussianMatrix(200, 7, 1)).said;
  assert.match(seven, /^in no cluster, in one piece: \d+ of 200 rows, [^\n]* --preset points [^\n]*$/);
  const flat = gaussianMatrix(200, 8, 1);
  for (let i = 0; i < 200; i++) for (const c of [2, 5]) flat.data[8 * i + c] = 7;
  const constant = advice(flat);
  assert.match(constant.said, "columns of one value are left out: 2 of 8 (2, 5)");
  assert.equal(constant.points, { constant_columns: [2, 5], constant_rows: 0, dimensions: 4, shrinkage: null });
  const same = { rows: 40, cols: 5, data: new Float64Array(200).fill(3) };
  const nothing = advice(same);
  assert.match(nothing.said, /left out: 5 of 5 .*\n.*rows of 0 columns/s);
  assert.is(nothing.clusters, 0);
});

/** Cliques of `size` nodes, each joined to the next by one edge. */
function cliques(count: number, size: number): [number, number][] {
  const list: [number, number][] = [];
  for (let c = 0; c < count; c++) {
    for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) list.push([size * c + a, size * c + b]);
    list.push([size * c, (size * c + size + 1) % (count * size)]);
  }
  return list;
}

const RING = cliques(6, 15);
const byClique = (lines: Line[]) =>
  lines.map(({ members }) => members.map((v) => Math.floor(v / 15))).sort(([a], [b]) => a - b);
const WANTED = Array.from({ length: 6 }, (_, c) => new Array<number>(15).fill(c));

test("an edge list: packed or not, any separator, with a header; what is dropped is counted", () => {
  const body = RING.map(([a, b]) => `${a},${b}`).join("\n");
  put("edges.csv", `# cliques\nsource,target\n${body}\n3,3\n${RING[0][1]},${RING[0][0]}\n`);
  const { lines, json } = found("--graph", "edges.csv");
  assert.equal(byClique(lines), WANTED);
  assert.equal([json.rows, json.graph], [90, { nodes: 90, edges: RING.length, isolated: 0 }]);
  assert.equal(json.dropped, { self_loops: 1, repeats: 1, zero_weights: 0, one_sided: 0 });
  assert.equal([json.header, json.named, json.config.null], ["source target", false, "none"]);
  const run = cluster("--graph", "edges.csv", "--out", "x.jsonl");
  assert.match(run.stderr, "first line is taken for a header: source target");
  assert.match(run.stderr, "self-loops are left out: 1");
  assert.match(run.stderr, "1 repeats");
  put("packed", gzipSync(body));
  assert.equal(byClique(found("--graph", "packed").lines), WANTED);
  // Weights that leave the cliques are tiny: the same clusters.
  put("weights.tsv", RING.map(([a, b], i) => `${a}\t${b}\t${(i + 1) % 106 === 0 ? 0.01 : 2.5}`).join("\r\n"));
  assert.equal(byClique(found("--graph", "weights.tsv", "--set", "null=rewired").lines), WANTED);
});

test("names of nodes are kept beside the members; isolated nodes stay in the body", () => {
  put("named.txt", RING.map(([a, b]) => `n${a} n${b}`).join("\n"));
  const { lines, json } = found("--graph", "named.txt");
  assert.equal([json.named, json.rows], [true, 90]);
  const all = lines.flatMap(({ members, names }) => members.map((member, i) => [member, names![i]] as const));
  assert.is(all.length, 90);
  const order = [...new Set(RING.flat().map((v) => `n${v}`))];
  for (const [member, name] of all) assert.is(name, order[member], "first appearance");
  for (const { names } of lines)
    assert.is(new Set(names!.map((name) => Math.floor(Number(name.slice(1)) / 15))).size, 1, "a clique each");
  put("lonely.txt", [...RING.map(([a, b]) => `${a} ${b}`), "100 0"].join("\n"));
  const lonely = found("--graph", "lonely.txt");
  assert.equal([lonely.json.rows, lonely.json.graph.isolated], [101, 10]);
  assert.match(lonely.json.advice[0], "nodes without an edge stay in no cluster: 10 of 101");
});

test("labels: lines, .npy, JSON; empty, -1 and null are none", () => {
  put("ring.txt", RING.map(([a, b]) => `${a} ${b}`).join("\n"));
  const names = Array.from({ length: 90 }, (_, v) => (v % 15 === 3 ? "" : `clique ${Math.floor(v / 15)}`));
  put("labels.txt", `${names.join("\r\n")}\r\n`);
  put("labels.json", JSON.stringify(names.map((name, v) => (name === "" ? (v % 2 ? null : -1) : name))));
  putNpy("labels.npy", {
    ...{ shape: [90], dtype: "i64" },
    data: Float64Array.from(names, (name, v) => (name === "" ? -1 : Math.floor(v / 15))),
  });
  const scores = ["labels.txt", "labels.json", "labels.npy"].map(
    (labels) => found("--graph", "ring.txt", "--labels", labels).json.scores,
  );
  assert.equal(scores[0], scores[1]);
  assert.equal(scores[0], scores[2]);
  assert.equal([scores[0].labels, scores[0].labeled], [6, 84 / 90]);
  assert.is(scores[0].above_four_fifths, 1);
});

test("stability: repeats on half the rows and half the columns, in every line and as means", () => {
  const { lines, json } = found("--matrix", "planted.npy", "--stability", "1");
  for (const { stability } of lines) {
    assert.is(stability!.repeats, 1);
    for (const what of ["tokens", "components"]) assert.ok(stability![what] >= 0 && stability![what] <= 1, what);
  }
  assert.ok(json.stability.components > 0.5 && json.stability.repeats === 1, JSON.stringify(json.stability));
  assert.is(json.config.stability, 1);
  assert.ok(json.seconds.stability > 0);
});

const small = gaussianMatrix(30, 6, 2);

test("bad matrices and settings: one line with the place and the remedy, and nothing written", () => {
  const refused = (status: number, words: string[], ...texts: (string | RegExp)[]) => {
    const before = readdirSync(folder).sort();
    assertRefused(cluster(...words, "--out", "never.jsonl"), status, ...texts);
    assert.equal(readdirSync(folder).sort(), before, "nothing is written");
  };
  putMatrix("small.npy", small);
  for (const [value, text] of [
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
  ] as const) {
    putMatrix("bad.npy", { ...small, data: small.data.map((x, at) => (at === 6 * 4 + 5 ? value : x)) });
    refused(1, ["--matrix", "bad.npy"], `bad.npy: value ${text} at row 4, column 5 is not finite`);
  }
  putNpy("vector.npy", { shape: [180], data: small.data });
  refused(2, ["--matrix", "vector.npy"], "vector.npy: has 1 axis, a matrix has 2");
  putNpy("empty.npy", { shape: [0, 6], data: new Float64Array(0) });
  refused(1, ["--matrix", "empty.npy"], "empty.npy: 0 x 6");
  refused(1, ["--matrix", "absent.npy"], "cannot read absent.npy", "no such file");
  put("text.npy", "1 2 3\n");
  refused(1, ["--matrix", "text.npy"], "text.npy: not a .npy file");
  refused(1, ["--matrix", "small.npy", "--set", "k=30"], "k = 30 neighbors asked of 30 rows; give k below 30");
  refused(2, ["--matrix", "small.npy", "--set", "k=0"], "--set cluster.k is 0", "a whole number, at least 1, or null");
  refused(
    2,
    ["--matrix", "small.npy", "--set", "alhpa=0.1"],
    'unknown key "cluster.alhpa"',
    'did you mean "cluster.alpha"',
  );
  refused(2, ["--matrix", "small.npy", "--set", "whiten=rank"], "whiten_rank");
  const seven = ["--set", "whiten=rank", "--set", "whiten_rank=7"];
  refused(1, ["--matrix", "small.npy", ...seven], "whiten_rank 7 is outside 1 .. 6");
  refused(2, ["--matrix", "small.npy", "--threads", "0"], "--threads");
  refused(2, ["--matrix", "small.npy", "--stability", "-1"], "--stability");
  refused(2, ["--matrix", "small.npy", "--symmetrize", "both"], "--symmetrize");
  put("short.txt", "a\nb\n");
  refused(1, ["--matrix", "small.npy", "--labels", "short.txt"], "short.txt: 2 labels for 30 rows");
  refused(1, ["--matrix", "small.npy", "--labels", "absent.txt"], "cannot read absent.txt");
  putNpy("halves.npy", { shape: [2], data: Float64Array.of(1, 0.5) });
  refused(1, ["--matrix", "small.npy", "--labels", "halves.npy"], "label 0.5 of row 1 is no whole number");
  put("object.json", '[{"a": 1}]');
  refused(1, ["--matrix", "small.npy", "--labels", "object.json"], 'label {"a":1} of row 0');
  put("broken.json", "[1, 2");
  refused(1, ["--matrix", "small.npy", "--labels", "broken.json"], "broken.json: not valid JSON");
});

test("fewer points than the default k, and other tiny matrices, end without clusters", () => {
  for (const rows of [1, 2, 5]) {
    putMatrix("tiny.npy", gaussianMatrix(rows, 6, 1));
    const { json } = found("--matrix", "tiny.npy");
    assert.equal([json.rows, json.clusters, json.k], [rows, 0, rows - 1]);
  }
});

test("bad graphs: the line or the entry, and the remedy", () => {
  const refused = (name: string, content: string | Uint8Array, ...texts: (string | RegExp)[]) => {
    put(name, content);
    assertRefused(cluster("--graph", name, "--out", "never.jsonl"), 1, ...texts);
    assert.not(existsSync(join(folder, "never.jsonl")));
  };
  refused("bad.tsv", "0\t1\n1\n", "bad.tsv: line 2 has one column");
  refused("bad.tsv", "0\t1\tnan\n", "bad.tsv: line 1 has weight nan");
  refused("bad.tsv", "# none\n", "bad.tsv: holds no edge");
  refused("bad.npz", "PK\u0003\u0004", "bad.npz: not a whole zip archive");
  refused("bad.bin", Uint8Array.of(1, 2, 0, 7), "bad.bin: is neither text nor .npz");
  refused("bad.gz", gzipSync("0 1\n0 2\n1 2\n").subarray(0, 20), "bad.gz: damaged gzip data");
  refused("is.npy", readFileSync(join(folder, "planted.npy")), "is.npy: is a .npy array, not a graph", "--matrix");
  const words = ["--graph", "ring.txt", "--out", "never.jsonl"];
  assertRefused(cluster(...words, "--set", "k=5"), 2, "k has no meaning for a graph");
  assertRefused(
    cluster(...words, "--set", "null=column_shuffle"),
    2,
    "null = column_shuffle needs points",
    "null=rewired",
  );
});

test("one input, one output that is none of the inputs", () => {
  assertRefused(cluster("--out", "x.jsonl"), 2, "one of a run directory, --matrix FILE and --graph FILE");
  assertRefused(cluster("--matrix", "small.npy", "--graph", "ring.txt", "--out", "x.jsonl"), 2, "cluster needs one of");
  assertRefused(cluster("run", "--matrix", "small.npy", "--out", "x.jsonl"), 2, "cluster needs one of");
  assertRefused(cluster("--matrix", "small.npy"), 2, "--out is missing");
  assertRefused(cluster("--matrix", "small.npy", "--out", "./small.npy"), 2, "is the file of --matrix");
  const words = ["--graph", "ring.txt", "--labels", "labels.txt", "--out", "labels.txt"];
  assertRefused(cluster(...words), 2, "is the file of --labels");
  assertRefused(cluster("--matrix", "small.npy", "--out", "small.npy/x.jsonl"), 1, "cannot write", "not a directory");
});

test("Ctrl-C ends it at once and leaves no file behind", async () => {
  const { normal } = seededRandom(1);
  putMatrix("large.npy", { rows: 40_000, cols: 32, data: Float64Array.from({ length: 1_280_000 }, normal) });
  const before = readdirSync(folder).sort();
  const words = ["cluster", "--matrix", "large.npy", "--out", "never.jsonl"];
  const child = spawn(process.execPath, [program, ...words], { cwd: folder, stdio: "ignore" });
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((done) => {
    child.on("exit", (code, signal) => done([code, signal]));
  });
  await new Promise((done) => setTimeout(done, 700));
  child.kill("SIGINT");
  assert.equal(await ended, [null, "SIGINT"]);
  assert.equal(readdirSync(folder).sort(), before);
});

test.run();
