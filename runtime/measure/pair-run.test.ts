/** Modes of runs that kept nothing are found of the same draws drawn once more; files of modes, as they are read and checked. */
import * as assert from "uvu/assert";
import {
  ask,
  COMPONENTS,
  copyOf,
  corpus,
  DRAWS,
  forgetfulRun,
  grammar,
  type KeptRun,
  keptRun,
  modesRequest,
} from "../../harness/test/modes-run";
import { refused, refusedAtOnce } from "../../harness/test/refused";
import { alter, flipped } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { vocabulary } from "../../models/nano/corpus";
import { openProcessor, type ProcessorDevice } from "../processor/device";
import { need } from "../store/store";
import { Told } from "../store/told";
import { checkRun } from "./check";
import type { Corpus } from "./corpus";
import type { MeasureEvent } from "./events";
import { measure } from "./measure";
import type { ModeFindings } from "./mode-findings";
import { findModes } from "./modes";
import { parseModes } from "./modes-form";
import { pairColumn } from "./pair-columns";
import { PAIR_RUN, readModes, readReportData, writeModes } from "./run-files";

const test = suite("runtime/measure/pair-run");

const told = (value: unknown) => new Told(value, { file: "modes.json", hint: "make it again" });

let device: ProcessorDevice;
let kept: KeptRun;
test.before(async () => {
  device = await openProcessor(1);
  kept = await keptRun(device);
});
test.after(() => device.close());

type Holder = Record<string, unknown>;
/** A list without its last, or a value that is not there. */
const [CUT, GONE] = [Symbol("cut"), Symbol("gone")];

/** A copy of findings with one value changed, by its path. */
function changed(found: ModeFindings, path: string, value: unknown): unknown {
  const whole = copyOf(found) as unknown as Holder;
  const keys = path.split(".");
  const last = keys.pop()!;
  const holder = keys.reduce((own, key) => own[key] as Holder, whole);
  if (value === GONE) delete holder[last];
  else holder[last] = value === CUT ? (holder[last] as unknown[]).slice(0, -1) : value;
  return whole;
}

/** Numbers by path. */
function numbersOf(value: unknown, path = ""): [string, number][] {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, own]) => numbersOf(own, `${path}.${key}`));
}

test("a run that kept nothing is drawn once more below itself, once, and says the same", async (t) => {
  const { asked, run } = await forgetfulRun(device);
  await refused(
    pairColumn(run, "l0h1", { hidden: new Float64Array(0), unembedding: new Float64Array(0), targets: [], width: 1 }),
    /l0h1.*kept nothing of other tokens than the measured ones; sample it with keep_modes=true/,
  );
  const events: MeasureEvent[] = [];
  const on = (event: MeasureEvent) => events.push(event);
  const found = await findModes(ask(run, asked, { on, laws: [grammar] }));
  assert.ok(events.some((event) => event.kind === "say" && /are drawn once more/.test(event.text)));
  const drawn = events.filter(({ kind }) => kind === "draw").length;
  assert.is(drawn, COMPONENTS.length * DRAWS);
  // The same draws; sums of f32 may round differently in other company.
  const [ours, theirs] = [numbersOf(found.laws), numbersOf(kept.found.laws.slice(0, 1))];
  assert.is(ours.length, theirs.length);
  let off = 0;
  for (const [i, [path, value]] of ours.entries()) {
    assert.is(path, theirs[i][0]);
    off = Math.max(off, Math.abs(value - theirs[i][1]) / Math.max(1e-3, Math.abs(value)));
  }
  t.note(`off by at most ${off.toExponential(1)}`);
  assert.ok(off < 1e-3, `${off}`);
  // What was drawn lies there: nothing is drawn again, and the bytes are the same.
  const before = await need(run.store, `${PAIR_RUN}/manifest.json`);
  events.length = 0;
  assert.equal(await findModes(ask(run, asked, { on, laws: [grammar] })), found);
  assert.is(events.filter(({ kind }) => kind === "draw").length, 0);
  assert.equal(await need(run.store, `${PAIR_RUN}/manifest.json`), before);
  await writeModes(run, found);
  assert.equal((await checkRun(asked.store)).faults, []);
});

