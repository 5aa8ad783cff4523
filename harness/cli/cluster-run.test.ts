/** `cluster RUN`: what it adds to a run's results, on chains that were sampled once. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { assertRefused, runProgram } from "../test/program";
import { seededRandom } from "../test/random";
import { suite } from "../test/suite";

const test = suite("harness/cli/cluster-run", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-cluster-run-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const SEQUENCES = 6;
const POSITIONS = 20;
const TOKENS = SEQUENCES * POSITIONS;
const COMPONENTS = ["l0h3", "l0h6", "l1h2", "l1h5", "unembed"];
const SETS = [
  `weight_restrictions=${COMPONENTS}`,
  "probe_tokens=probe.json",
  "pool_tokens=pool.json",
  "sampler.num_chains=3",
  "sampler.num_draws=6",
  "sampler.num_burnin_steps=1",
  "sampler.num_steps_bw_draws=1",
  "controls.n_beta_zero=false",
  "controls.equal_rise=false",
  "trace_rank=4",
].flatMap((set) => ["--set", set]);
/** Everything that hangs together is a cluster: what is tested is what is said of clusters, not which there are. */
const LOOSE = ["null=none", "excess_min=0", "recurrence_min=0", "k=6", "min_size=3"].flatMap((set) => ["--set", set]);

const text = (name: string) => readFileSync(join(folder, name), "utf8");
const cli = (...words: string[]) => {
  const run = runProgram(folder, words);
  assert.is(run.status, 0, run.stderr);
  return run.stdout;
};

test.before(() => {
  const random = seededRandom(13);
  for (const name of ["probe", "pool"]) {
    const row = () => Array.from({ length: POSITIONS + 1 }, () => random.integer(100));
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(Array.from({ length: SEQUENCES }, row)));
  }
  writeFileSync(join(folder, "labels.txt"), Array.from({ length: TOKENS }, (_, i) => `kind ${i % 4}\n`).join(""));
  cli("sample", ...SETS, "--out", "run");
});

const REQUEST = ["cluster", "run", ...LOOSE, "--stability", "1", "--labels", "labels.txt", "--out", "out.jsonl"];

test("lines of clusters, labels scored, stability of tokens, components and chains", () => {
  const json = JSON.parse(cli(...REQUEST, "--json"));
  const lines = text("out.jsonl")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  assert.is(text("out.jsonl"), text("run/clusters.jsonl"), "--out is a copy of the run's own");
  assert.ok(lines.length > 0 && lines.length === json.clusters, `${json.clusters}`);
  for (const { profile, profile_error, stability, sweep, excess, recurrence } of lines) {
    assert.equal([profile.length, profile_error.length], [COMPONENTS.length, COMPONENTS.length]);
    assert.ok(profile_error.some((error: number) => error > 0));
    assert.ok(sweep.sizes.length > 0 && excess > 0 && recurrence >= 0);
    assert.is(stability.repeats, 1);
  }
  assert.equal(Object.keys(json.stability), ["repeats", "tokens", "components", "chains"]);
  assert.equal([json.clustering.k, json.clustering.graph.nodes], [6, TOKENS]);
  assert.ok(json.clustering.graph.edges > 0 && json.clustering.profile.length > 0);
  assert.equal(json.clustering.points.constant_columns, []);
  assert.ok(json.conductance.lowest <= json.conductance.highest);
  assert.equal([json.label_scores.labels, json.label_scores.labeled], [4, 1]);
  const results = JSON.parse(text("run/results.json"));
  assert.equal(
    results.clusters.map((cluster: { stability: unknown }) => cluster.stability),
    lines.map(({ stability }) => stability),
  );
  assert.match(text("run/report.html"), "half the tokens");
});

test("the same again gives the same bytes; noise of the chains may be whitened; threads change nothing", () => {
  const before = text("run/results.json");
  cli(...REQUEST, "--threads", "2");
  assert.is(text("run/results.json"), before);
  const words = cli("cluster", "run", ...LOOSE, "--set", "whiten=shrinkage", "--labels", "labels.txt");
  assert.match(words, /against 4 labels: ARI -?\d\.\d{3}/);
  const { shrinkage } = JSON.parse(text("run/results.json")).clustering.points;
  assert.ok(shrinkage > 0 && shrinkage < 1, `${shrinkage}`);
});

test("labels that do not fit a run, and results over labels, are refused", () => {
  writeFileSync(join(folder, "few.txt"), "a\n");
  assertRefused(
    runProgram(folder, ["cluster", "run", "--labels", "few.txt"]),
    1,
    `few.txt: 1 labels for ${TOKENS} rows`,
  );
  const over = ["cluster", "run", "--labels", "few.txt", "--out", "few.txt"];
  assertRefused(runProgram(folder, over), 2, "is the file of --labels");
  assertRefused(runProgram(folder, ["cluster", "run", "--labels", "no.txt"]), 1, "cannot read no.txt");
});

test.run();
