/** Clusters of a made-up run beside features that are planted in real activations of nano: they are found again, token by token. */
import * as assert from "uvu/assert";
import { analyzedRun, madeUpSubject, probe, sampledRun } from "../../harness/test/analyzed-run";
import { wasmDevice } from "../../harness/test/device";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { Encoder } from "../sae/encoder";
import { MemoryStore } from "../store/memory-store";
import type { Run } from "../store/run";
import type { HookPoint } from "../transformer/hook-points";
import { hiddenStates } from "./hidden-states";
import type { MeasuredModel } from "./request";
import { readLabels } from "./run-files";
import { comparedTargets, compareFeatures, type FeatureRequest, matchTokens, type PlacedSae } from "./sae";
import type { ReadPosition } from "./sae-result";

const test = suite("runtime/measure/sae");
const D = 64;
const TOKENS = 48;
const point: HookPoint = { kind: "resid_post", layer: 1 };

let run: Run;
let model: MeasuredModel & { readonly name: string };
let labels: Int32Array;
let clusters: number[];
test.before(async () => {
  const made = await analyzedRun(new MemoryStore());
  run = made.run;
  model = { ...made.subject.model, name: "nano" };
  labels = await readLabels(run);
  clusters = [...new Set(labels)].filter((label) => label >= 0).sort((a, b) => a - b);
  assert.ok(clusters.length >= 2, `${clusters}`);
});

/** Solves A x = b for symmetric A of full rank, [n, n] and [n, m]; overwrites both. */
function solve(a: Float64Array[], b: Float64Array[]): Float64Array[] {
  const n = a.length;
  for (let i = 0; i < n; i++) {
    let pivot = i;
    for (let r = i + 1; r < n; r++) if (Math.abs(a[r][i]) > Math.abs(a[pivot][i])) pivot = r;
    [a[i], a[pivot], b[i], b[pivot]] = [a[pivot], a[i], b[pivot], b[i]];
    for (let r = 0; r < n; r++) {
      if (r === i) continue;
      const factor = a[r][i] / a[i][i];
      for (let c = i; c < n; c++) a[r][c] -= factor * a[i][c];
      for (let c = 0; c < b[i].length; c++) b[r][c] -= factor * b[i][c];
    }
  }
  return b.map((row, i) => row.map((value) => value / a[i][i]));
}

/**
 * An encoder whose feature f is above 0 on the tokens of `sets[f]` and nowhere else: 48 vectors in 64 dimensions are independent, so
 * the rows of least length that give 1 there and -1 elsewhere exist.
 */
async function planted(at: ReadPosition, sets: readonly ((token: number) => boolean)[]): Promise<Encoder> {
  const x: number[] = [];
  await hiddenStates(await wasmDevice(), model, probe, [point], {
    at: at === "token" ? "own" : "before",
    onBlock: ({ states }) => {
      for (const value of states[0].data) x.push(value);
    },
  });
  assert.is(x.length, TOKENS * D);
  const row = (t: number) => Float64Array.from(x.slice(t * D, (t + 1) * D));
  const rows = Array.from({ length: TOKENS }, (_, t) => row(t));
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const gram = rows.map((a) => Float64Array.from(rows, (b) => dot(a, b)));
  const wanted = rows.map((_, t) => Float64Array.from(sets, (set) => (set(t) ? 1 : -1)));
  const dual = solve(gram, wanted);
  const weight = new Float32Array(sets.length * D);
  for (let f = 0; f < sets.length; f++)
    for (let i = 0; i < D; i++) weight[f * D + i] = rows.reduce((sum, own, t) => sum + own[i] * dual[t][f], 0);
  const features = sets.length;
  const bias = new Float32Array(features);
  return { width: D, features, scaling: { kind: "none" }, weight, bias, activation: { kind: "relu" } };
}

const sae = (encoder: Encoder, changes: Partial<PlacedSae> = {}): PlacedSae => ({
  facts: { name: "planted", format: "none", architecture: "relu" },
  ...{ encoder, point, notes: ["Planted."] },
  ...changes,
});

