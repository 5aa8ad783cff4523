/** What is said of a set's cost is what its chains take, each counted by itself. */
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { wasmDevice } from "../../harness/test/device";
import { nanoFolder } from "../../harness/test/nano";
import { generatedRows } from "../../harness/test/short-chains";
import { suite } from "../../harness/test/suite";
import { chainWork } from "../sampler/chain-work";
import { Laboratory } from "../sampler/laboratory";
import { parseRestriction } from "../transformer/restriction";
import { placeTexts } from "./sampling";
import { costLine, fineCost, short } from "./set-cost";

const test = suite("runtime/measure/set-cost");

test("the fine set's cost beside the standard one's, in words; of other sets nothing is said", async () => {
  const { model, weights } = await nanoFolder();
  // The last slice is smaller than the others.
  const config = settledConfig({}, "test", ["weight_restrictions=fine,l0h1", "neuron_slice=48", "neuron_groups=3"]);
  assert.is(fineCost(settledConfig({}, "test", ["weight_restrictions=standard"]), model), undefined);
  const cost = fineCost(config, model)!;
  assert.is(cost.names.length, 64 + 6 + 2 + 1);
  assert.is(cost.standard.length, 21 + 6);
  const lab = new Laboratory(await wasmDevice(), model, weights);
  try {
    const texts = placeTexts(lab, { pool: generatedRows(4, 6), probe: generatedRows(3, 5) });
    const [own, other] = [cost.names, cost.standard].map((names) =>
      names.reduce((sum, name) => {
        const restriction = parseRestriction(name, model);
        const { total, prefix } = chainWork(lab, { ...texts, restriction, settings: config.sampler });
        return sum + total.flops - prefix.flops;
      }, 0),
    );
    assert.is(
      costLine(lab, texts, cost),
      `73 components: ${short(own / 1e9, 3)} GFLOP without controls, ${short(own / other, 2)} times the ` +
        `${short(other / 1e9, 3)} of the standard set (27, full among them)`,
    );
    assert.ok(own > 1.5 * other);
  } finally {
    lab.close();
  }
});

test.run();
