/** `modes` on made-up runs: what it refuses, and that nothing is left then; and on a small run, what it says and writes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { JsonObject } from "../../runtime/formats/json";
import { DirectoryStore } from "../../runtime/node/directory-store";
import { Run } from "../../runtime/store/run";
import { analyzedRun, madeUpSubject, sampledRun } from "../test/analyzed-run";
import { folderBytes } from "../test/folder-bytes";
import { plannedUnits } from "../test/made-up-unit";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/modes");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-modes-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => new DirectoryStore(join(folder, name));

test.before(async () => {
  await sampledRun(at("sampled"), await madeUpSubject());
  await analyzedRun(at("analyzed"));
  const plan = plannedUnits(["l0h1"]);
  const config: JsonObject = { shard: "1/2" };
  await Run.begin(at("shard"), { config, provenance: {}, plan, own: plan });
});

const refused = (status: number, words: string[], ...texts: RegExp[]) =>
  assertRefused(runProgram(folder, ["modes", ...words]), status, ...texts);

test("what it is asked: a law that there is not, options out of range, no run", () => {
  refused(2, ["analyzed", "--law", "grammer"], /--law: no law "grammer"; name some of grammar, model, counts/);
  refused(2, ["analyzed", "--law", "model,"], /--law: no law ""/);
  refused(2, ["analyzed", "--count", "1"], /--count/);
  refused(2, ["analyzed", "--map", "65"], /--map/);
  refused(2, ["analyzed", "--order", "-1"], /--order/);
  refused(2, [], /RUN/);
  refused(1, ["nowhere"], /nowhere/);
});

test("what it is asked of: a run that is not clustered, a shard, another text than the chains'", () => {
  const before = folderBytes(folder);
  refused(1, ["sampled"], /sampled: not clustered yet; run `npx spectroscope cluster sampled` first/);
  refused(2, ["shard"], /shard: is a shard of a run; put its shards together first: npx spectroscope merge/);
  // Made-up chains say that they were measured on text that is not nano's own.
  refused(1, ["analyzed", "--adapter", "wasm"], /analyzed: was sampled on another probe; give the text/);
  assert.equal(folderBytes(folder), before);
});

test("a run: the table, modes.json, a report with the section, a sound check; JSON says what the file says", () => {
  const cli = (...words: string[]) => {
    const run = runProgram(folder, words);
    assert.is(run.status, 0, run.stderr);
    return run.stdout;
  };
  const sets = [
    ...[
      "model=nano",
      "weight_restrictions=l1h2,unembed",
      "probe_sequences=2",
      "pool_sequences=4",
      "sampler.num_draws=4",
    ],
    ...[
      "sampler.num_burnin_steps=1",
      "sampler.num_steps_bw_draws=1",
      "controls.n_beta_zero=false",
      "keep_traces=false",
    ],
    ...["controls.equal_rise=false", "acceptance_checks=0", "cluster.null=none", "cluster.k=4", "cluster.min_size=3"],
    "cluster.comparison=0",
  ].flatMap((set) => ["--set", set]);
  const ended = JSON.parse(cli("run", ...sets, "--adapter", "wasm", "--out", "small", "--json"));
  assert.equal(
    ended.modes.map(({ law, bands }: { law: string; bands: unknown[] }) => [law, bands.length > 1]),
    [
      ["grammar", true],
      ["model", true],
    ],
  );
  assert.equal([ended.features.sae, ended.features.hook], ["nano/sae", "l0 resid_post"]);
  const small = ["small", "--adapter", "wasm", "--map", "3", "--clustered", "4"];
  const said = cli("modes", ...small);
  assert.match(said, /^chi of 2 components on 128 contexts × 104 tokens; chains agree about/);
  assert.match(said, /\ngrammar law \(.*\): [\d.]+ nats a token\n/);
  assert.match(said, /\nmodel law \(/);
  assert.match(said, /report: small\/report\.html/);
  const written = readFileSync(join(folder, "small", "modes.json"), "utf8");
  assert.match(readFileSync(join(folder, "small", "report.html"), "utf8"), "By the law of the grammars</summary>");
  const { run, ...found } = JSON.parse(cli("modes", ...small, "--json"));
  assert.is(run, "small");
  assert.equal(found, JSON.parse(written));
  assert.is(readFileSync(join(folder, "small", "modes.json"), "utf8"), written, "the same bytes again");
  cli("check", "small");
  const counted = JSON.parse(cli("modes", ...small, "--json", "--law", "model,counts", "--order", "0", "--count", "5"));
  assert.equal(
    counted.laws.map((law: { law: string; values: number[] }) => [law.law, law.values.length]),
    [
      ["model", 5],
      ["counts", 1],
    ],
    "counts of no context have no mode but the trivial one",
  );
});

test.run();
