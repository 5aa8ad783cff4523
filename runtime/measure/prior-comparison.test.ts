/**
 * What is said of chi beside its prior. That it calls no difference where there is none is tried on nano: halves of the chains of one
 * prior. Here on a few repeats; `SPECTROSCOPE_REPEATS=100 npm test -- runtime/measure/prior-comparison --grep "one prior"` tries it
 * on as many, with clusterings.
 */
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { wasmDevice } from "../../harness/test/device";
import { plannedUnits, storeUnit } from "../../harness/test/made-up-unit";
import { quickSubject } from "../../harness/test/quick-run";
import { suite } from "../../harness/test/suite";
import { makeRandom } from "../cluster/random";
import { MemoryStore } from "../store/memory-store";
import { Run } from "../store/run";
import { type ChiTable, emptyTable } from "../susceptibility/chi-table";
import { evidenceOf } from "./chi-clusters";
import { chiTable } from "./chi-tables";
import { chiRequestOf } from "./feature-rows";
import { sample } from "./measure";
import {
  type ClusterParts,
  type ComparisonContext,
  compareMeasured,
  comparePriors,
  type PartJob,
} from "./prior-comparison";
import type { IntervalOf, PriorComparison } from "./report-data";

const test = suite("runtime/measure/prior-comparison");

const nothing = { sweep: [], tolerance: 0, excess: 0, recurrence: 0 };
const told = ({ low, high }: IntervalOf) => low !== null && high !== null && (low > 0 || high < 0);
/** The same table of some chains alone. */
function someChains(table: ChiTable, kept: readonly number[]): ChiTable {
  const size = table.chi.length;
  const some = emptyTable(table.tokens, table.components, kept.length);
  for (const [at, m] of kept.entries()) {
    const of = (values: Float32Array) => values.subarray(m * size, (m + 1) * size);
    const [own, correlation] = [of(table.byChain), of(table.correlation.byChain)];
    some.byChain.set(own, at * size);
    some.correlation.byChain.set(correlation, at * size);
    for (let i = 0; i < size; i++) {
      some.chi[i] += own[i] / kept.length;
      some.correlation.values[i] += correlation[i] / kept.length;
    }
  }
  return some;
}

/** Most calls out of `repeats` that a rate of 5 % passes in all but one of a thousand tries. */
function most(repeats: number): number {
  let chance = 0.95 ** repeats;
  let below = chance;
  let count = 0;
  for (; below < 0.999; count++) {
    chance *= ((repeats - count) / (count + 1)) * (0.05 / 0.95);
    below += chance;
  }
  return count;
}

const { SPECTROSCOPE_REPEATS: asked } = process.env;

test("two halves of the chains of one prior are hardly ever told apart", async (t) => {
  const repeats = asked ? Number(asked) : 30;
  // Chains of a prior are independent draws: a repeat takes eight of them, and deals them out as two measurements.
  const sets = [
    "weight_restrictions=l1h0,l1h1,l1h2,l1h3,l1h4,l1h5,l1h6,l1h7,unembed",
    ...["sampler.n_beta=0", "sampler.num_chains=48", "sampler.num_draws=16", "probe_sequences=8", "keep_traces=false"],
    ...[`cluster.comparison=${asked ? 1 : 0}`, "acceptance_checks=0"],
  ];
  const subject = await quickSubject(...sets);
  const { config, corpora } = subject;
  const run = await sample({ ...subject, device: await wasmDevice(), store: new MemoryStore() });
  const components = config.weight_restrictions;
  const table = await chiTable(run, components, chiRequestOf(config));
  const context = { config, components, probe: corpora.probe, threads: 1 };
  const calls: Record<string, number> = {};
  const call = (name: string, yes: boolean) => {
    calls[name] = (calls[name] ?? 0) + (yes ? 1 : 0);
  };
  const reach: Record<string, number> = {};
  for (let repeat = 0; repeat < repeats; repeat++) {
    const { uniform } = makeRandom(repeat);
    const order = Array.from({ length: config.sampler.num_chains }, (_, m) => ({ m, at: uniform() }))
      .sort((a, b) => a.at - b.at)
      .map(({ m }) => m);
    const measured = (name: string, kept: readonly number[]) => {
      return { features: name, draws: config.sampler.num_draws, evidence: evidenceOf(someChains(table, kept), config) };
    };
    const [first, second] = [measured("first", order.slice(0, 4)), measured("second", order.slice(4, 8))];
    const [{ scores, clusters, columns }] = await compareMeasured(context, first, [second]);
    for (const { measure: name, difference } of scores) {
      call(name, told(difference));
      reach[name] = (reach[name] ?? 0) + (difference.high! - difference.low!) / 2 / repeats;
    }
    if (clusters) call("clusters", told(clusters.excess) && clusters.excess.high! < 0);
    call("all columns", told(columns!.together) && columns!.together.high! < 0);
    call("some column", columns!.apart > 0);
  }
  t.note(`of ${repeats}: ${JSON.stringify(calls)}; half the interval's length, mean: ${JSON.stringify(reach)}`);
  assert.ok(Object.keys(calls).length >= 3);
  for (const [name, count] of Object.entries(calls)) assert.ok(count <= most(repeats), `${name}: ${count}`);
});

