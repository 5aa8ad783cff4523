import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { Sums } from "../sampler/sums";
import { chainSums, shiftedSusceptibility, susceptibility } from "./estimate";
import { mergeSums, type SumsPart } from "./merge";

const test = suite("runtime/susceptibility/merge");

const shape = { chains: 5, draws: 6, tokens: 4 };

function wholeRun(): Sums {
  const random = seededRandom(31);
  const values = (length: number) => Float64Array.from({ length }, () => random.normal());
  const size = shape.chains * shape.tokens;
  return {
    ...shape,
    sumD: values(size),
    sumPhiD: values(size),
    m2: values(size).map(Math.abs),
    phi: values(shape.draws * shape.chains),
    shifted: { lag: 3, sumD: values(size), sumPhiD: values(size) },
  };
}

const whole = wholeRun();

/** A shard with these chains, in this order. */
function shard(chains: readonly number[]): SumsPart {
  const single = chains.map((chain) => chainSums(whole, chain));
  const rows = (values: (sums: Sums) => ArrayLike<number>) =>
    Float64Array.from(single.flatMap((sums) => Array.from(values(sums))));
  const phi = Array.from({ length: shape.draws }, (_, s) => single.map((sums) => sums.phi[s])).flat();
  const sums: Sums = {
    ...shape,
    chains: chains.length,
    sumD: rows((s) => s.sumD),
    sumPhiD: rows((s) => s.sumPhiD),
    m2: rows((s) => s.m2),
    phi: Float64Array.from(phi),
    shifted: { lag: 3, sumD: rows((s) => s.shifted!.sumD), sumPhiD: rows((s) => s.shifted!.sumPhiD) },
  };
  return { chains, sums };
}

test("shards give the whole run back, with the same bits in whatever order they arrive", () => {
  const shards = [shard([4, 1]), shard([0]), shard([2, 3])];
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
  ]) {
    const merged = mergeSums(order.map((i) => shards[i]));
    assert.equal(merged, whole);
    assert.equal(susceptibility(merged), susceptibility(whole));
    assert.equal(shiftedSusceptibility(merged), shiftedSusceptibility(whole));
  }
  const { shifted, ...plain } = whole;
  const without = ({ chains, sums: { shifted, ...sums } }: SumsPart): SumsPart => ({ chains, sums });
  assert.equal(mergeSums(shards.map(without)), plain);
});

test("gaps, doubles and shards of other runs are refused by name", () => {
  const with0 = (change: Partial<Sums>): SumsPart => {
    const { chains, sums } = shard([0]);
    return { chains, sums: { ...sums, ...change } };
  };
  refusedAtOnce(() => mergeSums([]), /no shards/);
  refusedAtOnce(
    () => mergeSums([shard([0, 3])]),
    /no shard holds chain 1, but one holds chain 3/,
    /give the shards of all chains/,
  );
  refusedAtOnce(() => mergeSums([shard([0, 1]), shard([1])]), /chain 1 is held twice, the second time by shard 1/);
  refusedAtOnce(() => mergeSums([shard([1]), with0({ draws: 5, phi: new Float64Array(5) })]), /5 draws, shard 0 has 6/);
  const [sumD, sumPhiD, m2] = [0, 1, 2].map(() => new Float64Array(3));
  const narrow = { sumD, sumPhiD, m2, shifted: undefined };
  refusedAtOnce(() => mergeSums([shard([1]), with0({ tokens: 3, ...narrow })]), /3 tokens, shard 0 has 4/);
  refusedAtOnce(() => mergeSums([shard([1]), with0({ shifted: undefined })]), /no shifted sums, shard 0 has .* lag 3/);
  const lag2 = { ...shard([0]).sums.shifted!, lag: 2 };
  refusedAtOnce(() => mergeSums([shard([1]), with0({ shifted: lag2 })]), /lag 2, shard 0 has shifted sums of lag 3/);
  refusedAtOnce(() => mergeSums([with0({ sumD: new Float64Array(3) })]), /sumD has 3 values, 4 expected/);
  refusedAtOnce(() => mergeSums([with0({ m2: new Float64Array(5) })]), /m2 has 5 values, 4 expected/);
  refusedAtOnce(() => mergeSums([{ ...shard([0]), chains: [0, 1] }]), /names 2 chains and holds 1/);
  refusedAtOnce(() => mergeSums([{ ...shard([0]), chains: [-1] }]), /names chain -1/);
});

test.run();