test("drawing once more goes on where it was stopped, to the same findings", async () => {
  const { asked, run } = await forgetfulRun(device);
  const stop = new AbortController();
  let drawn = 0;
  const on = (event: MeasureEvent) => {
    if (event.kind === "draw" && ++drawn === 6) stop.abort();
  };
  const stopped = await findModes(ask(run, asked, { on, signal: stop.signal, laws: ["model"] })).catch(
    (error) => error,
  );
  assert.is(stopped.code, "interrupted");
  assert.is(await run.has("modes.json"), false);
  const before = drawn;
  const count = (event: MeasureEvent) => void (event.kind === "draw" && drawn++);
  const found = await findModes(ask(run, asked, { on: count, laws: ["model"] }));
  assert.ok(drawn > before && drawn - before < COMPONENTS.length * DRAWS, `${drawn - before}`);
  const off = found.laws[0].plain.modes.shares.map((share, i) => share - kept.found.laws[1].plain.modes.shares[i]);
  assert.ok(Math.max(...off.map(Math.abs)) < 1e-3);
});

test("draws that are not the run's are refused, and so are another probe and another model", async () => {
  const { asked, run } = await forgetfulRun(device);
  const { sampler } = asked.config;
  const config = { ...asked.config, sampler: { ...sampler, seed: sampler.seed + 1 } };
  await refused(
    findModes(ask(run, asked, { config })),
    /modes: the draws of l0h1 are not those of memory; delete .*modes, and draw again on the adapter/,
  );
  const other: Corpus = { ...corpus, ids: corpus.ids.map((id) => (id + 1) % vocabulary.length) };
  const { corpora } = asked;
  await refused(
    findModes(ask(kept.run, asked, { corpora: { ...corpora, probe: other } })),
    /was sampled on another probe/,
  );
  const { model } = kept.asked;
  const read: typeof model.weights.read = async (name, from, to) =>
    (await model.weights.read(name, from, to)).map((value) => value * (name === model.model.unembedding ? 1.5 : 1));
  const weights = { ...model.weights, shapes: model.weights.shapes, read };
  await refused(
    findModes(ask(kept.run, kept.asked, { model: { ...model, weights } })),
    /was sampled on another model: token 0 has a loss of [\d.]+, there [\d.]+; give the model that the run was begun with/,
  );
  await refused(
    findModes(ask(kept.run, kept.asked, { components: [] })),
    /has no component whose chi could be expanded/,
  );
});

test("modes of an earlier clustering are told from those of this one", async () => {
  const asked = await modesRequest(device, "keep_modes=true");
  const { run } = await measure(asked);
  assert.equal([(await readReportData(run)).modes, await readModes(run)], [undefined, undefined]);
  await writeModes(run, await findModes(ask(run, asked, { laws: ["model"] })));
  assert.is((await readReportData(run)).modesStale, false);
  const cluster = { ...asked.config.cluster, k: 8 };
  const again = await measure({ ...asked, config: { ...asked.config, cluster } });
  const data = await readReportData(again.run);
  assert.is(data.modes?.laws[0].law, "model");
  assert.is(data.modesStale, true);
});

