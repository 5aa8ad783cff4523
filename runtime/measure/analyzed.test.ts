/** What an analysis of a made-up run leaves, and how it is read: values, forms, versions. */
import * as assert from "uvu/assert";
import { analyzedRun, madeUpSubject, probe, sampledRun, sizes } from "../../harness/test/analyzed-run";
import { refused } from "../../harness/test/refused";
import { stopAfter } from "../../harness/test/stop-after";
import { suite } from "../../harness/test/suite";
import type { Json, JsonObject } from "../formats/json";
import { MemoryStore } from "../store/memory-store";
import type { Run } from "../store/run";
import { readResultJson } from "../store/run-reader";
import { runConfig } from "./config";
import { checkCorpora } from "./corpus";
import { nameOf } from "./grouping";
import { analyze } from "./measure";
import type { Subject } from "./request";
import { readReportData, readResults } from "./run-files";

const test = suite("runtime/measure/analyzed");

let run: Run;
let subject: Subject;
let results: JsonObject;
test.before(async () => {
  ({ run, subject } = await analyzedRun(new MemoryStore()));
  results = (await readResultJson(run, "results", "")).object();
});

/** Results with other values under a path. */
function changed(value: Json | undefined, [key, ...rest]: readonly string[], to: Json): Json {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((own, i) => (String(i) === key ? changed(own, rest, to) : own));
  const object = value as JsonObject;
  return { ...object, [key]: changed(object[key], rest, to) };
}

const put = (own: Json, name = "results") => run.replaceResults([`${name}.json`], () => run.writeJson(name, own));

test("results of another form are refused by the name of what is wrong", async () => {
  const wrong = [
    ...[
      "format",
      "version",
      "model.name",
      "model.heads",
      "components.0.name",
      "components.0.lr",
      "components.1.traces.0.0",
    ],
    ...["components.0.reliability", "columns.0", "starts.1", "tokens.3.text", "tokens.3.loss", "tokens.3.role"],
    ...[
      "tokens.3.sequence",
      "clusters.0.id",
      "clusters.0.members.0",
      "clusters.0.profile.1",
      "clusters.0.bestRole.name",
    ],
    ...["scores.0.features", "scores.0.control", "scores.0.clusters", "scores.0.knnAccuracy", "scores.0.drawn.draws"],
    ...["comparisons.0.features", "comparisons.0.against", "comparisons.0.chains", "comparisons.0.parts"],
    ...["comparisons.0.draws.1", "comparisons.0.scores.0.measure", "comparisons.0.scores.0.means.0"],
    ...["comparisons.0.scores.0.difference.low", "comparisons.0.said.0", "reliability.0"],
  ];
  for (const path of wrong) {
    const keys = path.split(".");
    const known = keys.reduce<Json | undefined>((value, key) => (value as JsonObject | undefined)?.[key], results);
    assert.ok(known !== undefined, `${path} is in the results`);
    await put(changed(results, keys, { wrong: true }));
    const named = keys.filter((key) => !/^\d+$/.test(key)).at(-1)!;
    await refused(readResults(run), new RegExp(`results\\.json: .*${named}`));
  }
  for (const other of [{ format: "another" }, { version: 0 }]) {
    await put({ ...results, ...other });
    await refused(readResults(run), /results\.json: format .* of version .*, this program knows/);
  }
  await put(results);
  assert.equal(JSON.parse(JSON.stringify(await readResults(run))), results);
});

test("every component has the reliability of its own column, the first as well", async () => {
  const { components, scores } = await readResults(run);
  assert.is(components.length, 3);
  for (const { name, reliability } of components)
    assert.ok(reliability! > 0.5 && reliability! <= 1, `${name}: ${reliability}`);
  assert.is(new Set(components.map(({ reliability }) => reliability)).size, 3);
  assert.equal([scores[0].drawn?.chains, scores[0].drawn?.draws], [sizes.chains, sizes.draws]);
});

test("a report shows of the clustering what is not the default, be it one key", async () => {
  const { cluster } = subject.config;
  const config = async (own: object) => {
    await put({ ...own } as JsonObject, "cluster-config");
    return (await readReportData(run)).config.cluster;
  };
  const { cluster: usual } = runConfig({}, "test");
  assert.equal(await config({ ...usual, k: 3 }), { k: 3 });
  assert.is(await config(usual), undefined);
  assert.is(((await config(cluster)) as JsonObject).min_size, 3);
});

test("who asks to stop between two halves of the stability is heard", async () => {
  const own = await madeUpSubject("cluster.stability=2", "controls.n_beta_zero=false");
  const fresh = await sampledRun(new MemoryStore(), own);
  const attention = stopAfter(1, (event) => event.kind === "work" && event.task === "stability");
  const error = await analyze(fresh, { ...own, ...attention }).catch((thrown) => thrown);
  assert.is(error.code, "interrupted");
  assert.match(error.line, /^stopped before the results were written; run the same command again/);
});

test("an id outside the vocabulary is found at the very first place", () => {
  const { vocab } = subject.model.model.dims;
  const odd = { ...probe, ids: probe.ids.with(0, vocab) };
  assert.throws(() => checkCorpora({ probe: odd, pool: probe }, subject.model.model), /probe: row 0, column 0 is 104/);
});

test("units that run together are called by the first and the number of the others", () => {
  const names = (count: number) => nameOf(Array.from({ length: count }, (_, i) => ({ unit: { name: `l0h${i}` } })));
  assert.equal([1, 2, 3].map(names), ["l0h0", "l0h0 and 1 other", "l0h0 and 2 others"]);
});

test.run();
