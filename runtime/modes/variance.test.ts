import * as assert from "uvu/assert";
import {
  goldenColumns,
  goldenLaw,
  goldenWeights,
  K,
  largestDifference,
  modesGolden,
  N,
  V,
} from "../../harness/test/modes-golden";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { completeBasis, randomBasis } from "./basis";
import { innerProduct, meanOf } from "./inner-products";
import { modesOf } from "./modes";
import type { PairChi, PairColumn } from "./pair-chi";
import { RandomBases } from "./random-shares";
import { EnergySums, NormSums } from "./shares";
import { varianceOf } from "./variance";

const test = suite("runtime/modes/variance");
const golden = modesGolden();
const random = seededRandom(21);
const modes = (count: number) => modesOf(goldenLaw(), { weights: goldenWeights, count });
const near = (a: ArrayLike<number>, b: ArrayLike<number>, by: number) =>
  assert.ok(largestDifference(a, b) < by, `${Array.from(a)} for ${Array.from(b)}`);

test("norms, shares with and without noise, errors, best bases, principal components: NumPy's, from whole tables", async () => {
  const measured = {
    contexts: Array.from({ length: N }, (_, x) => x),
    tokens: Array.from({ length: N }, (_, x) => (x * 5) % V),
  };
  const told = await varianceOf(goldenColumns(), await modes(K), { measured, seeds: 3 });
  assert.is(told.components, 3);
  near([told.norms.plain.all], [golden.norm], 1e-12);
  near([told.norms.noiseFree!.all], [golden.free_norm], 1e-12);
  near(told.modes.plain.shares, golden.shares, 1e-12);
  near(told.modes.noiseFree!.shares, golden.free_shares, 1e-11);
  near(told.modes.noiseFree!.errors, golden.free_errors, 1e-11);
  // Subspace iteration ends before rounding does: eigenvalues lie close together here.
  near(told.best.plain, golden.best, 1e-6);
  near(told.principal.plain, golden.principal, 1e-12);
  near(told.measured!.plain, golden.measured, 1e-12);
  // The trivial mode stays first; all modes are all modes in any order.
  near(told.randomOrder.plain.low.slice(0, 1), golden.shares.slice(0, 1), 1e-12);
  near(told.randomOrder.plain.high.slice(0, 1), golden.shares.slice(0, 1), 1e-12);
  near(told.randomOrder.plain.mean.slice(-1), golden.shares.slice(-1), 1e-12);
});

/** Components that couple to given pairs of functions only, with noise of chains of some size. */
function planted(
  basis: { v: Float64Array; u: Float64Array },
  count: number,
  pairs: readonly (readonly [number, number])[],
  noise: number,
  components = 6,
  chains = 4,
  strength = random.normal,
): PairColumn[] {
  const rank = 6;
  const W = Float64Array.from({ length: V * 4 }, () => random.normal());
  const right = new Float64Array(V * rank);
  for (let y = 0; y < V; y++) {
    for (const [p, [, b]] of pairs.entries()) right[y * rank + p] = basis.u[y * count + b];
    for (let r = 0; r < 4; r++) right[y * rank + 2 + r] = W[y * 4 + r];
  }
  return Array.from({ length: components }, (_, c) => {
    const strengths = pairs.map(() => strength());
    const one = (): PairChi => ({
      ...{ contexts: N, tokens: V, rank, right },
      offset: Float64Array.from({ length: N }, () => noise * random.normal()),
      left: Float64Array.from({ length: N * rank }, (_, at) => {
        const [x, p] = [Math.floor(at / rank), at % rank];
        if (p >= 2) return noise * random.normal();
        return p < pairs.length ? strengths[p] * basis.v[x * count + pairs[p][0]] : 0;
      }),
    });
    const parts = Array.from({ length: chains }, one);
    const without = parts.map((_, m) => meanOf(parts.filter((_, other) => other !== m)));
    return { name: `p${c}`, all: meanOf(parts), without, chains: parts };
  });
}

test("chi planted on two pairs of modes: noise hides it from plain shares, products of chains find it whole", async () => {
  const basis = await modes(V);
  const pairs = [
    [1, 2],
    [3, 1],
  ] as const;
  const columns = planted(basis, V, pairs, 1, 40);
  const told = await varianceOf(columns, basis, { seeds: 10 });
  const [plain, free] = [told.modes.plain.shares, told.modes.noiseFree!];
  // k = 4 is the first to have both pairs.
  assert.ok(free.shares[1] < 0.1 && Math.abs(free.shares[3] - 1) < 4 * free.errors[3] + 0.05, `${free.shares}`);
  assert.ok(plain[3] < 0.8, `${plain}`);
  // Best bases: two functions a side suffice; fitted to noise too, they hold more of the plain norm than modes do.
  assert.ok(told.best.heldOut![1] > 0.8 && told.best.plain[3] > plain[3]);
  assert.ok(told.principal.heldOut![1] > 0.8 && told.principal.plain[39] > 1 - 1e-9);
  assert.ok(told.randomBases.noiseFree!.high[3] < 0.3);
  assert.ok(told.randomOrder.noiseFree!.mean[3] < 0.5);
});