test("a check reads modes.json and what was drawn once more; a changed bit of either is found", async () => {
  const { store } = kept.asked;
  assert.equal((await checkRun(store)).faults, []);
  const whole = await need(store, "modes.json");
  await alter(store, "modes.json", flipped(-40));
  const { faults } = await checkRun(store);
  assert.ok(faults.length > 0 && faults.every(({ file }) => file === "memory/modes.json"), JSON.stringify(faults));
  assert.match(faults[0].remedy, /^run `npx spectroscope modes memory` to have it made again$/);
  await refused(readModes(kept.run), /memory\/modes\.json.*; run `npx spectroscope modes memory`/);
  await store.set("modes.json", whole.subarray(0, whole.length - 100));
  await refused(readModes(kept.run), /memory\/modes\.json/);
  await store.set("modes.json", whole);
  assert.equal(await readModes(kept.run), copyOf(kept.found));

  const { asked, run } = await forgetfulRun(device);
  await findModes(ask(run, asked, { laws: ["model"] }));
  // Drawn, and not yet found.
  assert.equal((await checkRun(asked.store)).faults, []);
  await writeModes(run, { ...kept.found, tokens: -1 });
  assert.equal(
    (await checkRun(asked.store)).faults.map(({ file, what }) => [file, what.split(",")[0]]),
    [["memory/modes.json", "tokens is -1"]],
  );
  await writeModes(run, kept.found);
  const key = (await asked.store.list("")).find((name) => /^modes\/samples_l0h1\.zarr\/cov_phi_hidden\/c/.test(name))!;
  const chunk = await need(asked.store, key);
  await asked.store.set(key, flipped(0)(chunk));
  assert.equal(
    (await checkRun(asked.store)).faults.map(({ file }) => file),
    [`memory/${key}`],
  );
  await asked.store.set(key, chunk);
  await asked.store.set("modes/notes.txt", Uint8Array.of(1));
  assert.equal(
    (await checkRun(asked.store)).faults.map(({ file, what }) => [file, what]),
    [["memory/modes/notes.txt", "no file of this run"]],
  );
});

test("the form of modes.json: each part that is missing or of another kind is refused by its key", () => {
  const whole = copyOf(kept.found);
  assert.equal(parseModes(told(whole)), whole);
  const load = { mode: 1, side: "both", mean: 0, z: 0 };
  const changes: [string, unknown, RegExp][] = [
    ["format", "else", /format is "else"/],
    ["version", 2, /version is 2, expected 1/],
    ["agreed", GONE, /agreed is missing/],
    ["laws", GONE, /laws is missing/],
    ["contexts", -1, /contexts is -1/],
    ["laws.0.law", "law", /law is "law"/],
    ["laws.1.values.0", "1", /values.* is "1"/],
    ["laws.1.values", CUT, /measured is a list of/],
    ["laws.0.measured", CUT, /measured is a list of/],
    ["laws.0.plain.modes.errors", [1], /plain\.modes\.errors is a list of 1, expected a list of/],
    ["laws.0.plain.modes.shares", CUT, /plain\.modes\.errors is a list of/],
    ["laws.0.plain.randomOrder.low", CUT, /plain\.randomOrder\.low is a list of/],
    ["laws.0.plain.randomBases.high.0", null, /plain\.randomBases\.high.* is null/],
    ["laws.0.noiseFree.best", GONE, /noiseFree\.best is missing/],
    ["laws.0.noiseFree.modes", { shares: [0] }, /noiseFree\.modes\.shares is a list of 1, expected/],
    ["laws.0.overall", CUT, /overall is a list of 8, expected a list of 9/],
    ["laws.0.maps.1.values", CUT, /maps.*values is a list of 8, expected a list of 9/],
    ["laws.0.maps.1.errors", CUT, /maps.*errors is a list of 8, expected a list of 9/],
    ["laws.0.mapSize", 0, /mapSize is 0/],
    ["laws.0.modes.0.contexts.positive.0.text", 3, /contexts\.positive.*text is 3/],
    ["laws.0.modes.0.tokens.negative", GONE, /tokens\.negative is missing/],
    ["laws.0.bands.0.error", "none", /bands.*error is "none"/],
    ["laws.0.clusters", [{ id: 1, loads: [load] }], /side is "both"/],
    ["laws.0.clusterings.0.rows", "else", /rows is "else"/],
    ["laws.0.said.0", 1, /said.* is 1/],
  ];
  for (const [path, value, said] of changes) {
    const altered = changed(kept.found, path, value);
    refusedAtOnce(() => parseModes(told(altered)), said, /^modes\.json: /, /; make it again$/);
  }
});

test.run();
