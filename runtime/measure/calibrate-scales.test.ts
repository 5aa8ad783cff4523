/** Scales for a wanted rise: chains that take them, under another seed, rise by it. */
import * as assert from "uvu/assert";
import { quickSubject } from "../../harness/test/quick-run";
import { suite } from "../../harness/test/suite";
import { openProcessor } from "../processor/device";
import { MemoryStore } from "../store/memory-store";
import { calibrateScales } from "./calibrate-scales";
import { diagnoseUnit } from "./diagnose";
import { sample } from "./measure";

const test = suite("runtime/measure/calibrate-scales");
/** 8 draws of 4 chains are good to a tenth, and so are those that they are held against. */
const OFF = 0.3;

test("chains at the scales that were found rise by what was wanted, whatever scales the search began at", async (t) => {
  const wanted = 0.12;
  const sets = ["weight_restrictions=l1h2,l0 mlp[0:32]", "controls.equal_rise=false", "controls.n_beta_zero=false"];
  const begin = ["component_scale.l1h2=12", "component_scale.l0 mlp[0:32]=0.02"];
  const subject = await quickSubject(...sets, ...begin);
  const device = await openProcessor(1);
  try {
    const found = await calibrateScales({ ...subject, device }, wanted);
    assert.equal(Object.keys(found.component_scale), ["l1h2", "l0 mlp[0:32]"]);
    const again = await quickSubject(
      ...sets,
      "sampler.seed=5",
      ...Object.entries(found.component_scale).map(([name, scale]) => `component_scale.${name}=${scale}`),
    );
    const run = await sample({ ...again, device, store: new MemoryStore() });
    for (const { component, trials, scale } of found.components) {
      const { meanRise } = await diagnoseUnit(run, component);
      t.note(`${component}: scale ${scale} after ${trials.length} trials, rise ${meanRise.toFixed(3)} of ${wanted}`);
      assert.ok(trials.length <= 6 && trials.length > 1);
      assert.ok(Math.abs(meanRise / wanted - 1) < OFF, `${component}: ${meanRise}`);
    }
  } finally {
    device.close();
  }
});

test("what is no rise is refused", async () => {
  const subject = await quickSubject("weight_restrictions=l1h2");
  const device = await openProcessor(1);
  for (const wanted of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const error = await calibrateScales({ ...subject, device }, wanted).catch((thrown) => thrown);
    assert.match(error.message, "the wanted rise is");
    assert.is(error.code, "usage");
  }
  device.close();
});

test.run();
