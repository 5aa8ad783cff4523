import * as assert from "uvu/assert";
import { firingsFrom, tokensWhere } from "../../harness/test/firing-lists";
import { seededRandom } from "../../harness/test/random";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { matchClusters } from "./match";

const test = suite("runtime/sae/match");

const TOKENS = 4000;
const IDS = 40;
const CLUSTERS = 20;
const random = seededRandom(177);
const positions = Int32Array.from({ length: TOKENS }, (_, t) => t % 50);
const targets = Int32Array.from({ length: TOKENS }, () => Math.floor(IDS * random.uniform() ** 1.5));
const inputs = Int32Array.from({ length: TOKENS }, () => random.integer(IDS));
const tokenFeatures = Array.from({ length: IDS }, (_, id) => tokensWhere(TOKENS, (t) => targets[t] === id));
const noiseFeatures = Array.from({ length: 200 }, () => {
  const share = 0.2 * random.uniform() ** 2;
  return tokensWhere(TOKENS, () => random.uniform() < share);
});

/** A tenth of the tokens is missed, and as many others are added. */
function planted(labels: Int32Array, cluster: number): number[] {
  const size = tokensWhere(TOKENS, (t) => labels[t] === cluster).length;
  const added = (0.1 * size) / (TOKENS - size);
  return tokensWhere(TOKENS, (t) => random.uniform() < (labels[t] === cluster ? 0.9 : added));
}

test("planted features with a tenth missed and a tenth added are all found, above null and token ids", (t) => {
  const labels = Int32Array.from({ length: TOKENS }, () => random.integer(CLUSTERS + 1) - 1);
  const features = Array.from({ length: CLUSTERS }, (_, c) => planted(labels, c));
  const firings = firingsFrom(TOKENS, [...tokenFeatures, ...noiseFeatures, ...features]);
  const roles = {
    numbers: labels.map((label) => label >> 1),
    names: Array.from({ length: 10 }, (_, i) => `role ${i}`),
  };
  const found = matchClusters(firings, labels, { targets, inputs, positions, roles });
  assert.is(found.clusters.length, CLUSTERS);
  for (const { cluster, best, above99, aboveToken, chance, token, role, featureRole, size } of found.clusters) {
    assert.is(best!.feature, IDS + 200 + cluster);
    assert.ok(above99 && aboveToken, `cluster ${cluster}`);
    assert.ok(best!.f1 > 0.8 && token.f1 < 0.2 && chance.p99 < 0.4 && chance.p === 1 / 201);
    const name = `role ${cluster >> 1}`;
    const both = size + tokensWhere(TOKENS, (i) => labels[i] === (cluster ^ 1)).length;
    assert.equal(role, { name, f1: (2 * size) / (size + both) });
    assert.is(featureRole!.name, name);
  }
  assert.equal(
    found.headline.map(({ minF1, above95, share99 }) => [minF1, above95, share99]),
    [0, 0.3, 0.5, 0.7].map((cut) => [cut, CLUSTERS, 1]),
  );
  assert.equal([found.above95, found.aboveToken], [CLUSTERS, CLUSTERS]);
  const at = found.curve[4];
  assert.equal([at.cut, at.features, at.chance, at.tokens], [0.5, 1, 0, 0]);
  assert.is(
    found.bySize.reduce((sum, bin) => sum + bin.clusters, 0),
    CLUSTERS,
  );
  // The other direction: planted features find their clusters, and of the rest about 5 % are above their own null.
  const matches = new Map(found.otherDirection.matches.map((match) => [match.feature, match]));
  for (let c = 0; c < CLUSTERS; c++) {
    const match = matches.get(IDS + 200 + c)!;
    assert.equal([match.cluster, match.p, match.f1], [c, 1 / 201, found.clusters[c].best!.f1]);
  }
  const rest = found.otherDirection.above95 - CLUSTERS;
  assert.ok(rest <= 0.05 * 240 + 3 * Math.sqrt(240 * 0.05 * 0.95), `${rest}`);
  for (const line of found.said) t.note(line);
});

