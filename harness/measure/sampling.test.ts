/** What sampling stores: traces, phi, sums and settings that belong to each other; an interrupt loses whole units only. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { SpectroscopeError } from "../../kernels/errors";
import { generate } from "../../models/nano/corpus";
import { loadModel } from "../../models/weights";
import { projectRoot } from "../../runtime/device/root";
import type { SamplerSettings } from "../../runtime/sampler/settings";
import { RunDirectory } from "../../runtime/store/run-directory";
import { sumsFromTraces } from "../../runtime/susceptibility/estimate";
import { Progress } from "../cli/progress";
import { testDevice } from "../test/device";
import { suite } from "../test/suite";
import { readStored } from "./features";
import { sampleUnits } from "./sampling";
import type { UnitPlan } from "./units";

const test = suite("harness/measure/sampling", { gpu: true });
const CONTEXT = 8;
const settings: SamplerSettings = {
  seed: 2,
  lr: 0.01,
  n_beta: 10,
  localization: 100,
  noise_level: 1,
  num_chains: 2,
  num_draws: 3,
  num_burnin_steps: 1,
  num_steps_bw_draws: 1,
  batch_size: 2,
};
const units: UnitPlan[] = [
  { name: "l0h1", restriction: "l0h1", sampler: "sgld", settings },
  {
    name: "l0h1 n_beta=0",
    restriction: "l0h1",
    sampler: "gaussian",
    settings: { ...settings, n_beta: 0, num_draws: 2 },
  },
];
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-sampling-"));
});
test.after(() => rm(folder, { recursive: true, force: true }));

test("an interrupted unit leaves nothing; taken up again, stored sums are those of the stored traces", async () => {
  const { ids } = generate({ seed: 5, sequences: 3, context: CONTEXT });
  const directory = await RunDirectory.open(join(folder, "run"), {
    config: {},
    provenance: {},
    units: units.map(({ name }) => name),
  });
  let asked = 0;
  const context = {
    device: await testDevice(),
    model: await loadModel(join(projectRoot(), "models", "nano")),
    text: { pool: { ids, columns: CONTEXT + 1 }, probe: { ids, columns: CONTEXT + 1 } },
    directory,
    units,
    progress: new Progress(true),
    interrupted: () => ++asked > 4,
  };
  let stopped: SpectroscopeError | undefined;
  await sampleUnits(context).catch((error) => {
    stopped = error;
  });
  assert.is(stopped?.code, "interrupted");
  assert.match(stopped!.line, /l0h1 n_beta=0, draw 1 of 2; .*1 of 2 units are done/);
  assert.equal(directory.units("done"), ["l0h1"]);
  await sampleUnits({ ...context, interrupted: () => false });
  assert.equal(directory.units("pending"), []);

  const tokens = 3 * CONTEXT;
  for (const unit of units) {
    const { sums, traces, baseline, lr } = await readStored(directory, unit.name);
    const { num_draws: draws, num_chains: chains } = unit.settings;
    assert.equal([sums.draws, sums.chains, sums.tokens, lr], [draws, chains, tokens, settings.lr]);
    assert.is(baseline.length, tokens);
    const sizes = { draws, chains, tokens };
    const near = (a: number, b: number, what: string) =>
      assert.ok(Math.abs(a - b) < 1e-5, `${unit.name}, ${what}: ${a}, expected ${b}`);
    for (let row = 0; row < draws * chains; row++) {
      const mean = traces.subarray(row * tokens, (row + 1) * tokens).reduce((a, b) => a + b, 0) / tokens;
      near(sums.phi[row], mean, `phi of row ${row}`);
    }
    const expected = sumsFromTraces(traces, sums.phi, sizes);
    for (let i = 0; i < chains * tokens; i++) {
      near(sums.sumD[i], expected.sumD[i], `sum of d ${i}`);
      near(sums.sumPhiD[i], expected.sumPhiD[i], `sum of phi d ${i}`);
    }
    assert.not.equal(traces.slice(0, tokens), traces.slice(tokens, 2 * tokens), "chains differ");
    assert.not.equal(traces.slice(0, tokens), traces.slice(chains * tokens, (chains + 1) * tokens), "draws differ");
  }
});

test.run();
