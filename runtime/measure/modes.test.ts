/** Modes of a small run of nano on the processor that kept sums of pairs: what is found, and identities of chi on all pairs. */
import * as assert from "uvu/assert";
import { lawsOf } from "../../harness/cli/run-modes";
import {
  ask,
  COMPONENTS,
  CONTEXT,
  copyOf,
  corpus,
  DRAWS,
  grammar,
  type KeptRun,
  keptRun,
  modesRequest,
  nameOf,
  targets,
} from "../../harness/test/modes-run";
import { refusedWrongUse } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { vocabulary } from "../../models/nano/corpus";
import { completeBasis } from "../modes/basis";
import { CouplingMaker, expand, pairValues } from "../modes/couplings";
import { modesOf } from "../modes/modes";
import { openProcessor, type ProcessorDevice } from "../processor/device";
import { finalActivations } from "./activations";
import { openUnit } from "./chi-tables";
import { measure } from "./measure";
import { contextText } from "./mode-values";
import { findModes, type ModesRequest } from "./modes";
import { pairColumn } from "./pair-columns";
import { readChi, readModes, writeModes } from "./run-files";

const test = suite("runtime/measure/modes");

let device: ProcessorDevice;
let kept: KeptRun;
test.before(async () => {
  device = await openProcessor(1);
  kept = await keptRun(device);
});
test.after(() => device.close());

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

test("one chain: nothing is known of noise, and no error is made up", async () => {
  const asked = await modesRequest(device, "keep_modes=true", "sampler.num_chains=1");
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

test("chains that move nothing have shares of 0, and their findings are read again", async () => {
  const asked = await modesRequest(device, "keep_modes=true", "sampler.lr=1e-30", "sampler.num_draws=4");
  const { run } = await measure(asked);
  const found = await findModes(ask(run, asked, { laws: [grammar], clustered: 0 }));
  const { plain, bands, measured } = found.laws[0];
  for (const shares of [plain.modes.shares, plain.best.shares, measured])
    assert.ok(shares.every((share) => share === 0));
  assert.ok(bands.every(({ share, random }) => share === 0 && random === 0));
  await writeModes(run, found);
  assert.equal(await readModes(run), copyOf(found));
});

test("where chains agree about nothing, shares hold noise and all, and a sentence says so", async (t) => {
  // Four draws a chain are next to nothing but noise; this seed's chains happen to answer against each other.
  const asked = await modesRequest(
    device,
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

test("which laws: the grammar's where it is known, the model's own, counts where they are asked for", async () => {
  const asked = await modesRequest(device);
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
