/** Trials of the prior whose rise is wanted: how many draws they have. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { trialDraws } from "./equal-rise";

const test = suite("runtime/sampler/trials");

test("an eighth and three eighths of the draws, rounded down, at least 1 and at most 8 and 24", () => {
  assert.equal([1, 4, 10, 15, 32, 63, 200].map(trialDraws), [
    [1, 1],
    [1, 1],
    [1, 3],
    [1, 5],
    [4, 12],
    [7, 23],
    [8, 24],
  ]);
});

test.run();
