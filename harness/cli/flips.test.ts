/** A bit that flips in any file of an analyzed run changes nothing that anybody is told, or is told itself. */
import * as assert from "uvu/assert";
import { SpectroscopeError } from "../../kernels/errors";
import { preset } from "../../models/nano/preset";
import type { JsonObject } from "../../runtime/formats/json";
import { chiTable, openUnit } from "../../runtime/measure/chi-tables";
import { compareRuns } from "../../runtime/measure/compare";
import { configOf, runConfig } from "../../runtime/measure/config";
import { controlsOf } from "../../runtime/measure/controls";
import { diagnoseUnit } from "../../runtime/measure/diagnose";
import { textHash } from "../../runtime/measure/fingerprint";
import { analyze } from "../../runtime/measure/measure";
import {
  analyzedConfig,
  keepTiming,
  RUN_LEAVES,
  readClusterLines,
  readReportData,
  writeSensitivity,
} from "../../runtime/measure/run-files";
import { MemoryStore } from "../../runtime/store/memory-store";
import { Run } from "../../runtime/store/run";
import { need, type Store } from "../../runtime/store/store";
import { renderReport } from "../report/report";
import { writeReport } from "../report/write";
import { flipStorm, type Reader, stormSize } from "../test/flip-storm";
import { plannedUnits, storeUnit } from "../test/made-up-unit";
import { nanoFolder } from "../test/nano";
import { seededRandom } from "../test/random";
import { suite } from "../test/suite";
import { settledConfig } from "./run-config";

const test = suite("harness/cli/flips");
const CONTEXT = 64;
const sizes = { draws: 12, chains: 3, tokens: 2 * CONTEXT };
const components = ["l0h1", "l0h2", "l1h3", "l1h4"];

/** An analyzed run with everything that commands leave, of made-up draws. */
async function made(seed: number) {
  const store = new MemoryStore(`run ${seed}`);
  const config = settledConfig({}, "test", [
    ...[`weight_restrictions=${components.join(",")}`, "neuron_groups=0", "probe_sequences=2", "pool_sequences=2"],
    ...[`sampler.num_chains=${sizes.chains}`, `sampler.num_draws=${sizes.draws}`, `sampler.seed=${seed}`],
    ...["controls.n_beta_zero=false", "controls.equal_rise=false", "trace_rank=4", "cluster.k=6", "cluster.min_size=4"],
  ]);
  const { cluster, ...sampling } = config;
  const model = await nanoFolder();
  const corpora = preset.corpora(config, model.model.dims.positions);
  const options = {
    config: { ...sampling, inputs: { probe: await textHash(corpora.probe) } } as unknown as JsonObject,
    provenance: { adapter: "made up", software: true, version: "1" },
    plan: plannedUnits(components, sizes),
    cluster: cluster as unknown as JsonObject,
    leaves: RUN_LEAVES,
  };
  const run = await Run.begin(store, options);
  for (const [index, name] of components.entries()) {
    const [answers, noise] = [seededRandom(index), seededRandom(100 * seed + index)];
    const answer = Array.from({ length: sizes.tokens }, () => answers.normal());
    const rows = Array.from({ length: sizes.draws * sizes.chains }, () => {
      const size = 0.3 + 0.1 * noise.normal();
      return answer.map((a) => size * (1 + a) + 0.02 * noise.normal());
    });
    await storeUnit(run, name, {
      ...{ sizes, traces: Float32Array.from(rows.flat()), positions: CONTEXT, facts: { weights: 10 } },
      phi: Float32Array.from(rows, (row) => row.reduce((a, b) => a + b, 0) / sizes.tokens),
    });
  }
  await analyze(run, { config, model, corpora });
  const row = { setting: "lr=0.01", medianSpearman: 0.5, lowestSpearman: 0.25, ari: 0.5, clusters: 3 };
  await writeSensitivity(run, { rows: [{ ...row, columns: [{ name: "l0h1", spearman: 0.5 }], rise: [0.1, 0.2] }] });
  const adapter = { name: "made up", software: true };
  await keepTiming(run, { date: "2026-01-01", version: "1", adapter, seconds: [{ phase: "sampling", seconds: 3 }] });
  await writeReport(run, ".");
  return { store, options };
}

async function copied(store: Store): Promise<MemoryStore> {
  const copy = new MemoryStore(store.name);
  for (const key of await store.list("")) await copy.set(key, await need(store, key));
  return copy;
}

test("every command that uses what changed refuses it by name, and check finds it", async (t) => {
  const [{ store, options }, other] = [await made(1), await made(2)];
  const opened = (read: (run: Run) => Promise<unknown>) => async (from: Store) =>
    JSON.stringify(await read(await Run.open(from)), (_, value) =>
      ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value,
    );
  const readers: Record<string, Reader> = {
    report: async (from) => renderReport(await readReportData(await Run.open(from))),
    controls: opened(controlsOf),
    compare: opened(async (run) => compareRuns(run, await Run.open(other.store))),
    llc: opened((run) => Promise.all(components.map((name) => diagnoseUnit(run, name)))),
    influence: opened(async (run) => (await openUnit(run, "l1h3")).rises()),
    "the table of cluster": opened((run) => {
      const { estimator, sampler } = runConfig(configOf(run), run.name);
      return chiTable(run, components, { estimator, seed: sampler.seed });
    }),
    "cluster --out": opened(readClusterLines),
    "the config of sweep": opened(analyzedConfig),
    sample: async (from) => {
      const run = await Run.begin(await copied(from), options);
      // A unit that begins anew is said so.
      if (run.remarks.length > 0) throw new SpectroscopeError(run.remarks.join(), { hint: "as it says" });
      return run.units("done").join();
    },
  };
  const { refused, same, files } = await flipStorm(store, readers, stormSize(24));
  t.note(`${refused} answers refused, ${same} as before; ${files} files`);
  assert.ok(refused > 20, `${refused} refused`);
});

test.run();
