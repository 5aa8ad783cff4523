/** Which priors chi and traces are compared with, and whose scores are whose: of few made-up draws, without a clustering. */
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { plannedUnits, storeUnit } from "../../harness/test/made-up-unit";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { MemoryStore } from "../store/memory-store";
import { Run } from "../store/run";
import { chiTable } from "./chi-tables";
import { chiRequestOf } from "./feature-rows";
import { comparePriors } from "./prior-comparison";

const test = suite("runtime/measure/prior-traces");

const sizes = { draws: 6, chains: 3, tokens: 48 };
/** How far each role answers each component. */
const ANSWERS = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 1, 0],
];
const components = ["l0h0", "l0h1", "l0h2"];
const suffixes = ["", " n_beta=0", " n_beta=0 at equal rise"];
const config = settledConfig({}, "test", [
  ...["trace_rank=3", "cluster.k=4", "cluster.comparison=0", "cluster.column_weights=none"],
  `sampler.num_chains=${sizes.chains}`,
]);
const numbers = Int32Array.from({ length: sizes.tokens }, (_, i) => i % ANSWERS.length);
const labels = { roles: { numbers, names: [..."abcd"] }, modes: { numbers, names: [..."abcd"] } };

/** Tokens answer by their role, of the priors by nothing. */
async function madeUpRun(): Promise<Run> {
  const names = components.flatMap((name) => suffixes.map((suffix) => name + suffix));
  const run = await Run.begin(new MemoryStore(), { config: {}, provenance: {}, plan: plannedUnits(names, sizes) });
  for (const [index, name] of names.entries()) {
    const random = seededRandom(index + 1);
    const own = components.indexOf(name);
    const rows = Array.from({ length: sizes.draws * sizes.chains }, () => {
      const size = random.normal();
      // Traces lose what lies along the mean of all tokens.
      const byRole = ANSWERS.map(() => (own < 0 ? 0 : 0.5 * random.normal()));
      return Array.from(
        numbers,
        (role) => size * (1 + (ANSWERS[role][own] ?? 0)) + byRole[role] + 0.05 * random.normal(),
      );
    });
    const phi = Float32Array.from(rows, (row) => row.reduce((a, b) => a + b, 0) / sizes.tokens);
    await storeUnit(run, name, { sizes, phi, traces: Float32Array.from(rows.flat()) });
  }
  return run;
}

test("chi is compared with every prior, traces with the last; each side has its own scores", async () => {
  const run = await madeUpRun();
  const chi = await chiTable(run, components, chiRequestOf(config));
  const context = { run, config, components, probe: { labels }, threads: 1 };
  const found = await comparePriors(context, chi, async () => []);
  assert.equal(
    found.map(({ features, against }) => [features, against]),
    [
      ["chi", "chi, n_beta = 0"],
      ["chi", "chi, n_beta = 0 at equal rise"],
      ["trace features", "trace features, n_beta = 0 at equal rise"],
    ],
  );
  for (const { scores, draws, chains, parts } of found) {
    assert.equal([draws, chains, parts], [[6, 6], 3, 3]);
    const [{ measure, means, difference }, ...more] = scores;
    assert.equal([measure, more], ["kNN accuracy", []]);
    // Tokens of a role answer alike, and without one a neighbor is of either.
    assert.ok(means[0] > 0.85, `${means[0]}`);
    assert.ok(means[1] < 0.5, `${means[1]}`);
    assert.ok(Math.abs(difference.value! - (means[0] - means[1])) < 1e-9);
  }
  const plain = { ...config, controls: { ...config.controls, equal_rise: false } };
  const fewer = await comparePriors({ ...context, config: plain }, chi, async () => []);
  assert.equal(
    fewer.map(({ against }) => against),
    ["chi, n_beta = 0", "trace features, n_beta = 0"],
  );
});

test.run();
