/** Modes of small runs of nano on the processor: from sums that were kept, and from the same draws drawn once more. */
import * as assert from "uvu/assert";
import { lawsOf } from "../../harness/cli/run-modes";
import { quickSubject } from "../../harness/test/quick-run";
import { refused, refusedAtOnce, refusedWrongUse } from "../../harness/test/refused";
import { alter, flipped } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { generate, vocabulary } from "../../models/nano/corpus";
import { preset } from "../../models/nano/preset";
import { completeBasis } from "../modes/basis";
import { CouplingMaker, expand, pairValues } from "../modes/couplings";
import { modesOf } from "../modes/modes";
import { openProcessor, type ProcessorDevice } from "../processor/device";
import { MemoryStore } from "../store/memory-store";
import type { Run } from "../store/run";
import { need } from "../store/store";
import { Told } from "../store/told";
import { finalActivations } from "./activations";
import { checkRun } from "./check";
import { openUnit } from "./chi-tables";
import type { Corpus } from "./corpus";
import type { MeasureEvent } from "./events";
import { measure } from "./measure";
import type { ModeFindings } from "./mode-findings";
import { contextText, findModes, type ModesRequest } from "./modes";
import { parseModes } from "./modes-form";
import { pairColumn } from "./pair-columns";
import type { MeasureRequest } from "./request";
import { PAIR_RUN, readChi, readModes, readReportData, writeModes } from "./run-files";

const test = suite("runtime/measure/modes");

const [CONTEXT, DRAWS] = [12, 16];
const COMPONENTS = ["l0h1", "l1h2", "unembed"];
const nameOf = (id: number) => vocabulary[id];
const textOf = (seed: number, rows: number): Corpus => {
  const { ids } = generate({ seed, sequences: rows, context: CONTEXT });
  return { ids, rows, columns: CONTEXT + 1, nameOf };
};
const [corpus, pool] = [textOf(5, 6), textOf(6, 16)];
const { ids } = corpus;

let device: ProcessorDevice;
test.before(async () => {
  device = await openProcessor(1);
});
test.after(() => device.close());

async function request(...sets: string[]): Promise<MeasureRequest & { store: MemoryStore }> {
  const subject = await quickSubject(
    ...[
      `weight_restrictions=${COMPONENTS}`,
      `sampler.num_draws=${DRAWS}`,
      "sampler.num_chains=4",
      "controls.n_beta_zero=false",
    ],
    ...[
      "controls.equal_rise=false",
      "sampler.num_burnin_steps=1",
      "sampler.num_steps_bw_draws=1",
      "checkpoint_draws=4",
    ],
    ...["acceptance_checks=0", "keep_traces=false", "cluster.null=none", "cluster.k=4", "cluster.min_size=3"],
    ...["cluster.excess_min=0", "cluster.recurrence_min=0", "cluster.comparison=0", ...sets],
  );
  return { ...subject, corpora: { probe: corpus, pool }, device, store: new MemoryStore() };
}

const grammar = { name: "grammar" as const, source: "the grammar", law: preset.law(corpus) };
const ask = (run: Run, asked: MeasureRequest, changes: Partial<ModesRequest> = {}): ModesRequest => {
  const { store: _, ...subject } = asked;
  const options = { count: 32, mapSize: 3, clustered: 4, order: 1 };
  return { ...subject, ...options, run, components: COMPONENTS, laws: [grammar, "model", "counts"], ...changes };
};
const told = (value: unknown) => new Told(value, { file: "modes.json", hint: "make it again" });
const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** A run that kept pairs, with its modes. Tests leave it as it is. */
let kept: { readonly asked: MeasureRequest & { store: MemoryStore }; readonly run: Run; readonly found: ModeFindings };
test.before(async () => {
  const asked = await request("keep_modes=true");
  const { run } = await measure(asked);
  const found = await findModes(ask(run, asked));
  await writeModes(run, found);
  kept = { asked, run, found };
});

/** Another run of the same draws, which kept nothing of other tokens. */
async function forgetful(...sets: string[]) {
  const asked = await request("keep_modes=false", ...sets);
  const { run } = await measure(asked);
  return { asked, run };
}

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

