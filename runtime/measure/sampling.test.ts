/**
 * What sampling stores: traces, phi, sums and settings that belong to each other; whatever stops it, going on gives the bytes
 * that a run without a stop has.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { differingFiles, folderBytes, isResult } from "../../harness/test/folder-bytes";
import { shiftedSumsOf } from "../../harness/test/made-up-unit";
import { nanoFolder } from "../../harness/test/nano";
import { CONTEXT, generatedRows, shortChains } from "../../harness/test/short-chains";
import { stopAfter } from "../../harness/test/stop-after";
import { alter, flipped } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import type { SpectroscopeError } from "../../kernels/errors";
import type { LoadedModel } from "../../models/weights";
import type { SamplerSettings } from "../config/sampler";
import { DirectoryStore } from "../node/directory-store";
import { chainWork } from "../sampler/chain-work";
import { Laboratory } from "../sampler/laboratory";
import { readCheckpoint, writeCheckpoint } from "../store/checkpoint";
import { Run } from "../store/run";
import { sumsFromTraces } from "../susceptibility/estimate";
import { parseRestriction } from "../transformer/restriction";
import { chiTable, openUnit } from "./chi-tables";
import type { MeasureEvent } from "./events";
import { placeTexts, type SamplingContext, sampleUnits } from "./sampling";
import type { SampledTexts } from "./texts";
import { sampleJobs } from "./unit-sampler";
import type { UnitPlan } from "./units";

const test = suite("runtime/measure/sampling", { gpu: true });
const settings = shortChains(2, 3);
const unit = (name: string, changes: Partial<SamplerSettings> = {}): UnitPlan => ({
  name,
  restriction: name.split(" ")[0],
  settings: { ...settings, ...changes },
  chains: [0, 1],
});
const units = [unit("l0h1"), unit("l0h1 n_beta=0", { n_beta: 0, num_draws: 2 })];
const [probe, pool] = [generatedRows(3, 5), generatedRows(4, 6)];

let folder = "";
let model: LoadedModel;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-sampling-"));
  model = await nanoFolder();
});
test.after(() => rm(folder, { recursive: true, force: true }));

const opened = (name: string, plan: readonly UnitPlan[]) =>
  Run.begin(new DirectoryStore(join(folder, name)), { config: {}, provenance: {}, plan });

const CONFIG = { components_at_once: 0, estimator: "single_chain" } as const;

async function context(
  run: Run,
  plan: readonly UnitPlan[],
  changes: Partial<SamplingContext> = {},
): Promise<SamplingContext> {
  return {
    device: await testDevice(),
    model,
    texts: { pool, probe },
    run,
    units: plan,
    config: { ...CONFIG, keep_traces: true, keep_modes: true, checkpoint_draws: 2, acceptance_checks: 2 },
    ...changes,
  };
}

test("an interrupted unit is not there; taken up again, stored sums are those of the stored traces", async () => {
  const directory = await opened("run", units);
  const given = await context(directory, units);
  let stopped: SpectroscopeError | undefined;
  await sampleUnits({ ...given, ...stopAfter(5) }).catch((error) => {
    stopped = error;
  });
  assert.is(stopped?.code, "interrupted");
  assert.match(stopped!.line, /l0h1 n_beta=0, draw 1 of 2; .*1 of 2 units are done/);
  assert.equal(directory.units("done"), ["l0h1"]);
  await sampleUnits(given);
  assert.equal(directory.units("pending"), []);

  const tokens = 3 * CONTEXT;
  for (const { name, settings: own } of units) {
    const stored = await openUnit(directory, name);
    const { num_draws: draws, num_chains: chains } = own;
    assert.equal([stored.draws, stored.chains, stored.tokens], [draws, chains, tokens]);
    const { lr, n_beta, init_seed } = stored.config.sampler as Record<string, number>;
    assert.equal([lr, n_beta, init_seed], [own.lr, own.n_beta, own.seed]);
    assert.equal(stored.facts.sampler, own.n_beta === 0 ? "gaussian" : "sgld");
    assert.equal(stored.facts.chains, [0, 1]);
    assert.equal(Array.from(await stored.ids()), Array.from(probe.ids));
    const [traces, baseline, initLoss] = [await stored.rises(), await stored.baseline(), await stored.initLoss()];
    // d has no more digits than losses of some nats in f32 have: 3e-7 each, over few draws.
    const near = (a: number, b: number, what: string) =>
      assert.ok(Math.abs(a - b) < 1e-5, `${name}, ${what}: ${a}, expected ${b}`);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
    near(mean(initLoss), mean(baseline), "mean of init_loss");
    const sums = await stored.sums();
    for (let row = 0; row < draws * chains; row++) {
      near(sums.phi[row], mean(traces.subarray(row * tokens, (row + 1) * tokens)), `phi of row ${row}`);
    }
    const phi = sums.phi as Float32Array;
    const expected = sumsFromTraces(traces, phi, { draws, chains, tokens });
    const { lag } = sums.shifted!;
    assert.is(lag, Math.floor(draws / 2));
    const shifted = shiftedSumsOf({ traces, phi, sizes: { draws, chains, tokens } }, lag);
    for (let i = 0; i < chains * tokens; i++) {
      near(sums.sumD[i], expected.sumD[i], `sum of d ${i}`);
      near(sums.sumPhiD[i], expected.sumPhiD[i], `sum of phi d ${i}`);
      near(sums.m2[i], expected.m2[i], `squares ${i}`);
      near(sums.shifted!.sumD[i], shifted.sumD[i], `shifted sum of d ${i}`);
      near(sums.shifted!.sumPhiD[i], shifted.sumPhiD[i], `shifted sum of phi d ${i}`);
    }
    const logs = await stored.logAcceptance();
    assert.is(
      logs?.length,
      own.n_beta === 0 ? undefined : 2 * chains,
      "where it is drawn directly nothing is accepted",
    );
    assert.not.equal(traces.slice(0, tokens), traces.slice(tokens, 2 * tokens), "chains differ");
    assert.not.equal(traces.slice(0, tokens), traces.slice(chains * tokens, (chains + 1) * tokens), "draws differ");
  }
});

/** Whatever a unit can be: plain, preconditioned, with momenta, drawn directly. */
const kinds = [
  unit("l0h1", { num_draws: 7 }),
  unit("l1h2", { num_draws: 7, sampling_method: "rmsprop_sgld", lr: 0.001, bounding_box_size: 0.02 }),
  unit("l1h3", { num_draws: 7, sampling_method: "sgmcmc_baoab", batch_size: 0 }),
  unit("embed n_beta=0", { n_beta: 0, num_draws: 5 }),
];