test("clusters that are one token id are matched by features of the id, and not above null or token", () => {
  const labels = targets.map((id) => (id < 10 ? id : -1));
  const noisy = Array.from({ length: 10 }, (_, id) => planted(labels, id));
  for (const features of [noisy, tokenFeatures]) {
    const found = matchClusters(firingsFrom(TOKENS, [...noiseFeatures, ...features]), labels, { targets, positions });
    for (const { cluster, best, token, chance, above95, aboveToken } of found.clusters) {
      assert.is(best!.feature, 200 + cluster);
      assert.ok(best!.f1 > 0.8);
      assert.equal([token.id, token.as, token.f1], [cluster, "target", 1]);
      assert.equal([above95, aboveToken], [false, false]);
      assert.equal([chance.p, chance.free, chance.exchanged, chance.p95], [1, 0, 0, best!.f1]);
    }
    assert.is(found.headline[0].above95, 0);
    assert.is(found.strata.fixed, 10);
    assert.match(found.said.join(" "), /10 clusters of 10 cannot move at all/);
  }
});

test("a cluster by last input passes the null of targets and fails beside the inputs' ids, or in strata of them", () => {
  const labels = inputs.map((id) => (id < 4 ? id : -1));
  const features = Array.from({ length: 4 }, (_, id) => planted(labels, id));
  const firings = firingsFrom(TOKENS, [...features, ...noiseFeatures]);
  const blind = matchClusters(firings, labels, { targets, positions });
  assert.is(blind.headline[0].above99, 4);
  const told = matchClusters(firings, labels, { targets, inputs, positions });
  assert.equal([told.above95, told.aboveToken, told.headline[0].above95], [4, 0, 0]);
  assert.equal([told.clusters[2].token.as, told.clusters[2].token.id], ["input", 2]);
  const strict = matchClusters(firings, labels, { targets, inputs, positions }, { strataBy: "input" });
  assert.equal([strict.above95, strict.strata.fixed, strict.strata.by], [0, 4, "input"]);
  const both = matchClusters(firings, labels, { targets, inputs, positions }, { strataBy: "both" });
  assert.equal([both.above95, both.strata.fixed], [0, 4]);
});

test("equal input gives equal plain values, and another seed other permutations", () => {
  const labels = Int32Array.from({ length: TOKENS }, () => random.integer(5) - 1);
  const firings = firingsFrom(TOKENS, [...noiseFeatures, planted(labels, 1)]);
  const run = (seed: number) =>
    matchClusters(firings, labels, { targets, inputs, positions }, { seed, permutations: 99 });
  const [first, again, other] = [run(1), run(1), run(2)];
  assert.is(JSON.stringify(again), JSON.stringify(first));
  assert.equal(JSON.parse(JSON.stringify(first)), first);
  assert.equal(other.clusters[1].best, first.clusters[1].best);
  assert.not.equal(other.clusters[1].chance.mean, first.clusters[1].chance.mean);
});

test("no cluster, no feature, features that never fire, a cluster of all tokens, labels with gaps", () => {
  const tokens = { targets, positions };
  const some = firingsFrom(TOKENS, noiseFeatures);
  const none = matchClusters(some, new Int32Array(TOKENS).fill(-1), tokens);
  assert.equal([none.clusters, none.curve, none.bySize], [[], [], []]);
  assert.equal([none.headline[0].share95, none.strata.free, none.clustered], [null, null, 0]);
  assert.match(none.said[0], /no clusters/);
  assert.equal(JSON.parse(JSON.stringify(none)), none);
  const labels = targets.map((_, t) => (t % 7 === 0 ? 3 : t % 7 === 1 ? 11 : -1));
  for (const firings of [firingsFrom(TOKENS, []), firingsFrom(TOKENS, [[], [], []])]) {
    const silent = matchClusters(firings, labels, tokens);
    assert.equal(
      silent.clusters.map(({ cluster, best, above95, chance, union }) => [cluster, best, above95, chance.p, union.f1]),
      [3, 11].map((cluster) => [cluster, null, false, 1, 0]),
    );
    assert.is(silent.otherDirection.neverFire, firings.features);
    assert.is(silent.otherDirection.share95, null);
    assert.equal(JSON.parse(JSON.stringify(silent)), silent);
  }
  const [all] = matchClusters(some, new Int32Array(TOKENS), tokens).clusters;
  const largest = Math.max(...noiseFeatures.map((list) => list.length));
  assert.is(all.best!.f1, (2 * largest) / (TOKENS + largest));
  assert.equal([all.best!.matthews, all.chance.p, all.chance.free, all.above95], [0, 1, 0, false]);
  assert.is(all.bestByMatthews, undefined);
});

