/**
 * What is said of chi beside its prior. That it calls no difference where there is none is tried on nano: halves of the chains of one
 * prior. Here on a few repeats; `SPECTROSCOPE_REPEATS=100 npm test -- runtime/measure/prior-comparison --grep "one prior"` tries it
 * on as many, with clusterings.
 */
import * as assert from "uvu/assert";
import { wasmDevice } from "../../harness/test/device";
import { quickSubject } from "../../harness/test/quick-run";
import { suite } from "../../harness/test/suite";
import { makeRandom } from "../cluster/random";
import { MemoryStore } from "../store/memory-store";
import { type ChiTable, emptyTable } from "../susceptibility/chi-table";
import { evidenceOf } from "./chi-clusters";
import { chiTable } from "./chi-tables";
import { chiRequestOf } from "./feature-rows";
import { sample } from "./measure";
import { compareMeasured } from "./prior-comparison";
import type { IntervalOf } from "./report-data";

const test = suite("runtime/measure/prior-comparison");

const told = ({ low, high }: IntervalOf) => low !== null && high !== null && (low > 0 || high < 0);
/** The same table of some chains alone. */
function someChains(table: ChiTable, kept: readonly number[]): ChiTable {
  const size = table.chi.length;
  const some = emptyTable(table.tokens, table.components, kept.length);
  for (const [at, m] of kept.entries()) {
    const own = table.byChain.subarray(m * size, (m + 1) * size);
    some.byChain.set(own, at * size);
    for (let i = 0; i < size; i++) some.chi[i] += own[i] / kept.length;
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

test.run();
