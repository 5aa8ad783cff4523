/** Units of one layer sampled together: the files of each alone, wherever and whenever that stops. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { testDevice, wasmDevice } from "../../harness/test/device";
import { differingFiles, folderBytes, isResult } from "../../harness/test/folder-bytes";
import { nanoFolder } from "../../harness/test/nano";
import { generatedRows, shortChains } from "../../harness/test/short-chains";
import { stopAfter } from "../../harness/test/stop-after";
import { suite } from "../../harness/test/suite";
import { preset } from "../../models/nano/preset";
import type { LoadedModel } from "../../models/weights";
import type { SamplerSettings } from "../config/sampler";
import { DirectoryStore } from "../node/directory-store";
import type { Device } from "../plan/device";
import { chainWork } from "../sampler/chain-work";
import { Laboratory } from "../sampler/laboratory";
import { Run } from "../store/run";
import { parseRestriction } from "../transformer/restriction";
import { roomBeside } from "../webgpu/device";
import type { Attention } from "./events";
import { grouped, limitOf, nameOf, type PlannedUnit } from "./grouping";
import { sample } from "./measure";
import { placeTexts, type SamplingContext, sampleUnits, workLine } from "./sampling";
import type { UnitPlan } from "./units";

const test = suite("runtime/measure/grouping", { gpu: true });
const settings = shortChains(4, 5);
const unit = (restriction: string, changes: Partial<SamplerSettings> = {}, suffix = ""): UnitPlan => ({
  name: restriction + suffix,
  restriction,
  settings: { ...settings, ...changes },
  chains: [0, 1, 2, 3],
});
const prior = { n_beta: 0, num_draws: 4 };
/** In a run's own order: what can be put together is not side by side. */
const units = [
  unit("embed"),
  unit("l0h1"),
  unit("l1h2", { lr: 0.02, localization: 50 }),
  unit("l0 mlp"),
  unit("l1 mlp[0:32]"),
  unit("l1 mlp"),
  unit("l0h1", prior, " n_beta=0"),
  unit("l0 mlp", prior, " n_beta=0"),
  ...["l0h1", "l0 mlp"].map((name) => ({
    ...unit(name, prior, " n_beta=0 at equal rise"),
    match: { chains: name, prior: `${name} n_beta=0` },
  })),
];
const texts = { probe: generatedRows(2, 5), pool: generatedRows(4, 6), task: generatedRows(4, 7) };

let folder = "";
let model: LoadedModel;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-together-"));
  model = await nanoFolder();
});
test.after(() => rm(folder, { recursive: true, force: true }));

const opened = (name: string) =>
  Run.begin(new DirectoryStore(join(folder, name)), { config: {}, provenance: {}, plan: units });

async function context(name: string, componentsAtOnce: number, attention: Attention = {}): Promise<SamplingContext> {
  const config = {
    ...{
      keep_traces: true,
      keep_modes: true,
      checkpoint_draws: 2,
      acceptance_checks: 2,
      components_at_once: componentsAtOnce,
    },
    estimator: "single_chain" as const,
  };
  return { device: await testDevice(), model, texts, run: await opened(name), units, config, ...attention };
}

const bytesOf = (name: string) => folderBytes(join(folder, name), isResult);

/** Units as sampling plans them, in a directory. */
async function groupsOf(name: string, componentsAtOnce: number, device?: Device): Promise<string[][]> {
  const lab = new Laboratory(await testDevice(), model.model, model.weights);
  const placed = placeTexts(lab, texts);
  const planned = units.map((one): PlannedUnit => {
    const restriction = parseRestriction(one.restriction, model.model);
    const spec = { ...placed, restriction, settings: one.settings, chains: one.chains, acceptanceChecks: 2 };
    return { unit: one, spec, work: chainWork(lab, spec) };
  });
  if (device) Object.assign(lab, { device });
  const groups = await grouped(lab, planned, await opened(name), componentsAtOnce);
  lab.close();
  return groups.map((members) => members.map((member) => member.unit.name));
}

test("a run made together, by twos or as many as there are, has the bytes of one made alone", async () => {
  const alone = await sampleUnits(await context("alone", 1));
  const wanted = bytesOf("alone");
  assert.ok("samples_l1h2.zarr/zarr.json" in wanted && "manifest.json" in wanted);
  for (const count of [2, 99]) {
    const found = await sampleUnits(await context(`by ${count}`, count));
    assert.equal(differingFiles(bytesOf(`by ${count}`), wanted), []);
    assert.equal([found.flops, found.wholeFlops], [alone.flops, alone.wholeFlops]);
  }
});

