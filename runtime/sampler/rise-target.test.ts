/** What a prior at equal rise is matched to, and how many draws its trials have: quick to say. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { riseTarget, trialDraws } from "./equal-rise";

const test = suite("runtime/sampler/rise-target");

test("every chain is matched to the mean of its own draws", () => {
  const prior = Float32Array.of(9, 9, 9, 9);
  const target = riseTarget(Float32Array.of(1, -10, 2, -20, 6, -60), prior, 2);
  assert.equal(Array.from(target.wanted), [3, -30]);
  assert.is(target.prior, prior);
});

test("trials have an eighth and three eighths of the draws, rounded down, 1 at least, 8 and 24 at most", () => {
  assert.equal([1, 7, 10, 16, 31, 64, 1000].map(trialDraws), [
    ...[
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 6],
      [3, 11],
    ],
    ...[
      [8, 24],
      [8, 24],
    ],
  ]);
});

test.run();