test("findings are whole: sizes, laws in order, shares up to all that modes can hold, modes in words", () => {
  const { found } = kept;
  const { contexts, tokens, components, chains, draws, laws } = found;
  assert.equal([contexts, tokens, components, chains, draws], [6 * CONTEXT, vocabulary.length, 3, 4, DRAWS]);
  assert.equal(
    laws.map(({ law }) => law),
    ["grammar", "model", "counts"],
  );
  assert.match(laws[2].source, "counts of the pool after the last id");
  for (const law of laws) {
    const { modes, randomBases, best, principal } = law.plain;
    assert.is(modes.shares.length, law.values.length);
    assert.is(law.values[0], 1);
    assert.ok(law.values.every((value, i) => i === 0 || value <= law.values[i - 1]));
    // Variance is about the mean, which is what the trivial pair holds; more functions hold more, and never all and more.
    assert.ok(Math.abs(modes.shares[0]) < 1e-12, `${modes.shares[0]}`);
    assert.ok(modes.shares.every((share, i) => i === 0 || share >= modes.shares[i - 1]));
    assert.ok(modes.shares.at(-1)! <= 1 + 1e-9 && principal.shares.at(-1)! <= 1 + 1e-9);
    assert.is(best.shares.length, randomBases.shares.length);
    for (const [i, share] of best.shares.entries()) assert.ok(share >= modes.shares[i] - 1e-4, `${i}`);
    assert.is(law.maps.length, 3);
    assert.ok(law.maps.every(({ values, errors }) => values.length === 9 && errors.every((error) => error! > 0)));
    for (const mode of law.modes) {
      for (const { index, text } of mode.contexts.positive) assert.is(text, contextText(corpus, index));
      for (const { index, text } of mode.tokens.negative) assert.is(text, nameOf(index));
    }
    assert.ok(law.said.length > 2);
  }
  // The law that wrote the text knows it better than counts of some other text do.
  assert.ok(laws[0].loss < laws[2].loss, `${laws[0].loss} ${laws[2].loss}`);
});

test("the expansion over complete bases is the run's own chi, to the rounding of f32", async (t) => {
  const { run, asked } = kept;
  const { model, weights } = asked.model;
  const { hidden: width, vocab } = model.dims;
  const targets = ids.filter((_, i) => i % (CONTEXT + 1) > 0);
  const parts = {
    hidden: Float64Array.from((await finalActivations(device, asked.model, corpus)).data),
    unembedding: Float64Array.from(await weights.read(model.unembedding, 0, vocab * width)),
    ...{ targets, width },
  };
  const pairs = { contexts: targets.map((_, i) => i), tokens: targets };
  const chi = await readChi(run);
  const law = await modesOf(grammar.law, { count: 32 });
  // A token that the law never gives has weight 0: functions say nothing of it, and it is no target.
  assert.ok(targets.every((y) => law.q0[y] > 0));
  const basis = completeBasis(law);
  const maker = new CouplingMaker(basis);
  for (const [c, name] of COMPONENTS.entries()) {
    const { all } = await pairColumn(run, name, parts);
    const expanded = expand(maker.of(all), basis, pairs);
    const own = Array.from(targets, (_, i) => chi.chi[i * chi.components.length + c]);
    const size = Math.max(...own.map(Math.abs));
    const off = Math.max(...own.map((value, i) => Math.abs(value - expanded[i])));
    t.note(`${name}: off by ${(off / size).toExponential(1)} of the largest`);
    // chi is stored as f32: half a unit in the last place.
    assert.ok(off <= 2 ** -23 * size, `${name}: ${off} of ${size}`);
  }
});

/**
 * phi is the mean rise over the probe's own targets, so chi has mean 0 over these, exactly. Under the law it has not: targets are one
 * draw from the law a context, so that the sum over the law of q(y|x) chi_xy, less chi at the target, is a sum of deviations whose
 * variances the law knows, each of mean 0 given the context. (It would be 0 exactly with phi under the law. As phi holds the same
 * targets, a variance over the number of targets comes on top, which is less than the deviations here.)
 */
test("the sum over the law of q(x, y) chi is 0 within what sampling the targets explains; under a wrong law it is not", async (t) => {
  const { run, asked } = kept;
  const { model, weights } = asked.model;
  const { hidden: width, vocab } = model.dims;
  const targets = ids.filter((_, i) => i % (CONTEXT + 1) > 0);
  const N = targets.length;
  const parts = {
    hidden: Float64Array.from((await finalActivations(device, asked.model, corpus)).data),
    unembedding: Float64Array.from(await weights.read(model.unembedding, 0, vocab * width)),
    ...{ targets, width },
  };
  const q = await grammar.law.rows(0, N);
  const every = {
    contexts: Array.from({ length: N * vocab }, (_, i) => Math.floor(i / vocab)),
    tokens: Array.from({ length: N * vocab }, (_, i) => i % vocab),
  };
  /** Mean over a law, and how many deviations it is from the mean over targets; the law of context x is that of `other(x)`. */
  const meanUnder = (values: Float64Array, other: (x: number) => number) => {
    let [sum, variance] = [0, 0];
    for (let x = 0; x < N; x++) {
      let [mean, square] = [0, 0];
      for (let y = 0; y < vocab; y++) {
        mean += q[other(x) * vocab + y] * values[x * vocab + y];
        square += q[other(x) * vocab + y] * values[x * vocab + y] ** 2;
      }
      sum += mean;
      variance += square - mean ** 2;
    }
    return { mean: sum / N, z: sum / Math.sqrt(variance) };
  };
  let wrong = 0;
  for (const name of COMPONENTS) {
    const values = pairValues((await pairColumn(run, name, parts)).all, every);
    const size = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
    const atTargets = Array.from(targets, (y, x) => values[x * vocab + y]).reduce((sum, value) => sum + value, 0) / N;
    // Sums are of f32 losses.
    assert.ok(Math.abs(atTargets) < 1e-6 * size, `${name}: ${atTargets}`);
    const { mean, z } = meanUnder(values, (x) => x);
    t.note(
      `${name}: ${mean.toExponential(2)} under the law, root mean square ${size.toExponential(2)}, z ${z.toFixed(2)}`,
    );
    assert.ok(Math.abs(z) < 5, `${name}: ${z}`);
    wrong = Math.max(wrong, Math.abs(meanUnder(values, (x) => (x + 1) % N).z));
  }
  t.note(`under the law of the next context: z ${wrong.toFixed(1)}`);
  assert.ok(wrong > 8, `under the law of the next context: ${wrong}`);
});