test("stopped again and again, alone and together by turns, it comes to the same bytes", async () => {
  const wanted = bytesOf("alone");
  let stops = 0;
  for (;;) {
    // Every process gets two draws further than the checkpoints that it began with, so something is always lost.
    const given = await context("turns", [1, 99, 2][stops % 3], stopAfter(3));
    const error = await sampleUnits(given).then(
      () => undefined,
      (thrown) => thrown,
    );
    if (!error) break;
    assert.is(error.code, "interrupted", error.stack);
    if (stops === 1) assert.match(error.message, /stopped at l0h1 and 1 other, draw \d of 5/);
    assert.ok(++stops < 30, "it gets on");
  }
  assert.ok(stops >= 5, `stopped ${stops} times`);
  assert.equal(differingFiles(bytesOf("turns"), wanted), []);
});

test("units are together that are of one layer and kind and stand at the same draw, and no more than fit", async () => {
  const priors = ["", " at equal rise"].map((what) => [`l0h1 n_beta=0${what}`, `l0 mlp n_beta=0${what}`]);
  const all = [["embed"], ["l0h1", "l0 mlp"], ["l1h2", "l1 mlp[0:32]", "l1 mlp"], ...priors];
  assert.equal(await groupsOf("none", 99), all);
  assert.equal(await groupsOf("none", 2), [all[0], all[1], all[2].slice(0, 2), ["l1 mlp"], ...priors]);
  const each = units.map(({ name }) => [name]);
  assert.equal(await groupsOf("none", 1), each);
  const device = await testDevice();
  const room = (software: boolean, maxBufferSize = 2 ** 40): Device => {
    const facts = { ...device.facts, software, limits: { ...device.facts.limits, maxBufferSize } };
    return { ...device, roomBeside: roomBeside(facts, 2 ** 40) };
  };
  assert.equal(await groupsOf("none", 0, room(true)), each, "a software adapter");
  assert.equal(await groupsOf("none", 0, room(false)), all, "a GPU");
  assert.equal(await groupsOf("none", 0, room(false, 1024)), each, "a GPU without room");
  assert.is(limitOf(room(false), 0).bytes, 2 ** 28);
  assert.is(limitOf(await wasmDevice(), 0).units, 1);
  // l1h2 is left at draw 2, the others of its layer have not begun.
  const only = await context("apart", 1, stopAfter(3));
  await sampleUnits({ ...only, units: [units[2]] }).catch((error) => assert.is(error.code, "interrupted"));
  assert.equal(await groupsOf("apart", 99), [...all.slice(0, 2), ["l1h2"], ["l1 mlp[0:32]", "l1 mlp"], ...priors]);
});

test("the setting is no part of what a run is compared by", async () => {
  const out = join(folder, "compared");
  const small = {
    weight_restrictions: ["l0h0", "l0h1"],
    probe_sequences: 2,
    pool_sequences: 2,
    sampler: { num_chains: 2, num_draws: 4, num_burnin_steps: 0, num_steps_bw_draws: 1 },
    controls: { n_beta_zero: false, equal_rise: false },
    checkpoint_draws: 1,
  };
  const sampled = async (componentsAtOnce: number, attention: Attention = {}) => {
    const config = settledConfig({ ...small, components_at_once: componentsAtOnce }, "test", []);
    const corpora = preset.corpora(config, model.model.dims.positions);
    const store = new DirectoryStore(out);
    return sample({ config, model, corpora, store, device: await testDevice(), ...attention });
  };
  await sampled(2, stopAfter(2)).catch((error) => assert.is(error.code, "interrupted", error.stack));
  const directory = await sampled(1);
  assert.equal(directory.units("pending"), []);
  assert.not.ok("components_at_once" in directory.config);
});

test("what sampling took is said in a line, and the units sampled together by their first", () => {
  assert.is(workLine(12.34e9, 49.36e9), "sampling took 12.3 GFLOP, 25 % of what whole-model passes would take");
  assert.is(workLine(12345e9, 12345e9), "sampling took 12345 GFLOP, 100 % of what whole-model passes would take");
  const one = { unit: units[1] } as PlannedUnit;
  assert.is(nameOf([one]), "l0h1");
  assert.is(nameOf([one, one]), "l0h1 and 1 other");
  assert.is(nameOf([one, one, one]), "l0h1 and 2 others");
});

test.run();
