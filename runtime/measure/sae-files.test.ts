/** `sae.json` and `sae.csv`: what lies there comes back, and what is old, foreign or damaged is told as that. */
import * as assert from "uvu/assert";
import { analyzedRun } from "../../harness/test/analyzed-run";
import { madeUpComparison } from "../../harness/test/made-up-comparison";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { Json, JsonObject } from "../formats/json";
import { MemoryStore } from "../store/memory-store";
import type { Run } from "../store/run";
import { readResultJson } from "../store/run-reader";
import { need } from "../store/store";
import { checkRun } from "./check";
import { analyze } from "./measure";
import type { Subject } from "./request";
import { readLabels, readReportData } from "./run-files";
import { readComparisons, writeComparison } from "./sae-files";
import { bestFirst, isMatched, type SaeComparison } from "./sae-result";
import { matchTable } from "./sae-table";

const test = suite("runtime/measure/sae-files");

let run: Run;
let subject: Subject;
let store: MemoryStore;
test.before(async () => {
  store = new MemoryStore();
  ({ run, subject } = await analyzedRun(store));
});

async function comparison(changes: Partial<SaeComparison> = {}): Promise<SaeComparison> {
  const roles = Array.from({ length: 48 }, (_, t) => `role ${t % 2}`);
  return madeUpComparison(await readLabels(run), { labels: run.resultHash("labels.npy")!, ...changes }, roles);
}

test("comparisons of other features lie side by side, one of the same takes the earlier one's place", async () => {
  assert.equal(await readComparisons(run), []);
  assert.is((await readReportData(run)).autoencoders, undefined);
  const first = await comparison({ at: "prediction" });
  assert.is(await writeComparison(run, first), undefined);
  assert.equal(await readComparisons(run), [{ ...first, current: true }]);
  const others = [
    await comparison(),
    await comparison({ hook: "l1 resid_post" }),
    await comparison({ model: "another" }),
    await comparison({ sae: { ...first.sae, name: "a first one" } }),
  ];
  for (const one of others) await writeComparison(run, one);
  const again = { ...first, l0: 2.5 };
  await writeComparison(run, again);
  const found = await readComparisons(run);
  const keys = found.map(({ sae, model, hook, at, l0 }) => [sae.name, model, hook, at, l0]);
  assert.equal(keys, [
    ["a first one", "nano", "l0 resid_post", "token", 1.5],
    ["made/up", "another", "l0 resid_post", "token", 1.5],
    ["made/up", "nano", "l0 resid_post", "token", 1.5],
    ["made/up", "nano", "l0 resid_post", "prediction", 2.5],
    ["made/up", "nano", "l1 resid_post", "token", 1.5],
  ]);
  assert.equal((await readReportData(run)).autoencoders, found);
  assert.equal((await checkRun(store)).faults, []);
  assert.equal(new TextDecoder().decode(await need(store, "sae.csv")), matchTable(found));
});

test("a comparison of an earlier clustering is told as such, in the run, in its report and by a check", async () => {
  await writeComparison(run, await comparison({ labels: "1".repeat(64), at: "prediction" }));
  const told = (await readComparisons(run)).map(({ hook, at, current }) => [hook, at, current]);
  assert.equal(
    told.filter(([, , current]) => !current),
    [["l0 resid_post", "prediction", false]],
  );
  const { notes, faults } = await checkRun(store);
  assert.equal(faults, []);
  assert.equal(notes.length, 1);
  assert.match(
    notes[0],
    /sae\.json: made\/up, l0 resid_post, prediction: is of an earlier clustering; `sae` makes it again/,
  );
  // Clustered again, to other clusters: all of them are old.
  const cluster = { ...subject.config.cluster, min_size: 13 };
  await analyze(run, { ...subject, config: { ...subject.config, cluster } });
  assert.ok((await readComparisons(run)).every(({ current }) => !current));
  await analyze(run, subject);
  assert.is((await readComparisons(run)).filter(({ current }) => current).length, 4);
});

test("the table: a record a cluster and comparison, texts in quotes where they have to be", async () => {
  const one = await comparison();
  const { match } = one;
  const [head, ...rows] = matchTable([one, { ...one, at: "prediction" }]).split("\r\n");
  assert.is(rows.length, 2 * match.clusters.length + 1);
  assert.is(rows.at(-1), "");
  const columns = head.split(",");
  assert.equal(columns.slice(0, 10), [..."sae,model,hook,at,clustering,cluster,size,feature,fires,shared".split(",")]);
  const strange = { ...one, tokenNames: { 0: "p,q", 1: 'say "x"', 2: "\n", 3: " " } };
  const kinds = [
    /(^|,)"p,q",(target|input),0,/,
    /(^|,)"say ""x""",(target|input),1,/,
    /(^|,)"\n",(target|input),2,/,
    /(^|,)" ",(target|input),3,/,
  ];
  const [cluster] = match.clusters;
  for (const [id, pattern] of kinds.entries()) {
    const token = { ...cluster.token, id };
    const text = matchTable([{ ...strange, match: { ...match, clusters: [{ ...cluster, token }] } }]);
    assert.match(text.split("\r\n").slice(1).join("\r\n"), pattern);
  }
  const none = matchTable([{ ...one, match: { ...match, clusters: [{ ...cluster, best: null, role: undefined }] } }]);
  const cells = none.split("\r\n")[1].split(",");
  const at = (name: string) => cells[columns.indexOf(name)];
  assert.equal([at("feature"), at("fires"), at("f1"), at("sae"), at("at")], ["", "0", "0", "made/up", "token"]);
  assert.is(at("clustering"), run.resultHash("labels.npy")!.slice(0, 12));
  assert.is(at("null_p95"), String(cluster.chance.p95));
  assert.is(at("above_null95"), cluster.above95 ? "1" : "0");
  assert.is(at("matched"), isMatched(cluster) ? "1" : "0");
});