for (const keep of [true, false]) {
  for (const task of [undefined, generatedRows(2, 6)]) {
    const what = `${keep ? "with" : "without"} traces${task ? ", another sampling task" : ""}`;
    test(`stopped after every draw it comes to the same bytes, ${what}`, async () => {
      const texts: SampledTexts = { pool, probe, ...(task ? { task } : {}) };
      const config = { ...CONFIG, keep_traces: keep, keep_modes: keep, checkpoint_draws: 2, acceptance_checks: 3 };
      const whole = await opened(`whole ${what}`, kinds);
      await sampleUnits(await context(whole, kinds, { texts, config }));
      const path = join(folder, `stopped ${what}`);
      let stops = 0;
      for (;;) {
        const directory = await opened(`stopped ${what}`, kinds);
        // Every process gets two draws further than the checkpoint that it began with, so something is always lost.
        const given = await context(directory, kinds, { texts, config, ...stopAfter(3) });
        const error = await sampleUnits(given).then(
          () => undefined,
          (thrown) => thrown,
        );
        if (!error) break;
        assert.is(error.code, "interrupted", error.stack);
        assert.ok(++stops < 20, "it gets on");
      }
      assert.ok(stops >= 3, `stopped ${stops} times`);
      const wanted = folderBytes(whole.name, isResult);
      assert.equal(differingFiles(folderBytes(path, isResult), wanted), []);
      assert.is(
        Object.keys(wanted).some((name) => name.includes("/loss_")),
        keep,
      );
      assert.is(
        Object.keys(wanted).some((name) => name.includes("/input_ids_pool")),
        task !== undefined,
      );
      assert.equal(
        (await readdir(path)).filter((name) => /partial|checkpoint/.test(name)),
        [],
      );
      if (!task || !keep) return;
      const stored = await openUnit(whole, "l0h1");
      const own = await stored.traces("pool");
      const tokens = 2 * CONTEXT;
      const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
      const atStart = mean(await stored.initLoss());
      const phi = await stored.phi();
      for (let row = 0; row < phi.length; row++) {
        const rise = mean(own.subarray(row * tokens, (row + 1) * tokens)) - atStart;
        assert.ok(Math.abs(phi[row] - rise) < 1e-5, `row ${row}: ${phi[row]}, expected ${rise}`);
      }
    });
  }
}