/** Roles of made-up tokens. */
const ROLES = 4;
const TOKENS = 64;
const roles = { numbers: Int32Array.from({ length: TOKENS }, (_, i) => i % ROLES), names: ["a", "b", "c", "d"] };
const components = ["l0h0", "l0h1", "l0h2", "l0h3", "l0h4"];

/** Stored units of chi, and of a prior in which `share` of a token's answer is its role's. */
async function madeUpRun(share: number): Promise<Run> {
  const [draws, chains] = [12, 4];
  const names = components.flatMap((name) => [name, `${name} n_beta=0`]);
  const run = await Run.begin(new MemoryStore(), {
    config: {},
    provenance: {},
    plan: plannedUnits(names, { draws, chains }),
  });
  for (const [index, name] of names.entries()) {
    const random = makeRandom(40 + index);
    const [own, byRole] = [makeRandom(900 + (index >> 1)), makeRandom(500 + (index >> 1))];
    const role = Array.from({ length: ROLES }, () => byRole.normal());
    const kept = index % 2 === 0 ? 1 : share;
    const other = makeRandom(700 + index);
    const answer = Array.from({ length: TOKENS }, (_, i) => {
      const token = kept === 1 ? own.normal() : other.normal();
      return kept * role[i % ROLES] + (kept === 1 ? 0.3 : 1) * token;
    });
    const mean = answer.reduce((a, b) => a + b, 0) / TOKENS;
    const traces: number[] = [];
    const phi: number[] = [];
    for (let row = 0; row < draws * chains; row++) {
      const size = random.normal();
      const losses = answer.map((a) => size * (1 + a - mean) + 0.3 * random.normal());
      traces.push(...losses);
      phi.push(losses.reduce((a, b) => a + b, 0) / TOKENS);
    }
    const sizes = { draws, chains, tokens: TOKENS };
    await storeUnit(run, name, { sizes, traces: Float32Array.from(traces), phi: Float32Array.from(phi) });
  }
  return run;
}

const config = settledConfig({}, "test", [
  ...["trace_rank=4", "cluster.k=6", "sampler.num_chains=4", "controls.equal_rise=false"],
]);
const labels = { roles, modes: { numbers: new Int32Array(TOKENS), names: ["all"] } };

async function comparedRun(share: number, own: Partial<ComparisonContext> = {}): Promise<PriorComparison[]> {
  const run = await madeUpRun(share);
  const context = { run, config, components, probe: { labels }, threads: 1, ...own };
  return comparePriors(context, await chiTable(run, components, chiRequestOf(config)));
}