test("what does not fit is named", () => {
  const labels = new Int32Array(3);
  const fits = { targets: [1, 2, 3], positions: [0, 1, 2] };
  const firings = firingsFrom(3, [[0, 2], [1]]);
  const wrong = (piece: RegExp, change: Partial<Record<"firings" | "labels" | "tokens" | "options", object>>) =>
    refusedAtOnce(
      () =>
        matchClusters(
          { ...firings, ...change.firings },
          (change.labels ?? labels) as Int32Array,
          { ...fits, ...change.tokens },
          change.options,
        ),
      piece,
    );
  assert.is(matchClusters(firings, labels, fits).clusters.length, 1);
  assert.is(matchClusters(firings, labels, fits, { permutations: undefined }).permutations, 200);
  wrong(/4 labels, but firings are of 3 tokens; encode the tokens that were clustered/, { labels: new Int32Array(4) });
  wrong(/2 inputs/, { tokens: { inputs: [1, 2] } });
  wrong(/positions: 0.5 at token 1/, { tokens: { positions: [0, 0.5, 1] } });
  wrong(/token 1 has a negative id/, { tokens: { targets: [1, -2, 3] } });
  wrong(/token 2 has a negative id/, { tokens: { inputs: [1, 2, -1] } });
  wrong(/role 1 at token 2 has no name/, { tokens: { roles: { numbers: [0, -1, 1], names: ["a"] } } });
  wrong(/permutations is 98; give a whole number from 99 on/, { options: { permutations: 98 } });
  wrong(/seed is -1/, { options: { seed: -1 } });
  wrong(/stratumTokens is 1/, { options: { stratumTokens: 1 } });
  wrong(/minFires is 0/, { options: { minFires: 0 } });
  wrong(/strata by input need the ids of inputs/, { options: { strataBy: "input" } });
  wrong(/strataBy is inputs; give target, input or both/, { options: { strataBy: "inputs" } });
  wrong(/2 starts/, { firings: { starts: Float64Array.of(0, 3) } });
  wrong(/feature 0 begins at 0 and ends at 4/, { firings: { starts: Float64Array.of(0, 4, 3) } });
  wrong(/feature 1 begins at 2 and ends at 1/, { firings: { features: 3, starts: Float64Array.of(0, 2, 1, 3) } });
  wrong(/feature 1 fires on token 3 of 3/, { firings: { members: Uint32Array.of(0, 2, 3) } });
  wrong(/feature 0 fires on token 0 of 3/, { firings: { members: Uint32Array.of(2, 0, 1) } });
});

test("permutations are told, and one that is refused ends the work", () => {
  const firings = firingsFrom(3, [[0]]);
  const told: number[] = [];
  const tokens = { targets: [1, 1, 1], positions: [0, 1, 2] };
  matchClusters(firings, [0, -1, 0], tokens, { permutations: 99, progress: (done, total) => told.push(done / total) });
  assert.equal([told.length, told[98]], [99, 1]);
  assert.throws(() =>
    matchClusters(firings, [0, -1, 0], tokens, {
      progress: () => {
        throw new Error("stop");
      },
    }),
  );
});

test.run();
