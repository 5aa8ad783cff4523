import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { cyclicPermutation, shuffledPairing, shuffledTraces } from "./controls";

const test = suite("runtime/susceptibility/controls");

const shape = { draws: 12, chains: 3, tokens: 7 };

/** Random traces, [draws, chains, tokens]. */
function exampleTraces(seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: shape.draws * shape.chains * shape.tokens }, () => random.normal());
}

test("shuffling leaves no draw at its place and is the same for the same seed", () => {
  const pairing = shuffledPairing(3, "l0h1", 4, 9);
  assert.equal(pairing, shuffledPairing(3, "l0h1", 4, 9));
  assert.not.equal(pairing, shuffledPairing(4, "l0h1", 4, 9));
  for (const order of pairing) {
    assert.equal([...order].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    order.forEach((partner, draw) => {
      assert.is.not(partner, draw);
    });
  }
  assert.equal(
    cyclicPermutation(1, () => 0),
    [0],
  );
});

test("a draw is paired with each of the others equally often", () => {
  const seen = new Float64Array(16);
  for (let seed = 0; seed < 600; seed++) {
    for (const [draw, partner] of shuffledPairing(seed, "l0h1", 1, 4)[0].entries()) seen[4 * draw + partner]++;
  }
  for (const [pair, times] of seen.entries()) {
    // A third of 600, to five standard deviations; a draw with itself never.
    if (pair % 5 === 0) assert.is(times, 0);
    else assert.ok(Math.abs(times - 200) < 5 * Math.sqrt((600 * 2) / 9), `pair ${pair}: ${times} times`);
  }
});

test("shuffled traces keep every token's values within its chain", () => {
  const traces = exampleTraces(11);
  const input = Float32Array.from(traces);
  const out = shuffledTraces(input, shape, 1, "l0h0");
  const values = (array: Float32Array, m: number, i: number) =>
    Array.from({ length: shape.draws }, (_, s) => array[(s * shape.chains + m) * shape.tokens + i]).sort();
  for (let m = 0; m < shape.chains; m++) {
    for (let i = 0; i < shape.tokens; i++) assert.equal(values(out, m, i), values(input, m, i));
  }
});

test("shuffled traces move every draw, and tokens apart from each other", () => {
  const traces = exampleTraces(17);
  // Every token has the draw's number for a value: what comes out is the permutation.
  const numbers = Float32Array.from(traces, (_, index) => Math.floor(index / (shape.chains * shape.tokens)));
  const out = shuffledTraces(numbers, shape, 1, "l0h0");
  const order = (m: number, i: number) =>
    Array.from({ length: shape.draws }, (_, s) => out[(s * shape.chains + m) * shape.tokens + i]);
  const orders = new Set<string>();
  for (let m = 0; m < shape.chains; m++) {
    for (let i = 0; i < shape.tokens; i++) {
      order(m, i).forEach((from, s) => {
        assert.is.not(from, s, `chain ${m}, token ${i}, draw ${s} stayed`);
      });
      orders.add(order(m, i).join());
    }
  }
  assert.is(orders.size, shape.chains * shape.tokens, "no two tokens or chains share a permutation");
});

test.run();