test("the best matched come first", async () => {
  const { match } = await comparison();
  const [a] = match.clusters;
  const make = (cluster: number, f1: number, above95: boolean, aboveToken: boolean) => {
    return { ...a, cluster, best: { ...a.best!, f1 }, above95, aboveToken };
  };
  const clusters = [
    ...[make(0, 0.9, true, false), make(1, 0.2, true, true), make(2, 0.6, true, true), make(3, 0.9, false, true)],
    { ...a, cluster: 4, best: null, above95: false },
  ];
  assert.equal(
    bestFirst({ ...match, clusters }).map(({ cluster }) => cluster),
    [2, 1, 0, 3, 4],
  );
});

/** A value with another one under a path. */
function changed(value: Json | undefined, [key, ...rest]: readonly string[], to: Json): Json {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((own, i) => (String(i) === key ? changed(own, rest, to) : own));
  const object = value as JsonObject;
  return { ...object, [key]: changed(object[key], rest, to) };
}

test("files of another form are refused by the name of what is wrong", async () => {
  const whole = (await readResultJson(run, "sae", "")).object();
  const put = (own: Json) => run.replaceResults(["sae.json"], () => run.writeJson("sae", own));
  const below = (path: string) => `comparisons.0.${path}`;
  const wrong = [
    ...["sae.name", "sae.features", "model", "hook", "at", "active", "labels", "leftOut.noActivation", "l0"],
    ...["tokenNames.1", "notes.0", "match.tokens", "match.strata.by", "match.strata.count", "match.clusters.0.cluster"],
    ...[
      "match.clusters.0.size",
      "match.clusters.0.best.f1",
      "match.clusters.0.chance.p95",
      "match.clusters.0.token.as",
    ],
    ...["match.clusters.0.above95", "match.clusters.0.union.parts.0", "match.clusters.0.tokenUnion.f1"],
    ...["match.clusters.0.role.name", "match.clusters.0.featureRole.f1", "match.headline", "match.headline.0.above95"],
    ...["match.paper.matched", "match.curve.0.chance95", "match.bySize.0.p95", "match.otherDirection.counted"],
    ...["match.otherDirection.curve.0.cut", "match.otherDirection.matches.0.cluster", "match.said.0"],
    ...["random", "random.0.l0", "random.1.headline", "random.0.headline.0.share99", "random.0.shares.2"],
  ].map(below);
  for (const path of ["comparisons", ...wrong]) {
    await put(changed(whole, path.split("."), { odd: 1 }));
    const name = path
      .replace(/\.(\d+)/g, "\\[$1\\]")
      .replaceAll(".", "\\.")
      .replace("tokenNames\\[1\\]", "tokenNames\\.1");
    await refused(
      readComparisons(run),
      new RegExp(`sae\\.json: ${name}`),
      /run `npx spectroscope sae memory --sae DIR`/,
    );
  }
  await put(changed(whole, ["version"], 99));
  await refused(
    readComparisons(run),
    /sae\.json: the whole is an object, expected format spectroscope-sae of version 1 \(it is .* 99\)/,
  );
  await put(changed(whole, ["comparisons", "0", "match", "headline"], []));
  await refused(readComparisons(run), /headline is a list of 0, expected at least one row/);
  await put(whole);
  assert.is((await readComparisons(run)).length, 5);
});

test("damaged files are refused by name and told by a check; another comparison replaces them, and says so", async () => {
  const whole = await need(store, "sae.json");
  await store.set("sae.json", whole.slice(0, -9));
  await refused(readComparisons(run), /sae\.json: .*altered or damaged/, /npx spectroscope sae memory --sae DIR/);
  const { faults } = await checkRun(store);
  assert.equal(
    faults.map(({ file, remedy }) => [file, remedy]),
    [["memory/sae.json", "run `npx spectroscope sae memory --sae DIR` to have it made again"]],
  );
  assert.match((await writeComparison(run, await comparison()))!, /sae\.json: .*altered or damaged/);
  assert.is((await readComparisons(run)).length, 1);
  // A process that died while it wrote leaves a file that the manifest does not know.
  const other = new MemoryStore();
  const half = await analyzedRun(other);
  await other.set("sae.csv", Uint8Array.of(1));
  const [fault] = (await checkRun(other)).faults;
  assert.equal(
    [fault.file, fault.what],
    ["memory/sae.csv", "half-written: its process died before the results were whole"],
  );
  await other.set("sae.json", whole);
  await refused(readComparisons(half.run), /sae\.json: half-written/);
});

test.run();
