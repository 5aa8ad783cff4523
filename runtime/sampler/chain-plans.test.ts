/** Facts of a restricted run that its plans are made of. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { plainSgld, type SamplerSettings } from "../config/sampler";
import {
  batchSequences,
  batchTokens,
  biasCorrection,
  type ChainSpec,
  chainNumbers,
  samplerKind,
  shiftOf,
  updateParams,
} from "./chain-plans";

const test = suite("runtime/sampler/chain-plans");

/** A run over a pool of 5 sequences of 3 positions. */
function specOf(changes: Partial<SamplerSettings>, extra: Partial<ChainSpec> = {}): ChainSpec {
  const settings = { ...plainSgld, seed: 1, num_chains: 3, n_beta: 2, ...changes };
  return { settings, pool: { rows: { sequences: 5, positions: 3 } }, ...extra } as unknown as ChainSpec;
}
const settingsOf = (changes: Partial<SamplerSettings>) => specOf(changes).settings;

test("a minibatch has as many sequences as are asked for, or all of the pool", () => {
  assert.equal(
    [0, 1, 2, 7].map((batch_size) => batchSequences(specOf({ batch_size }))),
    [5, 1, 2, 7],
  );
  assert.equal(
    [0, 1, 2].map((batch_size) => batchTokens(specOf({ batch_size }))),
    [15, 3, 6],
  );
});

test("chains are all, or those of a shard", () => {
  assert.equal(chainNumbers(specOf({})), [0, 1, 2]);
  assert.equal(chainNumbers(specOf({}, { chains: [1, 2] })), [1, 2]);
});

test("weights are drawn directly where no loss is in the posterior, unless a box holds them or it is said otherwise", () => {
  assert.is(samplerKind(specOf({})), "sgld");
  assert.is(samplerKind(specOf({ n_beta: 0 })), "gaussian");
  assert.is(samplerKind(specOf({ n_beta: 0, bounding_box_size: 1 })), "sgld");
  assert.is(samplerKind(specOf({ n_beta: 0 }, { sampler: "sgld" })), "sgld");
});

test("shifted draws are half of the draws apart, at least one", () => {
  assert.equal(
    [1, 2, 3, 5, 8].map((num_draws) => shiftOf(settingsOf({ num_draws }))),
    [1, 1, 1, 2, 4],
  );
});

test("RMSprop's bias is taken out where it starts at ones; BAOAB's first kick is half of one", () => {
  const ones = settingsOf({ sampling_method: "rmsprop_sgld", rmsprop_init: "ones", rmsprop_alpha: 0.75 });
  assert.equal([biasCorrection(ones, 1), biasCorrection(ones, 2)], [4, 16 / 7]);
  assert.equal(updateParams(ones, 1), { step: 1, correction: 16 / 7 });
  assert.is(biasCorrection({ ...ones, rmsprop_init: "zeros" }, 1), 1);
  const baoab = settingsOf({ sampling_method: "sgmcmc_baoab" });
  assert.equal(
    [updateParams(baoab, 0), updateParams(baoab, 1)],
    [
      { step: 0, kick: 0.5 },
      { step: 1, kick: 1 },
    ],
  );
  assert.equal(updateParams(settingsOf({}), 3), { step: 3 });
});

test.run();