test("a checkpoint that is damaged, which is said, or another run's is not gone on with", async () => {
  const plan = [unit("l0h1", { num_draws: 5 })];
  const whole = await opened("undamaged", plan);
  await sampleUnits(await context(whole, plan));
  const wanted = folderBytes(whole.name, isResult);
  const lab = new Laboratory(await testDevice(), model.model, model.weights);
  const texts = placeTexts(lab, { pool, probe });
  const [{ restriction, settings: own, chains }] = plan;
  const spec = {
    ...texts,
    pairs: true,
    restriction: parseRestriction(restriction, model.model),
    ...{ settings: own, chains, acceptanceChecks: 2 },
  };
  const damages: Record<string, (run: Run, key: string) => Promise<void>> = {
    damaged: ({ store }, key) => alter(store, key, (bytes) => flipped(bytes.length >> 1)(bytes)),
    foreign: async ({ store }, key) => {
      const { facts, arrays } = (await readCheckpoint(store, key))!;
      await writeCheckpoint(store, key, { facts: { ...facts, identity: "another" }, arrays });
    },
  };
  for (const [kind, damage] of Object.entries(damages)) {
    const directory = await opened(kind, plan);
    const keep = { keep_traces: true, keep_modes: true, checkpoint_draws: 2 };
    const flops = chainWork(lab, spec).total.flops;
    const job = { lab, unit: plan[0], spec, flops, texts: { pool, probe }, run: directory, keep };
    const said: string[] = [];
    const begun: number[] = [];
    const sampled = (until: number) =>
      sampleJobs(
        [job],
        (drawn) => {
          begun.push(drawn);
          if (drawn === until) throw new Error("stop");
        },
        (event) => {
          if (event.kind === "say") said.push(event.text);
        },
      );
    await sampled(3).catch((error) => assert.is(error.message, "stop"));
    const key = directory.checkpointKey("l0h1");
    assert.is((await readCheckpoint(directory.store, key))!.facts.drawn, 2);
    await damage(directory, key);
    begun.length = 0;
    await sampled(-1);
    assert.equal(begun, [0, 1, 2, 3, 4, 5], `${kind}: it begins anew`);
    const why = { damaged: "is not what was written", foreign: "that of this unit of this run" }[kind];
    assert.is(said.length, 1);
    assert.match(said[0], new RegExp(`l0h1\\.checkpoint: .*${why}.*: l0h1 begins anew`));
    assert.equal(differingFiles(folderBytes(directory.name, isResult), wanted), []);
  }
  lab.close();
});

test("what is told: every draw with its phi, chi of a component when its unit is done, work that ends at its total", async () => {
  const run = await opened("told", units);
  const events: MeasureEvent[] = [];
  await sampleUnits({ ...(await context(run, units)), on: (event) => events.push(event) });
  const draws = events.flatMap((event) => (event.kind === "draw" ? [event] : []));
  for (const { name, settings: own } of units) {
    const told = draws.filter((event) => event.unit === name);
    assert.equal(
      told.map(({ draw }) => draw),
      Array.from({ length: own.num_draws }, (_, s) => s + 1),
    );
    assert.equal(
      told.flatMap(({ phi }) => Array.from(phi)),
      Array.from(await (await openUnit(run, name)).phi()),
    );
  }
  const columns = events.flatMap((event) => (event.kind === "column" ? [event] : []));
  assert.equal(
    columns.map(({ component }) => component),
    ["l0h1"],
    "of a component, not of its control",
  );
  const { chi } = await chiTable(run, ["l0h1"], { estimator: "single_chain", seed: 0 });
  assert.equal(Array.from(Float32Array.from(columns[0].chi)), Array.from(chi));
  const work = events.flatMap((event) => (event.kind === "work" ? [event] : []));
  assert.ok(
    work.every(({ task, done, total }, i) => task === "sampling" && done <= total && done >= (work[i - 1]?.done ?? 0)),
  );
  assert.ok(Math.abs(work.at(-1)!.done / work[0].total - 1) < 1e-12);
});

test.run();
