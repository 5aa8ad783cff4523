/** What a row was made of, of made-up units. */
import * as assert from "uvu/assert";
import { plannedUnits, storeUnit } from "../../harness/test/made-up-unit";
import { suite } from "../../harness/test/suite";
import { MemoryStore } from "../store/memory-store";
import { Run } from "../store/run";
import { drawsOf, meanOf, reliabilityOf } from "./row-draws";

const test = suite("runtime/measure/row-draws");

test("chains, draws and the mean rise over components, of the units of one suffix", async () => {
  const sizes = { draws: 3, chains: 2, tokens: 2 };
  const rises = { l0h0: 1, l0h1: 4, "l0h0 n_beta=0": 10, "l0h1 n_beta=0": 20 };
  const run = await Run.begin(new MemoryStore(), {
    ...{ config: {}, provenance: {} },
    plan: plannedUnits(Object.keys(rises), sizes),
  });
  for (const [name, rise] of Object.entries(rises)) {
    const phi = Float32Array.from({ length: 6 }, (_, i) => rise + (i % 2 === 0 ? 0.5 : -0.5));
    await storeUnit(run, name, { sizes, phi, traces: new Float32Array(12) });
  }
  assert.equal(await drawsOf(run, ["l0h0", "l0h1"]), { draws: 3, chains: 2, meanRise: 2.5 });
  assert.equal(await drawsOf(run, ["l0h0", "l0h1"], " n_beta=0"), { draws: 3, chains: 2, meanRise: 15 });
  assert.is(meanOf([1, 2, 6]), 3);
});

test("chains that agree are wholly reliable, opposite ones are not; nothing is said of one chain or of what does not vary", () => {
  const matrix = (...data: number[]) => ({ rows: 4, cols: 1, data: Float64Array.from(data) });
  const rising = matrix(1, 2, 3, 5);
  assert.ok(Math.abs(reliabilityOf([rising, rising], 1).reliability! - 1) < 1e-12);
  assert.ok(reliabilityOf([rising, matrix(-1, -2, -3, -5)], 1).reliability! < 0.5);
  assert.equal(reliabilityOf([rising], 1), {});
  assert.equal(reliabilityOf([matrix(2, 2, 2, 2), matrix(2, 2, 2, 2)], 1), {});
});

test.run();
