/** What a run is said to take, against counts by hand. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { CONTEXT, tinyModel } from "../../harness/test/tiny-model";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { openProcessor } from "../processor/device";
import { parseRestriction } from "../transformer/restriction";
import { chainWork } from "./chain-work";
import { Laboratory } from "./laboratory";

const test = suite("runtime/sampler/chain-work");

/** Sizes of the tiny model, its one sequence, and the chains. */
const [V, D, F, H, K, T, M] = [7, 4, 4, 2, 2, CONTEXT, 3];
const settings: SamplerSettings = {
  ...plainSgld,
  ...{ seed: 1, lr: 0.01, n_beta: 10, localization: 50, num_chains: M },
  ...{ num_draws: 5, num_burnin_steps: 4, num_steps_bw_draws: 2, batch_size: 1 },
};

async function counted(name: string, changes: Partial<SamplerSettings> = {}) {
  const model = await tinyModel(2, F);
  const device = await openProcessor(1);
  const lab = new Laboratory(device, model.model, model.weights);
  const text = lab.addText("text", model.ids, model.ids.length);
  const restriction = parseRestriction(name, model.model);
  const work = chainWork(lab, { restriction, settings: { ...settings, ...changes }, pool: text, probe: text });
  lab.close();
  device.close();
  return work;
}

/** FLOPs of one group's rows: a linear layer counts two a product, one a bias and one a residual. */
const norm = 8 * T * D;
const mlp = T * F * (2 * D + 1) + 40 * T * F + T * D * (2 * F + 2);
const heads = T * 3 * D * (2 * D + 1) + 6 * T * H * 2 + H * ((T * (T + 1)) / 2) * (4 * K + 10);
const dense = T * D * (2 * D + 2);
const forward = 2 * (2 * norm + mlp + heads + dense) + norm;
const logits = 2 * T * V * D;

test("an MLP of the last layer: prefix once, then nothing but it, the sum, the norm and the loss, for every chain", async () => {
  const { prefix, update, draw, total } = await counted("l1 mlp");
  // The text is pool and probe, each with a prefix: the first layer, and all of the second but its MLP and output.
  assert.is(prefix.flops, 2 * (2 * norm + mlp + heads + dense + 2 * norm + heads));
  const after = mlp + dense + norm + logits;
  // d, its mean, the two compensated sums, 16 a token, and that of squares, 15.
  assert.is(draw.flops, M * (after + T + T + 16 * T + 15 * T));
  const backward =
    // The loss pass makes dX too: as much again. Then the norm, and of the MLP inputs and weights, but not its own input.
    logits + 14 * T * D + (2 * T * D * F + T * D + 2 * T * F * D) + 40 * T * F + (2 * T * F * D + T * F);
  // Four tensors, each padded to 64 weights.
  const step = 35 * 4 * 64;
  assert.is(update.flops, M * (after + backward + step));
  assert.is(total.flops, prefix.flops + (4 + 5 * 2) * update.flops + 5 * draw.flops);
  assert.is(total.bytes, prefix.bytes + (4 + 5 * 2) * update.bytes + 5 * draw.bytes);
});

test("the whole model: every pass from the embedding on, back to it, with a gradient for every weight", async () => {
  const { whole, wholeTotal } = await counted("l1 mlp");
  const linear = (outputs: number, inputs: number) => 4 * T * outputs * inputs + T * outputs;
  const layerBackward =
    // Norms: weight 5, bias 1, input 14 a number; linear layers: weight, bias, input; attention 10 K + 10 a pair; one sum.
    2 * 20 * T * D +
    linear(D, F) +
    40 * T * F +
    linear(F, D) +
    linear(D, D) +
    H * ((T * (T + 1)) / 2) * (10 * K + 10) +
    6 * T * H * 2 +
    linear(3 * D, D) +
    T * D;
  // dX and the loss in one pass; the unembedding's gradient takes the logits once more; the embedding's adds rows.
  const backward = 2 * layerBackward + 20 * T * D + logits + 2 * logits + T * D;
  assert.is(whole.update.flops, M * (forward + logits + backward));
  assert.is(whole.draw.flops, whole.update.flops, "the same rows");
  assert.is(whole.drawForward.flops, M * (forward + logits));
  assert.is(wholeTotal.flops, (4 + 5 * 2) * whole.update.flops + 5 * whole.drawForward.flops);
  assert.equal((await counted("l0h1")).whole, whole, "whatever the component");
});

test("the full restriction takes what the whole model takes, its step and its sums", async () => {
  const { prefix, update, draw, whole } = await counted("full");
  assert.equal(prefix, { flops: 0, bytes: 0 });
  assert.is(draw.flops, whole.drawForward.flops + M * 33 * T);
  // 28 tensors, none larger than the 64 weights that each is padded to.
  assert.is(update.flops, whole.update.flops + M * 35 * 28 * 64);
});

test("direct draws have no updates, and are compared with none", async () => {
  const { update, draw, total, prefix, whole, wholeTotal } = await counted("l0 mlp", { n_beta: 0 });
  assert.equal(update, { flops: 0, bytes: 0 });
  assert.is(total.flops, prefix.flops + 5 * draw.flops);
  assert.is(wholeTotal.flops, 5 * whole.drawForward.flops);
});

test("shared weights are read once for all chains, moving ones once for each", async () => {
  const one = await counted("l1 mlp", { num_chains: 1 });
  const three = await counted("l1 mlp");
  assert.is(three.draw.flops, 3 * one.draw.flops);
  assert.ok(three.draw.bytes < 3 * one.draw.bytes, "unembedding and norm are shared");
  assert.ok(three.bytes > one.bytes);
});

test("of bytes on the device some do not grow with the chains: w*, losses at it, and the rest of a layer that is cut", async () => {
  const fixed = async (name: string) => {
    const [eight, sixteen] = [await counted(name, { num_chains: 8 }), await counted(name, { num_chains: 16 })];
    return 2 * eight.bytes - sixteen.bytes;
  };
  // Four tensors, each padded to 64 weights; l(w*) and -l(w*) of every token.
  const own = 4 * (4 * 64 + 2 * T);
  assert.is(await fixed("l1 mlp"), own);
  // The output's bias belongs to no neuron; the text is both pool and probe.
  assert.is(await fixed("l1 mlp[0:2]"), 4 * (3 * 64 + 2 * T) + 4 * D * 2 * T);
});

test.run();
