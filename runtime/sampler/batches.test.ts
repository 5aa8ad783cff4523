/** Which sequences an update reads, and where chains start: all of it by Philox, as its definition says. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { deriveKey, normals, philox4x32 } from "../../kernels/philox/philox";
import type { HostArray, Memory } from "../plan/memory";
import type { View } from "../plan/plan";
import { tokenView } from "../transformer/model";
import { PrefixCache } from "../transformer/tape";
import { Batches, chainKeys, Minibatches } from "./batches";
import { startingMomenta } from "./momenta";

const test = suite("runtime/sampler/batches");

test("the b-th sequence of an update is word b of its blocks, cut to the pool", () => {
  const key = deriveKey(7, "l0h1", 3, "batch");
  const words = [...philox4x32(key, [0, 5, 0, 0]), ...philox4x32(key, [1, 5, 0, 0])].slice(0, 6);
  assert.equal([...new Batches(7, "l0h1", [3], 2 ** 32, 6).at(5)], words, "of a pool of 2^32 they are the words");
  const few = new Batches(7, "l0h1", [1, 3], 10, 6);
  assert.not.ok(few.whole);
  assert.equal(
    [...few.at(5).subarray(6)],
    words.map((word) => Math.floor((word / 2 ** 32) * 10)),
  );
  assert.equal([...new Batches(7, "l0h1", [1], 10, 6).at(5)], [...few.at(5).subarray(0, 6)], "as each chain alone");
});

test("a size of 0 is the whole pool in order, for every chain and update", () => {
  const all = new Batches(7, "l0h1", [1, 3], 3, 0);
  assert.ok(all.whole);
  for (const update of [0, 9]) assert.equal([...all.at(update)], [0, 1, 2, 0, 1, 2]);
});

/** What is written of minibatches at two updates, by the name of the view. */
function written(size: number): Record<string, number[]>[] {
  const rows = { sequences: 3, positions: 2 };
  const tokens = { inputs: tokenView("inputs", [6]), targets: tokenView("targets", [6]) };
  const [inputs, targets] = [Uint32Array.of(10, 11, 12, 13, 14, 15), Uint32Array.of(20, 21, 22, 23, 24, 25)];
  const pool = { rows, tokens, inputs, targets, cache: new PrefixCache() };
  const batches = new Minibatches(pool, new Batches(7, "l0h1", [0, 1], 3, size));
  const [indices, batchInputs, batchTargets] = ["rows", "in", "out"].map((name) =>
    tokenView(name, [2, 2 * (size || 3)]),
  );
  return [0, 1].map((update) => {
    const found: Record<string, number[]> = {};
    const write = ({ slot }: View, data: HostArray) => {
      found[slot.name] = [...data];
    };
    batches.write({ write } as unknown as Memory, { indices, batchInputs, batchTargets }, update);
    return found;
  });
}

test("rows, inputs and targets of every position of a minibatch are written, of the whole pool once", () => {
  for (const [update, found] of written(2).entries()) {
    const sequences = [...new Batches(7, "l0h1", [0, 1], 3, 2).at(update)];
    const places = sequences.flatMap((sequence) => [2 * sequence, 2 * sequence + 1]);
    assert.equal(found, { rows: places, in: places.map((row) => 10 + row), out: places.map((row) => 20 + row) });
  }
  const [first, second] = written(0);
  assert.equal(first.rows, [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
  assert.equal(second, {});
});

test("keys lie chain by chain, two words each", () => {
  const keys = [0, 4].flatMap((chain) => deriveKey(7, "l0h1", chain, "noise"));
  assert.equal([...chainKeys(7, "l0h1", [0, 4], "noise")], keys);
});

test("momenta start as normals times the level of the noise, chain by chain", () => {
  const z = [0, 4].flatMap((chain) => [...normals(deriveKey(7, "l0h1", chain, "momentum"), 0, 5)]);
  const momenta = startingMomenta({ seed: 7, noise_level: 0.5 }, "l0h1", [0, 4], 5);
  assert.equal(
    [...momenta],
    z.map((value) => Math.fround(0.5 * value)),
  );
});

test.run();
