/** The embedded models do what they were trained to, and a run measures each. */
import * as assert from "uvu/assert";
import { wasmDevice } from "../harness/test/device";
import { quickSubject } from "../harness/test/quick-run";
import { suite } from "../harness/test/suite";
import { measure } from "../runtime/measure/measure";
import { MemoryStore } from "../runtime/store/memory-store";
import { modelLosses } from "../runtime/transformer/losses";
import { targets } from "./grammars/corpus";
import { openModel } from "./hub/open";
import { corpusOf, presetOf } from "./presets";

const test = suite("models/embedded");

/** Mean loss that PyTorch has in float64 on the first 64 sequences of the validation text (seed 2), and a role that was learned there. */
const LEARNED = {
  nano: { loss: 0.9332545, role: "repeat.copy" },
  iota: { loss: 1.0403168, role: "lookup.answer" },
};

for (const [name, { loss, role }] of Object.entries(LEARNED)) {
  test(`${name}: losses of its validation text are PyTorch's`, async () => {
    const corpus = corpusOf(name)!.generate({ seed: 2, sequences: 64, context: 64 });
    const { losses } = await modelLosses(await wasmDevice(), await openModel(name), corpus.ids, 65);
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, value) => sum + value / values.length, 0);
    // f32 in another order: 2e-6 a token (docs/numerics.md), less in the mean.
    assert.ok(Math.abs(mean(losses) - loss) < 2e-6, `${mean(losses)}, PyTorch ${loss}`);
    const { roles } = targets(corpus);
    const own = losses.filter((_, token) => corpus.roleNames[roles[token]] === role);
    assert.ok(mean(own) < 0.05, `${role}: ${mean(own)}`);
  });
}

test("iota is measured by its name alone: its text, roles and scales come along", async (t) => {
  // Clusters are not what is tested, and half a minute of looking for them in nulls.
  const quickly = ["cluster.null=none", "cluster.num_seeds=8", "probe_sequences=4"];
  const subject = await quickSubject("model=iota", "weight_restrictions=embed,l0h1,l1h2,l1 mlp", ...quickly);
  const { componentScale } = presetOf("iota")!;
  assert.is(subject.config.component_scale["l1 mlp"], componentScale["l1 mlp"]);
  const { results } = await measure({ ...subject, device: await wasmDevice(), store: new MemoryStore() });
  assert.is(results.model.name, "iota");
  assert.ok(results.tokens.every(({ role }) => role !== undefined));
  for (const { name, meanRise } of results.components) {
    t.note(`${name}: ${meanRise.toFixed(3)} nats`);
    assert.ok(meanRise > 0.05 && meanRise < 1, `${name} rises by ${meanRise} nats`);
  }
});

test.run();
