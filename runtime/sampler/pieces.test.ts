/** Pieces of heads move, and nothing else does: losses against the model with a chain's weights written into it, on every device. */
import * as assert from "uvu/assert";
import { testDevice, wasmDevice } from "../../harness/test/device";
import { nanoFolder } from "../../harness/test/nano";
import { shortChains } from "../../harness/test/short-chains";
import { suite } from "../../harness/test/suite";
import { generate } from "../../models/nano/corpus";
import type { Device } from "../plan/device";
import { gatherBlock, type ParameterBlock } from "../transformer/block";
import { modelLosses } from "../transformer/losses";
import { parseRestriction } from "../transformer/restriction";
import { memoryTensors, readAll, type Weights } from "../transformer/weights";
import { Chains } from "./chains";
import { Laboratory } from "./laboratory";

const test = suite("runtime/sampler/pieces", { gpu: true });
const CONTEXT = 16;
const COLUMNS = CONTEXT + 1;
const settings = { ...shortChains(2, 2), num_burnin_steps: 2 };
const text = generate({ seed: 14, sequences: 4, context: CONTEXT });
const model = await nanoFolder();
const devices: Record<string, () => Promise<Device>> = { "a GPU": testDevice, "the processor": wasmDevice };

/** Writes one chain's block [P] into a model's weights. */
async function replaced(weights: Weights, { entries }: ParameterBlock, own: Float32Array): Promise<Weights> {
  const all = await readAll(weights);
  for (const { slice, shape, offset } of entries) {
    const { data, shape: whole } = all.get(slice.parameter)!;
    const [width, columns] = [whole[1] ?? 1, shape[1] ?? 1];
    for (let r = 0; r < shape[0]; r++) {
      for (let c = 0; c < columns; c++) {
        const at = ((slice.rows?.[0] ?? 0) + r) * width + (slice.columns?.[0] ?? 0) + c;
        data[at] = own[offset + r * columns + c];
      }
    }
  }
  return memoryTensors(all);
}

for (const [where, open] of Object.entries(devices)) {
  test(`losses of a draw are those of the whole model with the chain's weights in their places: ${where}`, async (t) => {
    const device = await open();
    const lab = new Laboratory(device, model.model, model.weights);
    const pool = lab.addText("pool", text.ids, COLUMNS);
    const probe = lab.addText("probe", text.ids, COLUMNS);
    const still = await modelLosses(device, model, text.ids, COLUMNS);
    for (const name of ["l0h3.q", "l1h2.k", "l0h5.v", "l1h0.o", "l0h5.v+l0h6+l1h1.q"]) {
      for (const n_beta of [10, 0]) {
        const restriction = parseRestriction(name, model.model);
        const chains = await Chains.open(lab, { restriction, settings: { ...settings, n_beta }, pool, probe });
        const { losses, rises } = await chains.draw();
        const w = await chains.parameters();
        const { block } = chains;
        chains.close();
        const [P, N] = [block.size, still.losses.length];
        const center = await gatherBlock(model.weights, block);
        for (let chain = 0; chain < settings.num_chains; chain++) {
          const own = w.subarray(chain * P, (chain + 1) * P);
          const weights = await replaced(model.weights, block, own);
          const expected = await modelLosses(device, { model: model.model, weights }, text.ids, COLUMNS);
          let [worst, far, rise] = [0, 0, 0];
          for (const [i, loss] of expected.losses.entries()) {
            const moved = loss - still.losses[i];
            worst = Math.max(worst, Math.abs(losses[chain * N + i] - loss));
            rise = Math.max(rise, Math.abs(rises[chain * N + i] - moved));
            far = Math.max(far, Math.abs(moved));
          }
          // f32 sums in another order, of losses below 20; weights written to another place would miss by what they move the loss.
          assert.ok(worst < 2e-5 && rise < 2e-5 && far > 1e-3, `${name}: ${worst}, ${rise}, moved by ${far}`);
          assert.ok(own.some((value, i) => value !== center[i]));
          if (chain === 0) t.note(`${name} at n_beta ${n_beta}: ${worst.toExponential(1)} of ${far.toFixed(3)} nats`);
        }
      }
    }
    lab.close();
  });
}

test.run();