test("a run that kept nothing is drawn once more below itself, once, and says the same", async (t) => {
  const { asked, run } = await forgetful();
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
  const { asked, run } = await forgetful();
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
  const { asked, run } = await forgetful();
  const { sampler } = asked.config;
  const config = { ...asked.config, sampler: { ...sampler, seed: sampler.seed + 1 } };
  await refused(
    findModes(ask(run, asked, { config })),
    /modes: the draws of l0h1 are not those of memory; delete .*modes, and draw again on the adapter/,
  );
  const other: Corpus = { ...corpus, ids: ids.map((id) => (id + 1) % vocabulary.length) };
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

test("one chain: nothing is known of noise, and no error is made up", async () => {
  const asked = await request("keep_modes=true", "sampler.num_chains=1");
  const { run } = await measure(asked);
  const found = await findModes(ask(run, asked, { laws: [grammar] }));
  assert.equal([found.chains, found.agreed, found.laws[0].noiseFree], [1, null, undefined]);
  const [law] = found.laws;
  assert.ok(law.plain.modes.errors!.every((error) => error === null));
  assert.ok(law.maps.every(({ errors }) => errors.every((error) => error === null)));
  assert.ok(law.bands.every(({ error }) => error === null));
  assert.match(law.said[0], "noise and all");
  await writeModes(run, found);
  assert.equal(await readModes(run), copyOf(found));
});

test("where chains agree about nothing, shares hold noise and all, and a sentence says so", async (t) => {
  // Four draws a chain are next to nothing but noise; this seed's chains happen to answer against each other.
  const asked = await request(
    ...[
      "keep_modes=true",
      "sampler.num_chains=2",
      "sampler.num_draws=4",
      "sampler.seed=5",
      "sampler.num_burnin_steps=0",
    ],
  );
  const { run } = await measure(asked);
  const found = await findModes(ask(run, asked, { laws: [grammar], clustered: 0 }));
  t.note(`agreed: ${found.agreed}; of more draws and chains ${kept.found.agreed}`);
  assert.ok(found.agreed! <= 0, `${found.agreed}`);
  const [law] = found.laws;
  assert.is(law.noiseFree, undefined);
  assert.ok(law.bands.every(({ share }) => share >= -1e-9 && share <= 1 + 1e-9));
  assert.match(law.said[0], "Chains agree about none of chi's variance");
  assert.match(law.said[1], "noise and all");
  assert.ok(kept.found.agreed! > 0 && kept.found.laws.every(({ noiseFree }) => noiseFree !== undefined));
});

test("modes of an earlier clustering are told from those of this one", async () => {
  const asked = await request("keep_modes=true");
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

  const { asked, run } = await forgetful();
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

test("which laws: the grammar's where it is known, the model's own, counts where they are asked for", async () => {
  const asked = await request();
  const names = (laws: ModesRequest["laws"]) => laws.map((law) => (typeof law === "string" ? law : law.name));
  assert.equal(names(lawsOf(undefined, asked)), ["grammar", "model"]);
  assert.equal(names(lawsOf(["counts", "grammar"], asked)), ["counts", "grammar"]);
  for (const config of [
    { ...asked.config, probe_tokens: "rows.npy" },
    { ...asked.config, probe_text: "text.txt" },
    { ...asked.config, model: "someone/else" },
  ]) {
    assert.equal(names(lawsOf(undefined, { ...asked, config })), ["model"]);
    refusedWrongUse(
      () => lawsOf(["grammar"], { ...asked, config }),
      /--law grammar: no grammar of this text is known; ask for model or counts/,
    );
  }
});

test("a law of counts knows the pool's last ids: of none it is one law for all contexts, with no mode but the trivial", async () => {
  const { asked, run } = kept;
  const found = await findModes(ask(run, asked, { laws: ["counts"], order: 0, clustered: 0 }));
  const [law] = found.laws;
  assert.match(law.source, "counts of the pool after no context");
  assert.equal([law.values, law.modes, law.clusterings], [[1], [], []]);
  const unit = await openUnit(run, "l0h1");
  assert.is(unit.chains, 4);
});

test.run();