test("without noise every estimate is the same: halves, chains and all", async () => {
  const basis = await modes(V);
  const columns = planted(
    basis,
    V,
    [
      [1, 2],
      [3, 1],
    ],
    0,
  );
  const told = await varianceOf(columns, basis, { seeds: 2, measured: { contexts: [1, 5, 7], tokens: [0, 3, 11] } });
  near([told.norms.noiseFree!.all], [told.norms.plain.all], 1e-12);
  near(told.modes.noiseFree!.shares, told.modes.plain.shares, 1e-12);
  near(told.best.heldOut!, told.best.plain, 1e-9);
  near(told.principal.heldOut!, told.principal.plain, 1e-9);
  near(told.measured!.noiseFree!, told.measured!.plain, 1e-12);
  near(told.randomBases.noiseFree!.mean, told.randomBases.plain.mean, 1e-12);
  near([told.modes.plain.shares[3], told.best.plain[1], told.principal.plain[1]], [1, 1, 1], 1e-9);
  near(told.modes.plain.errors, new Float64Array(V), 1e-12);
  near(told.measured!.plain.subarray(3), new Float64Array(V - 3).fill(1), 1e-9);
});

test("errors of shares without noise are those seen when everything is drawn again", async (t) => {
  const basis = await modes(K);
  const shares: number[] = [];
  const squares: number[] = [];
  const pairs = [
    [1, 2],
    [3, 1],
  ] as const;
  for (let repeat = 0; repeat < 200; repeat++) {
    const norms = new NormSums(basis);
    const energies = new EnergySums(basis);
    for (const column of planted(basis, K, pairs, 0.5, 1, 8, () => 1)) {
      norms.add(column);
      energies.add(column);
    }
    // The first three functions have one of two pairs of equal strength.
    const { noiseFree } = energies.shares(norms.norms);
    shares.push(noiseFree!.shares[2]);
    squares.push(noiseFree!.errors[2] ** 2);
  }
  const meanOfAll = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const mean = meanOfAll(shares);
  const deviation = Math.sqrt(meanOfAll(shares.map((x) => (x - mean) ** 2)));
  const ratio = Math.sqrt(meanOfAll(squares)) / deviation;
  t.note(`share ${mean} for 0.5, standard deviation ${deviation}, jackknife's over it ${ratio}`);
  // A ratio's bias is of the order of its variance.
  assert.ok(Math.abs(mean - 0.5) < (3 * deviation) / Math.sqrt(200) + deviation ** 2);
  // Its standard error over 200 repeats is 5 %, and products of noise are counted twice.
  assert.ok(ratio > 0.85 && ratio < 1.4);
});

test("random bases hold on average what dimensions say", async () => {
  const basis = completeBasis(await modes(3));
  const columns = goldenColumns();
  const sums = new RandomBases(basis, 4, 400);
  const norms = new NormSums(basis);
  const energies = new EnergySums(basis);
  for (const column of columns) {
    sums.add(column);
    norms.add(column);
    energies.add(column);
  }
  const { plain } = energies.energy;
  const sum = (a: (a: number) => boolean, b: (b: number) => boolean) =>
    plain.reduce((sum, x, at) => sum + (a(Math.floor(at / V)) && b(at % V) ? x : 0), 0);
  const zero = (i: number) => i === 0;
  const other = (i: number) => i > 0;
  const expected = [1, 2, 3, 4].map((k) => {
    const [a, b] = [(k - 1) / (N - 1), (k - 1) / (V - 1)];
    const total = sum(zero, zero) + a * sum(other, zero) + b * sum(zero, other) + a * b * sum(other, other);
    return total / norms.norms.plain.all;
  });
  const { mean, low, high } = sums.shares(norms.norms).plain;
  for (let k = 0; k < 4; k++) {
    assert.ok(Math.abs(mean[k] / expected[k] - 1) < 0.08, `${mean} for ${expected}`);
    assert.ok(low[k] < mean[k] + 1e-12 && mean[k] - 1e-12 < high[k]);
  }
});

test("inner products and means do not depend on which factor is shared", () => {
  const { q, q0 } = randomBasis(goldenWeights, new Float64Array(V).fill(1 / V), 1, 0);
  const [first, , third] = goldenColumns();
  const copied = { ...first.chains![0], right: first.chains![0].right.slice() };
  for (const parts of [first.chains!, third.chains!, [copied, first.chains![1]]]) {
    const mean = meanOf(parts);
    const whole = parts.reduce(
      (sum, a) => sum + parts.reduce((inner, b) => inner + innerProduct(a, b, { q, q0 }), 0) / parts.length ** 2,
      0,
    );
    assert.ok(Math.abs(innerProduct(mean, mean, { q, q0 }) / whole - 1) < 1e-13);
  }
  assert.is(meanOf(first.chains!).rank, first.all.rank);
});

test("no component, and components of other chains, are refused", async () => {
  const basis = await modes(3);
  await refused(varianceOf([], basis), /no component/);
  const [first, second] = goldenColumns();
  const fewer = { ...second, chains: second.chains!.slice(1) };
  await refused(varianceOf([first, fewer], basis), /component c1 has 3 chains, others 4/);
});

test("columns may be read anew each time", async () => {
  const basis = await modes(3);
  const read = {
    async *[Symbol.asyncIterator]() {
      yield* goldenColumns();
    },
  };
  assert.equal(await varianceOf(read, basis, { seeds: 2 }), await varianceOf(goldenColumns(), basis, { seeds: 2 }));
});

test.run();