test("chi and a prior of the same answers cannot be told apart, and the words say no more", async () => {
  const [chi, traces, ...more] = await comparedRun(1);
  assert.equal(more, []);
  assert.equal([chi.features, chi.against, chi.draws], ["chi", "chi, n_beta = 0", [12, 12]]);
  assert.equal([traces.features, traces.against], ["trace features", "trace features, n_beta = 0"]);
  assert.equal(
    chi.scores.map(({ measure }) => measure),
    ["mean best F1", "kNN accuracy"],
  );
  assert.is(chi.columns?.apart, 0);
  assert.ok(Math.abs(chi.columns!.correlation! - 1) < 0.02, `${chi.columns!.correlation}`);
  assert.match(
    chi.said[0],
    /^chi and chi, n_beta = 0 cannot be told apart by known roles at these settings \(4 chains x 12 draws,/,
  );
  assert.is(chi.said.filter((sentence) => /cannot be told apart/.test(sentence)).length, 3);
  assert.is(traces.said.length, 1);
  // Same seed, same bytes.
  assert.is(JSON.stringify(await comparedRun(1)), JSON.stringify([chi, traces]));
});

test("a prior whose answers are its own is told apart, by roles and by columns", async () => {
  const [chi] = await comparedRun(0.2);
  const [, accuracy] = chi.scores;
  assert.ok(accuracy.difference.low! > 0.1, JSON.stringify(accuracy));
  assert.ok(chi.columns!.apart >= 4, `${chi.columns!.apart}`);
  assert.match(
    chi.said[0],
    /^chi and chi, n_beta = 0 differ by known roles \(.*kNN accuracy of chi is higher by 0\.\d{3}/,
  );
  assert.match(chi.said[2], /^Columns of chi and chi, n_beta = 0 differ by more than their noise/);
});

test("without roles by clusters and columns, with comparison 0 by columns and neighbors; none without chains enough", async () => {
  const [chi, ...more] = await comparedRun(1, { probe: {} });
  assert.equal(more, []);
  assert.equal(chi.scores, []);
  assert.ok(chi.clusters && chi.said.length === 2);
  const bare = { ...config, keep_traces: false, cluster: { ...config.cluster, comparison: 0 } };
  const [quick] = await comparedRun(1, { config: bare });
  assert.is(quick.clusters, undefined);
  assert.equal(
    quick.scores.map(({ measure }) => measure),
    ["kNN accuracy"],
  );
  const few = { ...config, sampler: { ...config.sampler, num_chains: 2 } };
  assert.equal(await comparedRun(1, { config: few }), []);
  assert.equal(await comparedRun(1, { config: { ...config, sampler: { ...config.sampler, n_beta: 0 } } }), []);
});

test("F1 is of every chain's own clusters, the same seeds and weights for both; ARI of all pairs of them", async () => {
  const run = await madeUpRun(1);
  const chi = await chiTable(run, components, chiRequestOf(config));
  const jobs: PartJob[] = [];
  const clusters: ClusterParts = async (asked) => {
    jobs.push(...asked);
    // Chains of the first have clusters that are roles, of the second halves of them.
    return asked.map((_, job) => {
      const half = job >= asked.length / 2;
      const sets = Array.from({ length: ROLES }, (_, role) => {
        const members = Array.from({ length: TOKENS }, (_, i) => i).filter(
          (i) => i % ROLES === role && (!half || i < 32),
        );
        return { id: role, size: members.length, members, conductance: 0, seed: role, ...nothing };
      });
      return {
        clusters: sets,
        labels: Int32Array.from({ length: TOKENS }, (_, i) => (!half || i < 32 ? i % ROLES : -1)),
      };
    });
  };
  const own = { ...config, cluster: { ...config.cluster, comparison: 2 } };
  const context = { run, config: own, components, probe: { labels } };
  const [{ scores, clusters: found }] = await comparePriors(context, chi, clusters);
  assert.is(jobs.length, 2 * 4 * 2);
  assert.equal(
    new Set(jobs.map(({ config: { seed, null_draws } }) => `${seed} ${null_draws}`)),
    new Set(["1 1", "2 1"]),
  );
  assert.is(new Set(jobs.map(({ options }) => options.weights)).size, 1);
  assert.equal(scores[0].means, [1, 2 / 3]);
  assert.equal(scores[0].difference, { value: 1 - 2 / 3, error: 0, low: 1 - 2 / 3, high: 1 - 2 / 3 });
  assert.equal(found?.within, [1, 1]);
});

test.run();
