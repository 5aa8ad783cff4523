/** Draws leave nothing behind: neither on the device nor in the process. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { collectGarbage, residentMiB } from "../../harness/test/residence";
import { suite } from "../../harness/test/suite";
import { openFolder } from "../../models/hub/open";
import { generate } from "../../models/nano/corpus";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import { projectRoot } from "../node/root";
import { parseRestriction } from "../transformer/restriction";
import { Chains } from "./chains";
import { Laboratory } from "./laboratory";

const test = suite("runtime/sampler/memory", { gpu: true });

const CONTEXT = 8;
const settings: SamplerSettings = {
  ...plainSgld,
  seed: 34,
  lr: 1e-3,
  n_beta: 10,
  localization: 300,
  num_chains: 50,
  num_draws: 60,
  num_burnin_steps: 0,
  num_steps_bw_draws: 1,
  batch_size: 1,
};

test("50 chains of a head: device memory and the process stay as large as they are over 60 draws", async (t) => {
  const model = await openFolder(join(projectRoot(), "models", "nano"));
  const lab = new Laboratory(await testDevice(), model.model, model.weights);
  const ids = generate({ seed: 13, sequences: 2, context: CONTEXT }).ids;
  const text = lab.addText("text", ids, CONTEXT + 1);
  const restriction = parseRestriction("l1h3", model.model);
  const chains = await Chains.open(lab, { restriction, settings, pool: text, probe: text });
  const bytes: number[] = [];
  const resident: number[] = [];
  for (let draw = 0; draw < settings.num_draws; draw++) {
    await chains.draw();
    bytes.push(lab.memory.bytes);
    collectGarbage();
    resident.push(residentMiB());
  }
  chains.close();
  lab.close();
  assert.equal([...new Set(bytes.slice(1))].length, 1, `device memory after each draw: ${[...new Set(bytes)]}`);
  const [early, late] = [resident[9], resident[settings.num_draws - 1]];
  t.note(`resident after 10, ${settings.num_draws} draws: ${early.toFixed(1)}, ${late.toFixed(1)} MiB`);
  // An array of the chains' weights kept from every draw would be 20 MiB; pages that come and go are one or two.
  assert.ok(late - early < 8, `the process grew from ${early.toFixed(1)} to ${late.toFixed(1)} MiB over 50 draws`);
});

test.run();
