/** A run over text by the built program: its tokens read as the text in every file, and `--resume` reads the text again. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { parseModel } from "../../models/families/registry";
import { writeSafetensors } from "../../models/hub/safetensors-file";
import { syntheticWeights } from "../../models/synthetic";
import type { Results } from "../../runtime/measure/results";
import { projectRoot } from "../../runtime/node/root";
import { differingFiles, folderBytes, isResult } from "../test/folder-bytes";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/text-run", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-text-run-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const configJson = {
  model_type: "gpt_neox",
  vocab_size: 704,
  hidden_size: 8,
  num_attention_heads: 2,
  num_hidden_layers: 1,
  intermediate_size: 8,
  max_position_embeddings: 16,
};
const model = join(folder, "model");
mkdirSync(model);
writeFileSync(join(model, "config.json"), JSON.stringify(configJson));
copyFileSync(join(projectRoot(), "goldens", "tokenizer", "tokenizer.json"), join(model, "tokenizer.json"));
test.before(() => writeSafetensors(join(model, "model.safetensors"), syntheticWeights(parseModel(configJson))));

/** Quotes, commas, line ends and tabs, all that CSV and JSON escape; and a character that no token holds whole. */
const LINE = `The chains walk, and "answer" the loss;\r\n\tthey're na\u00efve \u2014 \u{1f642} {x < 3 && y}.\n\n`;
const PROBE = LINE.repeat(4);
writeFileSync(join(folder, "probe.txt"), PROBE);
writeFileSync(
  join(folder, "pool.jsonl"),
  ["The loss answers. ", "It is far on. "].map((text) => `${JSON.stringify({ text: text.repeat(9) })}\n`).join(""),
);

const ROW = 9;
const COMPONENTS = ["l0h0", "l0h1", "l0 mlp", "unembed"];
const SETS = [
  "model=model",
  "probe_text=probe.txt",
  "pool_text=pool.jsonl",
  `row_length=${ROW}`,
  `weight_restrictions=${COMPONENTS}`,
  "sampler.num_chains=2",
  "sampler.num_draws=4",
  "sampler.num_burnin_steps=1",
  "sampler.num_steps_bw_draws=1",
  "controls.n_beta_zero=false",
  "controls.equal_rise=false",
  // Clusters for sure: what is tested is how they are written.
  "cluster.column_weights=none",
  "cluster.null=none",
  "cluster.k=6",
  "cluster.min_size=3",
].flatMap((set) => ["--set", set]);

const cli = (...words: string[]) => {
  const run = runProgram(folder, words);
  assert.is(run.status, 0, run.stderr);
  return run;
};
const file = (run: string, name: string) => readFileSync(join(folder, run, name), "utf8");

/** Fields of RFC 4180's lines. */
function parseCsv(text: string): string[][] {
  const fields = [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/g)];
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of fields) {
    lines.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ",") lines.push([]);
  }
  return lines.filter((line) => line.length > 0);
}

/** Bytes of characters that are cut over tokens, put together again. */
const whole = (names: string) =>
  names.replace(/(\\x[0-9a-f]{2})+/g, (run) => Buffer.from(run.replaceAll("\\x", ""), "hex").toString("utf8"));

test("tokens of results.json, tokens.csv, clusters.jsonl and the report are the text's", (t) => {
  const run = cli("run", ...SETS, "--out", "whole");
  assert.match(run.stderr, /^probe\.txt: 1 document: \d+ rows of 9 ids/);
  assert.match(run.stderr, "pool.jsonl: 2 documents: ");
  const { tokens, starts = [], clusters } = JSON.parse(file("whole", "results.json")) as Results;
  const rows = tokens.length / (ROW - 1);
  assert.ok(rows > 5 && starts.length === rows, `${rows} rows, ${starts.length} starts`);
  const names = starts.map(
    (start, row) => start + tokens.flatMap((one) => (one.sequence === row ? one.text : "")).join(""),
  );
  assert.match(names.join(""), "\\xf0\\x9f", "no token of this tokenizer holds the emoji");
  const text = whole(names.join(""));
  assert.ok(text.length > PROBE.length - 40, `${text.length} of ${PROBE.length} characters`);
  assert.is(text, `${PROBE}<|endoftext|>`.slice(0, text.length));

  const [head, ...lines] = parseCsv(file("whole", "tokens.csv"));
  const column = (name: string) => lines.map((line) => line[head.indexOf(name)]);
  assert.equal(
    column("text"),
    tokens.map((token) => token.text),
  );
  assert.equal(
    column("loss").map(Number),
    tokens.map((token) => token.loss),
  );

  assert.ok(clusters.length > 0, "there are clusters");
  const written = file("whole", "clusters.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.is(written.length, clusters.length);
  written.forEach(({ members, names }, i) => {
    assert.equal(members, clusters[i].members);
    assert.equal(
      names,
      members.map((token: number) => tokens[token].text),
    );
    for (const token of members) assert.is(column("cluster")[token], String(clusters[i].id));
  });

  assert.match(file("whole", "report.html"), /data-token="\d+"> chain/);
  assert.match(file("whole", "report.html"), "<dt>cluster.null</dt><dd>none</dd>");
  t.note(`${rows} rows of ${ROW} ids, ${clusters.length} clusters`);
});

test("a run begun with text is gone on with, to the same bytes; with another text it is not", () => {
  cli("sample", ...SETS, "--out", "parted");
  rmSync(join(folder, "parted", "samples_unembed.zarr"), { recursive: true });
  writeFileSync(join(folder, "probe.txt"), PROBE.replaceAll("walk", "talk"));
  const other = runProgram(folder, ["run", "--resume", "--out", "parted"]);
  writeFileSync(join(folder, "probe.txt"), PROBE);
  assertRefused(other, 1, "parted: was begun with another probe than what is read now", "put the files back");
  const run = cli("run", "--resume", "--out", "parted");
  assert.match(run.stderr, "going on with parted: 3 of 4 units are done");
  assert.ok(existsSync(join(folder, "parted", "report.html")));
  const [parted, untouched] = ["parted", "whole"].map((name) => folderBytes(join(folder, name), isResult));
  assert.equal(differingFiles(parted, untouched), []);
});

test("what makes no text of a run is refused in a line, before a directory is made", () => {
  const [ids, bare] = ["ids.json", "bare"].map((name) => join(folder, name));
  writeFileSync(ids, "[[1, 2, 3], [4, 5, 6]]");
  mkdirSync(bare);
  for (const name of ["config.json", "model.safetensors"]) copyFileSync(join(model, name), join(bare, name));
  const refused = (status: number, sets: readonly string[], ...texts: (string | RegExp)[]) =>
    assertRefused(
      runProgram(folder, ["run", ...SETS, ...sets.flatMap((set) => ["--set", set]), "--out", "never"]),
      status,
      ...texts,
    );
  refused(2, ["probe_tokens=ids.json", "pool_tokens=ids.json"], "probe_tokens", "probe_text", "ids or text");
  refused(2, ["row_length=1"], "row_length is 1", "at least 2");
  refused(1, ["row_length=18"], "probe.txt: rows of 18 ids", "at most 17 ids in a row");
  refused(1, ["probe_text=gone.txt"], "cannot read gone.txt");
  refused(1, ["pool_text=ids.json"], "ids.json: a .json file is no text");
  refused(1, ["model=bare"], "bare: no tokenizer.json, which reading text needs");
  assert.not(existsSync(join(folder, "never")));
});

test.run();
