/** Features of an autoencoder on the command line: at the end of a run of nano, by the command, and what is refused. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { KeptComparison, SaeComparison } from "../../runtime/measure/sae-result";
import { projectRoot } from "../../runtime/node/root";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/sae");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-sae-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const models = join(projectRoot(), "models");

const SETS = [
  ...["weight_restrictions=l1h0,l1h1,l1h2,l1h3,unembed", "probe_sequences=8", "pool_sequences=8", "keep_traces=false"],
  ...["sampler.num_chains=3", "sampler.num_draws=6", "sampler.num_burnin_steps=1", "sampler.num_steps_bw_draws=1"],
  ...["controls.n_beta_zero=false", "controls.equal_rise=false", "keep_modes=false", "cluster.comparison=0"],
  ...["cluster.min_size=4", "cluster.k=6"],
].flatMap((set) => ["--set", set]);

const wasm = (words: readonly string[]) =>
  runProgram(folder, [...words, ...(/^(run|sample|sae)$/.test(words[0]) ? ["--adapter", "wasm"] : [])]);
const cli = (...words: string[]) => {
  const run = wasm(words);
  assert.is(run.status, 0, run.stderr);
  return run.stdout;
};
const refused = (status: number, words: string[], ...texts: (string | RegExp)[]) =>
  assertRefused(wasm(words), status, ...texts);
const kept = () =>
  JSON.parse(readFileSync(join(folder, "a", "sae.json"), "utf8")).comparisons as readonly SaeComparison[];
const report = () => readFileSync(join(folder, "a", "report.html"), "utf8");

let said: string;
test.before(() => {
  said = cli("run", ...SETS, "--out", "a");
});

test("a run of nano ends with its own autoencoder's features, in files and report, which a check holds", () => {
  assert.match(
    said,
    /^\d+ of \d+ clusters match a feature of nano\/sae \(l0 resid_post, at the token\) above both .*; as many random directions match \d+ to \d+$/m,
  );
  const [one, ...others] = kept();
  assert.equal(others, []);
  assert.equal(one.sae, { name: "nano/sae", format: "SAELens", architecture: "topk", features: 512, width: 64 });
  // 8 rows of 65 ids, and nano reads 64: the last of each has no place of its own.
  assert.equal([one.match.tokens, one.leftOut.noActivation], [8 * 63, 8]);
  // 8 features a token, those above 0.
  assert.ok(one.l0 > 7.8 && one.l0 <= 8, `${one.l0}`);
  assert.ok(one.match.clusters.length > 3, `${one.match.clusters.length}`);
  assert.ok(one.match.clusters.every(({ best, role }) => best && best.f1 > 0 && role));
  const rows = readFileSync(join(folder, "a", "sae.csv"), "utf8")
    .trimEnd()
    .split("\r\n");
  assert.is(rows.length, 1 + one.match.clusters.length);
  assert.match(report(), /<section id="features">/);
  assert.match(report(), /best feature <b>#\d+<\/b>, F1 0\.\d\d/);
  assert.match(cli("check", "a"), /all as written/);
});

test("the command: the same again to the byte, other options beside it, one JSON object", () => {
  const before = readFileSync(join(folder, "a", "sae.json"), "utf8");
  const text = cli("sae", "a", "--random", "3");
  assert.match(
    text,
    /^nano\/sae \(SAELens topk, 512 features\) at l0 resid_post of nano, read at the token: 504 tokens$/m,
  );
  assert.match(text, /^F1 >= 0\.7, of \d+ /m);
  assert.match(text, /259 of 510 \(50\.8 %\), by a rule that it does not state/);
  assert.match(text, /^ cluster {5}size {2}feature {7}F1/m);
  assert.is(readFileSync(join(folder, "a", "sae.json"), "utf8"), before);

  const own = join(models, "nano", "sae");
  cpSync(own, join(folder, "mine"), { recursive: true });
  const words = [
    "--sae",
    "mine",
    "--at",
    "prediction",
    "--permutations",
    "99",
    "--strata",
    "both",
    "--min-fires",
    "2",
    "--random",
    "0",
  ];
  const other = JSON.parse(cli("sae", "a", ...words, "--active", "0.5", "--seed", "3", "--json")) as SaeComparison & {
    run: string;
  };
  assert.equal([other.run, other.sae.name, other.at, other.active], ["a", "mine", "prediction", 0.5]);
  const { permutations, seed, strata, otherDirection, tokens } = other.match;
  assert.equal([permutations, seed, strata.by, otherDirection.minFires, tokens], [99, 3, "both", 2, 8 * 64]);
  assert.equal(other.random, []);
  assert.ok(other.l0 < kept().find(({ at }) => at === "token")!.l0);
  const hook = JSON.parse(cli("sae", "a", "--hook", "layers.1", "--json")) as SaeComparison;
  assert.is(hook.hook, "l1 resid_post");
  assert.equal(
    kept().map(({ sae, hook: at, at: read }) => [sae.name, at, read]),
    [
      ["mine", "l0 resid_post", "prediction"],
      ["nano/sae", "l0 resid_post", "token"],
      ["nano/sae", "l1 resid_post", "token"],
    ],
  );
  assert.is([...report().matchAll(/<h3>(?:mine|nano\/sae), l/g)].length, 3);
});

test("another model is read where it has the same tokens, and what is not known of that is said", () => {
  cpSync(join(models, "nano"), join(folder, "copy"), { recursive: true });
  const found = JSON.parse(
    cli("sae", "a", "--sae", "mine", "--sae-model", "copy", "--permutations", "99", "--json"),
  ) as KeptComparison;
  assert.is(found.model, "copy");
  assert.ok(found.notes.some((note) => /nano and copy mean the same tokens .* was not checked/.test(note)));
  assert.ok(found.notes.some((note) => /trained on nano; it was read with copy/.test(note)));
  const own = kept().find(({ sae, at, hook }) => sae.name === "nano/sae" && at === "token" && hook === "l0 resid_post");
  const f1 = ({ match }: SaeComparison) => match.clusters.map(({ best }) => [best!.feature, best!.f1]);
  assert.equal(f1(found), f1(own!));

  refused(
    1,
    ["sae", "a", "--sae", "mine", "--sae-model", "iota"],
    /nano and iota read other tokens: id \d+|iota knows/,
  );
  const vocab = Object.fromEntries(Array.from({ length: 5 }, (_, id) => [`t${id}`, id]));
  writeFileSync(join(folder, "copy", "tokenizer.json"), JSON.stringify({ model: { type: "BPE", vocab, merges: [] } }));
  refused(1, ["sae", "a", "--sae", "mine", "--sae-model", "copy"], 'nano and copy read other tokens: id 0 is "<s>"');
});

test("what does not fit is one line that names it, and nothing is changed", () => {
  const before = readFileSync(join(folder, "a", "sae.json"), "utf8");
  refused(1, ["sae", "a", "--sae", "absent"], "no autoencoder", "absent", "a directory");
  mkdirSync(join(folder, "empty"));
  refused(1, ["sae", "a", "--sae", "empty"], "empty holds no sparse autoencoder");
  refused(1, ["sae", "a", "--hook", "l9 resid_post"], "the model has 2 layers");
  refused(1, ["sae", "a", "--hook", "somewhere"], 'no hook point "somewhere"');
  refused(
    1,
    ["sae", "a", "--sae", join(projectRoot(), "goldens", "sae", "saelens-standard"), "--hook", "l0 resid_post"],
    "wide, nano has 64",
  );
  refused(2, ["sae", "a", "--at", "end"], "--at", "token, prediction");
  refused(2, ["sae", "a", "--permutations", "20"], "--permutations", "99");
  refused(1, ["sae", "nothing"], "nothing");
  cli("sample", ...SETS, "--set", "weight_restrictions=l1h2", "--out", "raw");
  refused(1, ["sae", "raw"], "raw: not clustered yet; run `npx spectroscope cluster raw` first");
  assert.is(readFileSync(join(folder, "a", "sae.json"), "utf8"), before);
});

test("a run of a model without an autoencoder has no such section, and needs --sae", () => {
  cli("run", ...SETS, "--set", "model=iota", "--set", "weight_restrictions=l1h0,l1h1", "--out", "b");
  assert.not.match(readFileSync(join(folder, "b", "report.html"), "utf8"), /<section id="features">/);
  refused(2, ["sae", "b"], "--sae is missing", "a directory, OWNER/NAME");
});

test("clusters made again leave comparisons that are told to be old", () => {
  cli("cluster", "a", "--set", "min_size=9");
  cli("report", "a");
  assert.match(report(), /is of an earlier clustering and is not shown: <code>npx spectroscope sae a<\/code>/);
  assert.not.match(report(), /best feature <b>/);
  assert.match(cli("check", "a"), /earlier clustering/);
});

test.run();
