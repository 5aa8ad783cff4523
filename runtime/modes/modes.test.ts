import * as assert from "uvu/assert";
import {
  goldenLaw,
  goldenWeights,
  largestDifference,
  modesGolden,
  N,
  numbers,
  tableLaw,
  V,
} from "../../harness/test/modes-golden";
import { seededRandom } from "../../harness/test/random";
import { refused, refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { completeBasis, principalAngles, randomBasis, sizeOf } from "./basis";
import { modelLaw } from "./model-law";
import { type Modes, modesOf } from "./modes";

const test = suite("runtime/modes/modes");
const golden = modesGolden();
const random = seededRandom(3);

/** Largest entry of F' diag(weights) F - 1. */
function unorthogonality(functions: Float64Array, weights: Float64Array): number {
  const K = functions.length / weights.length;
  let worst = 0;
  for (let a = 0; a < K; a++)
    for (let b = 0; b <= a; b++) {
      let sum = a === b ? -1 : 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * functions[i * K + a] * functions[i * K + b];
      worst = Math.max(worst, Math.abs(sum));
    }
  return worst;
}

function checkTrivial({ v, u, values, count, q0 }: Modes): void {
  assert.is(values[0], 1);
  for (let at = 0; at < v.length; at += count) assert.is(v[at], 1);
  for (let y = 0; y < q0.length; y++) assert.is(u[y * count], q0[y] > 0 ? 1 : 0);
}

const columns = (functions: Float64Array, K: number, chosen: readonly number[]) =>
  Float64Array.from({ length: (functions.length / K) * chosen.length }, (_, at) => {
    return functions[Math.floor(at / chosen.length) * K + chosen[at % chosen.length]];
  });

for (const method of ["dense", "randomized"] as const) {
  test(`modes are NumPy's, with their signs: ${method}`, async (t) => {
    const modes = await modesOf(goldenLaw(), { weights: goldenWeights, count: V, method });
    checkTrivial(modes);
    assert.is(modes.count, V);
    const differences = {
      values: largestDifference(modes.values, golden.law.values),
      v: largestDifference(modes.v, golden.law.v.flat()),
      u: largestDifference(modes.u, golden.law.u.flat()),
      total: Math.abs(modes.total / golden.law.total - 1),
    };
    t.note(`largest differences ${JSON.stringify(differences)}`);
    assert.ok(differences.values < 1e-13 && differences.total < 1e-12);
    // Functions of values that differ by 0.008 turn by rounding over that.
    assert.ok(differences.v < 1e-11 && differences.u < 1e-11);
    assert.ok(unorthogonality(modes.v, modes.q) < 1e-12 && unorthogonality(modes.u, modes.q0) < 1e-12);
    assert.ok(Math.abs(modes.held - 1) < 1e-12);
  });
}

test("few modes by random projection are the leading ones, and the share that they hold is theirs", async () => {
  const options = { weights: goldenWeights, count: 4, oversampling: 4, iterations: 12, method: "randomized" } as const;
  const modes = await modesOf(goldenLaw(), options);
  assert.ok(largestDifference(modes.values, golden.law.values.slice(0, 4)) < 1e-9);
  const held = golden.law.values.slice(1, 4).reduce((sum, s) => sum + s * s, 0) / golden.law.total;
  assert.ok(Math.abs(modes.held - held) < 1e-9);
  const again = await modesOf(goldenLaw(), options);
  assert.equal(again, modes);
});

test("a model's law has NumPy's modes, in blocks of any size; rounding makes no mode", async () => {
  const hidden = numbers(N, 4, 5, 11, 1, 13).map((x) => 4 * x);
  const unembedding = numbers(V, 4, 3, 7, 2, 11).map((x) => 4 * x);
  const law = modelLaw({ hidden, unembedding, width: 4 });
  const whole = await law.rows(0, N);
  const parts = [await law.rows(0, 7), await law.rows(7, N)].flatMap((rows) => Array.from(rows));
  assert.equal(parts, Array.from(whole));
  for (let x = 0; x < N; x++) {
    let sum = 0;
    for (let y = 0; y < V; y++) sum += whole[x * V + y];
    assert.ok(Math.abs(sum - 1) < 1e-15);
  }
  const modes = await modesOf(law, { count: V });
  // The unembedding has two equal rows: NumPy's last value is 8e-17.
  assert.is(modes.count, V - 1);
  assert.ok(largestDifference(modes.values, golden.model.values.slice(0, V - 1)) < 1e-13);
  assert.ok(largestDifference(modes.q0, golden.model.q0) < 1e-14);
  refusedAtOnce(() => modelLaw({ hidden, unembedding, width: 7 }), /do not divide by width 7/);
  const broken = hidden.slice();
  broken[9] = Number.NaN;
  await refused(modesOf(modelLaw({ hidden: broken, unembedding, width: 4 })), /context 2 .*not finite/);
});

test("a law that does not depend on its context has the trivial mode only", async () => {
  const law = tableLaw(
    9,
    5,
    Float64Array.from({ length: 45 }, (_, at) => 1 + (at % 5)),
  );
  for (const method of ["dense", "randomized"] as const) {
    const modes = await modesOf(law, { method });
    checkTrivial(modes);
    assert.is(modes.count, 1);
    assert.is(modes.held, 1);
    assert.ok(modes.total < 1e-28);
  }
});

test("blocks that share no token have one value 1 each, and functions constant on them; absent tokens are told", async () => {
  // Three blocks of 4 contexts and 2 tokens, and a token that never comes.
  const law = tableLaw(
    12,
    7,
    Float64Array.from({ length: 84 }, (_, at) => +(Math.floor((at % 7) / 2) === Math.floor(at / 28))),
  );
  for (const method of ["dense", "randomized"] as const) {
    const modes = await modesOf(law, { method });
    checkTrivial(modes);
    assert.equal([modes.count, modes.absent], [3, [6]]);
    assert.ok(largestDifference(modes.values, [1, 1, 1]) < 1e-14);
    const blocks = Float64Array.from({ length: 36 }, (_, at) => +(Math.floor(at / 12) === at % 3));
    assert.ok(principalAngles(modes.v, blocks, modes.q)[2] < 1e-13);
    for (let a = 0; a < 3; a++) assert.is(modes.u[6 * 3 + a], a === 0 ? 0 : modes.u[6 * 3 + a] === 0 ? 0 : Number.NaN);
    assert.ok(unorthogonality(modes.u, modes.q0) < 1e-12);
  }
});

test("planted functions come back: q0 (1 + sum s_a v_a u_a) has just these modes, the smallest too", async (t) => {
  const [contexts, tokens] = [60, 24];
  const uniform = (n: number) => new Float64Array(n).fill(1 / n);
  const q0 = Float64Array.from({ length: tokens }, (_, y) => (1 + (y % 4)) / 60);
  const planted = randomBasis(uniform(contexts), q0, 5, 11);
  const values = [0.06, 0.04, 0.02, 1e-8];
  const table = Float64Array.from({ length: contexts * tokens }, (_, at) => {
    const [x, y] = [Math.floor(at / tokens), at % tokens];
    return q0[y] * values.reduce((sum, s, i) => sum + s * planted.v[x * 5 + i + 1] * planted.u[y * 5 + i + 1], 1);
  });
  assert.ok(table.every((p) => p > 0));
  for (const method of ["dense", "randomized"] as const) {
    const modes = await modesOf(tableLaw(contexts, tokens, table), { method, iterations: 1, count: 24 });
    assert.is(modes.count, 5, method);
    assert.ok(largestDifference(modes.q0, q0) < 1e-15);
    for (const [i, s] of values.entries()) assert.ok(Math.abs(modes.values[i + 1] - s) < 1e-15, `${method} ${s}`);
    const angles = [1, 2, 3, 4].map((a) => {
      const one = (basis: { v: Float64Array; u: Float64Array }, K: number) =>
        [columns(basis.v, K, [a]), columns(basis.u, K, [a])] as const;
      const [v, u] = one(modes, 5);
      const [pv, pu] = one(planted, 5);
      return Math.max(principalAngles(v, pv, modes.q)[0], principalAngles(u, pu, modes.q0)[0]);
    });
    t.note(`${method}: angles ${angles.map((x) => x.toExponential(1)).join(", ")}`);
    // Rounding of T, 1e-16, over the value: a Gram matrix, 1e-16 over its square, would have lost the last.
    assert.ok(angles.every((angle, i) => angle < Math.max(1e-13, 1e-15 / values[i])));
    assert.ok(unorthogonality(modes.v, modes.q) < 1e-13 && unorthogonality(modes.u, modes.q0) < 1e-13);
  }
});

test("angles are SciPy's; a turned basis has none, and small ones are told from 0", () => {
  const [first, second] = [numbers(N, 3, 5, 3, 2, 7), numbers(N, 4, 2, 9, 1, 11)];
  assert.ok(largestDifference(principalAngles(first, second, goldenWeights), golden.angles) < 1e-14);
  const turned = Float64Array.from({ length: 2 * N }, (_, at) => {
    const row = Math.floor(at / 2) * 3;
    return at % 2 ? first[row] + 2 * first[row + 1] + 1e-9 * first[row + 2] : first[row] - first[row + 1];
  });
  const angles = principalAngles(turned, columns(first, 3, [0, 1]), goldenWeights);
  assert.ok(angles[0] < 1e-14 && angles[1] > 1e-11 && angles[1] < 1e-9, `${angles}`);
  refusedAtOnce(() => principalAngles(new Float64Array(N), first, goldenWeights), /rank 3,0|rank 0/);
});

test("a basis is completed to one of all functions, the given first", async () => {
  const modes = await modesOf(goldenLaw(), { weights: goldenWeights, count: 4 });
  const whole = completeBasis(modes);
  assert.equal(sizeOf(whole), { a: N, b: V });
  assert.ok(unorthogonality(whole.v, whole.q) < 1e-12 && unorthogonality(whole.u, whole.q0) < 1e-12);
  assert.equal(columns(whole.v, N, [0, 1, 2, 3]), modes.v);
});

test("rows whose sums are off by rounding of f32 are made whole", async () => {
  const law = goldenLaw();
  const off = async (from: number, to: number) =>
    Float64Array.from(await law.rows(from, to), (p, at) => p * (1 + 4e-6 * (Math.floor(at / V) % 2)));
  const modes = await modesOf({ ...law, rows: off }, { weights: goldenWeights, count: V });
  assert.ok(largestDifference(modes.values, golden.law.values) < 1e-13);
  assert.ok(largestDifference(modes.q0, golden.law.q0) < 1e-15);
});

test("what is no law, and weights that are none, are refused by name", async () => {
  const values = Array.from({ length: 12 }, () => random.uniform());
  const law = (rows: ArrayLike<number>) => ({ contexts: 3, tokens: 4, rows: () => rows });
  await refused(modesOf(law(values)), /context 0 has the sum/);
  await refused(modesOf(law([0.5, 0.5, 0, 0, -0.1, 1.1, 0, 0, 1, 0, 0, 0])), /context 1 has the value -0\.1/);
  await refused(modesOf(law([1])), /1 values for contexts 0 \.\. 2/);
  await refused(modesOf(goldenLaw(), { weights: [1] }), /1 weights of sum 1 for 30 contexts/);
  await refused(modesOf(goldenLaw(), { count: 0 }), /count 0/);
});

test.run();