const compare = async (changes: Partial<FeatureRequest> & { readonly sae: PlacedSae }) =>
  compareFeatures({ run, probe, model, device: await wasmDevice(), permutations: 99, ...changes });

for (const at of ["token", "prediction"] as const)
  test(`features planted at the ${at} are found, each by its cluster, on every token`, async () => {
    const random = seededRandom(5);
    const noise = Array.from({ length: 4 }, () => {
      const some = Array.from({ length: TOKENS }, () => random.uniform() < 0.2);
      return (token: number) => some[token];
    });
    // Of the last cluster there is no feature but one that has lost a third of its tokens.
    const partial = (token: number) => labels[token] === clusters.at(-1) && token % 3 !== 0;
    const own = clusters.slice(0, -1).map((cluster) => (token: number) => labels[token] === cluster);
    const sets = [...noise, ...own.reverse(), partial];
    const encoder = await planted(at, sets);
    const found = await compare({ sae: sae(encoder), at });
    assert.equal([found.match.tokens, found.match.features], [TOKENS, sets.length]);
    const firing = sets.map((set) => Array.from({ length: TOKENS }, (_, t) => t).filter(set).length);
    assert.is(found.l0, firing.reduce((a, b) => a + b, 0) / TOKENS);
    for (const [i, { cluster, best, size }] of found.match.clusters.entries()) {
      assert.is(cluster, clusters[i]);
      const feature = i + 1 === clusters.length ? sets.length - 1 : noise.length + clusters.length - 2 - i;
      assert.is(best!.feature, feature);
      assert.is(best!.fires, firing[feature]);
      assert.is(best!.precision, 1);
      assert.is(best!.recall, firing[feature] / size);
    }
    assert.equal(found.leftOut, { noActivation: 0, rowStart: 0 });
    assert.equal(
      [found.hook, found.at, found.model, found.labels],
      ["l1 resid_post", at, "nano", run.resultHash("labels.npy")],
    );
    assert.is(found.notes.at(-1), "Planted.");
    // Roles are the probe's: each cluster's is told with its feature's.
    assert.ok(found.match.clusters.every(({ role, featureRole }) => role && featureRole));
    // Names are those of the ids, which the probe calls so.
    for (const [id, name] of Object.entries(found.tokenNames)) assert.is(name, `#${id}`);
    assert.equal(JSON.parse(JSON.stringify(found)), found);
    // Noise is no cluster, and neither is a random direction: 48 tokens, of which as many fire as features did in the mean.
    assert.is(found.random.length, 1);
    const [draw] = found.random;
    assert.is(draw.shares.length, found.match.curve.length);
    assert.ok(draw.l0 > 0 && draw.l0 <= Math.round(found.l0), `${draw.l0}`);
    const last = found.match.curve.length - 1;
    assert.ok(draw.shares[last] < found.match.curve[last].features);
    assert.match(
      found.notes.join("\n"),
      /As many random directions, of which as many fire on a token, match by the same rule \d of/,
    );
    const more = await compare({ sae: sae(encoder), at, randomDraws: 2 });
    assert.equal(more.random[0], draw);
    assert.not.equal(more.random[1], draw);
    assert.match(more.notes.join("\n"), /As many random directions \(2 draws\)/);
    assert.equal((await compare({ sae: sae(encoder), at, randomDraws: 0 })).random, []);
    const higher = await compare({ sae: sae(encoder), at, active: 1e6 });
    assert.equal([higher.l0, higher.random], [0, []]);
    assert.match(higher.notes[0], "a code above 1000000 counts");
  });

test("predictions at the first position are left out where an autoencoder knows a token of begin, and no other", async () => {
  const own = clusters.map((cluster) => (token: number) => labels[token] === cluster);
  const encoder = await planted("prediction", own);
  const found = await compare({ sae: sae(encoder, { prependBos: true }), at: "prediction" });
  assert.equal(found.leftOut, { noActivation: 0, rowStart: 8 });
  assert.is(found.match.tokens, TOKENS - 8);
  for (const { best, size, cluster } of found.match.clusters) {
    assert.is(size, labels.filter((label, t) => label === cluster && t % 6 > 0).length);
    assert.is(best!.f1, 1);
  }
  assert.ok(found.notes.some((note) => /8 tokens predicted at the first position of a row are left out/.test(note)));
  assert.ok(found.notes.some((note) => /rows of this text begin with different tokens/.test(note)));
  const atToken = await compare({ sae: sae(await planted("token", own), { prependBos: true, contextSize: 4 }) });
  assert.is(atToken.match.tokens, TOKENS);
  assert.ok(atToken.notes.some((note) => /Rows have 7 ids, in its training 4/.test(note)));
});

