/** The sampler's randomness, against its definition on the host: which key, which counter, which sequence. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { deriveKey, normals, philox4x32 } from "../../kernels/philox/philox";
import { openFolder } from "../../models/hub/open";
import { generate } from "../../models/nano/corpus";
import type { LoadedModel } from "../../models/weights";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { projectRoot } from "../node/root";
import { gatherBlock } from "../transformer/block";
import { parseRestriction } from "../transformer/restriction";
import { Batches } from "./batches";
import { Chains } from "./chains";
import { Laboratory } from "./laboratory";

const test = suite("runtime/sampler/noise", { gpu: true });
const CONTEXT = 8;
const text = generate({ seed: 12, sequences: 4, context: CONTEXT });
const settings: SamplerSettings = {
  ...plainSgld,
  seed: 9,
  lr: 0.01,
  n_beta: 0,
  localization: 100,
  num_chains: 3,
  num_draws: 2,
  num_burnin_steps: 0,
  num_steps_bw_draws: 1,
  batch_size: 2,
};
let model: LoadedModel;
test.before(async () => {
  model = await openFolder(join(projectRoot(), "models", "nano"));
});

test("batches are the words of their definition: key by seed, restriction, chain; counter by place and update", () => {
  const [seed, chains, pool, size] = [3, 2, 5, 11];
  const batches = new Batches(seed, "l0h3", [0, 1], pool, size);
  const seen = new Set<number>();
  for (const update of [0, 1, 40]) {
    const got = batches.at(update);
    for (let chain = 0; chain < chains; chain++) {
      const key = deriveKey(seed, "l0h3", chain, "batch");
      for (let b = 0; b < size; b++) {
        const word = philox4x32(key, [Math.floor(b / 4), update, 0, 0])[b % 4];
        const want = Math.floor((word * pool) / 2 ** 32);
        assert.is(got[chain * size + b], want, `update ${update}, chain ${chain}, sequence ${b}`);
        seen.add(want);
      }
    }
  }
  assert.is(seen.size, pool, "every sequence is drawn, the last one too");
});

/** The chains' weights after each of two draws, and w*. */
async function draws(name: string, sampler: "sgld" | "gaussian", changes: Partial<SamplerSettings> = {}) {
  const lab = new Laboratory(await testDevice(), model.model, model.weights);
  const pool = lab.addText("pool", text.ids, CONTEXT + 1);
  const probe = lab.addText("probe", text.ids, CONTEXT + 1);
  const restriction = parseRestriction(name, model.model);
  const chains = await Chains.open(lab, { restriction, settings: { ...settings, ...changes }, pool, probe, sampler });
  const center = await gatherBlock(lab.weights, chains.block);
  const w: Float32Array[] = [];
  for (let draw = 0; draw < 2; draw++) {
    await chains.draw();
    w.push(await chains.parameters());
  }
  chains.close();
  lab.close();
  return { w, center };
}

function same(actual: Float32Array, expected: Float64Array, what: string): void {
  const at = actual.findIndex((value, i) => !(Math.abs(value - expected[i]) < 2e-6));
  assert.is(at, -1, `${what}, element ${at}: ${actual[at]}, expected ${expected[at]}`);
}

test("without loss an update is half a step home and noise of its own key, chain and update", async () => {
  for (const name of ["l0h1", "l0h1.k"]) {
    const { w, center } = await draws(name, "sgld");
    const P = center.length;
    for (let chain = 0; chain < settings.num_chains; chain++) {
      const key = deriveKey(settings.seed, name, chain, "noise");
      let gap = new Float64Array(P);
      for (const update of [0, 1]) {
        const z = normals(key, update, P);
        gap = gap.map((d, e) => d - 0.5 * settings.lr * settings.localization * d + Math.sqrt(settings.lr) * z[e]);
        const expected = gap.map((d, e) => center[e] + d);
        same(w[update].subarray(chain * P, (chain + 1) * P), expected, `${name}, chain ${chain}, update ${update}`);
      }
    }
  }
});

test("BAOAB's momenta begin as normals of a key of their own", async () => {
  const { w, center } = await draws("l0h1", "sgld", { sampling_method: "sgmcmc_baoab" });
  const P = center.length;
  const h = Math.sqrt(settings.lr);
  const kept = Math.exp(-settings.friction * Math.sqrt(settings.lr * settings.localization));
  for (let chain = 0; chain < settings.num_chains; chain++) {
    const p = normals(deriveKey(settings.seed, "l0h1", chain, "momentum"), 0, P);
    const z = normals(deriveKey(settings.seed, "l0h1", chain, "noise"), 0, P);
    const expected = p.map((value, e) => center[e] + (h / 2) * (value * (1 + kept) + Math.sqrt(1 - kept ** 2) * z[e]));
    same(w[0].subarray(chain * P, (chain + 1) * P), expected, `chain ${chain}`);
  }
});

test("a whole batch is every sequence of the pool once, the same for every chain and update", () => {
  const batches = new Batches(3, "l0h3", [4, 7], 5, 0);
  for (const update of [0, 9]) assert.equal(Array.from(batches.at(update)), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
});

test("direct draws have keys of their own, and every draw is another", async () => {
  for (const name of ["l0h1", "l0h1.q", "l0h1.v+l0h3.o"]) {
    const { w, center } = await draws(name, "gaussian");
    const P = center.length;
    for (let chain = 0; chain < settings.num_chains; chain++) {
      const key = deriveKey(settings.seed, name, chain, "gaussian");
      for (const draw of [0, 1]) {
        const expected = normals(key, draw, P).map((z, e) => center[e] + z / Math.sqrt(settings.localization));
        same(w[draw].subarray(chain * P, (chain + 1) * P), expected, `${name}, chain ${chain}, draw ${draw}`);
      }
    }
  }
});

test("closed chains and trimmed texts give their memory back", async () => {
  const lab = new Laboratory(await testDevice(), model.model, model.weights);
  const pool = lab.addText("pool", text.ids, CONTEXT + 1);
  const probe = lab.addText("probe", text.ids, CONTEXT + 1);
  const bytes: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const name of ["l1h0", "l1h0.q", "l0 mlp", "embed"]) {
      const restriction = parseRestriction(name, model.model);
      const chains = await Chains.open(lab, { restriction, settings, pool, probe });
      await chains.draw();
      chains.close();
      lab.trim(pool);
      lab.trim(probe);
    }
    bytes.push(lab.memory.bytes);
  }
  assert.is(bytes[2], bytes[1], "a second round of the same components holds no more than the first");
  assert.is(bytes[1], bytes[0]);
  lab.close();
});

test.run();