test("targets that are compared, by their number in the text", () => {
  const of = (...[columns, positions, at, bos]: [number, number, ReadPosition, boolean?]) => {
    const { kept, leftOut } = comparedTargets({ rows: 2, columns }, positions, at, bos);
    return [[...kept], leftOut.noActivation, leftOut.rowStart];
  };
  assert.equal(of(4, 4, "token"), [[0, 1, 2, 3, 4, 5], 0, 0]);
  assert.equal(of(4, 3, "token"), [[0, 1, 3, 4], 2, 0]);
  assert.equal(of(4, 3, "token", true), [[0, 1, 3, 4], 2, 0]);
  assert.equal(of(4, 3, "prediction"), [[0, 1, 2, 3, 4, 5], 0, 0]);
  assert.equal(of(4, 3, "prediction", true), [[1, 2, 4, 5], 0, 2]);
  assert.equal(of(2, 1, "token"), [[], 2, 0]);
});

test("what is known of them: ids, those before them, places, roles", () => {
  const roles = { numbers: Int32Array.of(0, 1, 0, 1), names: ["a", "b"] };
  const text = { ids: Uint32Array.of(10, 11, 12, 20, 21, 22), rows: 2, columns: 3, nameOf: String };
  const kept = Uint32Array.of(0, 2, 3);
  assert.equal(matchTokens({ ...text, labels: { roles, modes: roles } }, kept), {
    targets: Uint32Array.of(11, 21, 22),
    inputs: Uint32Array.of(10, 20, 21),
    positions: Uint32Array.of(1, 1, 2),
    roles: { numbers: Int32Array.of(0, 0, 1), names: ["a", "b"] },
  });
  assert.is(matchTokens(text, kept).roles, undefined);
});

test("what does not fit is refused before anything is computed, with the remedy", async () => {
  const encoder = (width: number): Encoder => ({
    ...{ width, features: 2, scaling: { kind: "none" }, activation: { kind: "relu" } },
    ...{ weight: new Float32Array(2 * width), bias: new Float32Array(2) },
  });
  await refused(compare({ sae: sae(encoder(32)) }), /planted reads vectors 32 wide, nano has 64; .*--sae-model/);
  const far = sae(encoder(D), { point: { kind: "mlp_out", layer: 2 } });
  await refused(compare({ sae: far }), /hook point l2 mlp_out: the model has 2 layers/);
  const dims = (changes: object) => ({
    ...model,
    name: "small",
    model: { ...model.model, dims: { ...model.model.dims, ...changes } },
  });
  await refused(
    compare({ sae: sae(encoder(D)), model: dims({ vocab: 40 }) }),
    /small knows 40 ids, the run's text has id 49; .*--sae-model/,
  );
  await refused(
    compare({ sae: sae(encoder(D)), model: dims({ positions: 5 }) }),
    /small reads 5 ids of a row, the run's rows have 7; .*row_length=6/,
  );
  const other = { ...probe, ids: probe.ids.map((id, i) => (i === 3 ? id + 1 : id)) };
  await refused(compare({ sae: sae(encoder(D)), probe: other }), /was sampled on another probe/);
  await refused(compare({ sae: sae(encoder(D)), permutations: 5 }), /permutations is 5/);
  const raw = await sampledRun(new MemoryStore(), await madeUpSubject());
  await refused(
    compare({ sae: sae(encoder(D)), run: raw }),
    /not clustered yet; run `npx spectroscope cluster memory` first/,
  );
  const stop = new AbortController();
  stop.abort();
  const stopped = await compare({ sae: sae(encoder(D)), signal: stop.signal }).catch((error) => error);
  assert.is(stopped.code, "interrupted");
});

test.run();
