import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { traceColumns } from "./traces";

const test = suite("runtime/susceptibility/traces");

const shape = { draws: 12, chains: 3, tokens: 7 };

/** Random traces, [draws, chains, tokens]. */
function exampleTraces(seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: shape.draws * shape.chains * shape.tokens }, () => random.normal());
}

const near = (actual: number, expected: number, bound: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual}, expected ${expected}`);

test("trace columns are centered in every chain, of unit length, and free of what all tokens do together", () => {
  const traces = exampleTraces(12);
  const width = shape.draws * shape.chains;
  const out = new Float32Array(shape.tokens * width);
  traceColumns(traces, shape, out, width, 0);
  const common = Float64Array.from({ length: width }, (_, column) => {
    let sum = 0;
    for (let i = 0; i < shape.tokens; i++) sum += traces[column * shape.tokens + i];
    return sum / shape.tokens;
  });
  for (let m = 0; m < shape.chains; m++) {
    let mean = 0;
    for (let s = 0; s < shape.draws; s++) mean += common[s * shape.chains + m] / shape.draws;
    for (let s = 0; s < shape.draws; s++) common[s * shape.chains + m] -= mean;
  }
  for (let i = 0; i < shape.tokens; i++) {
    const row = out.subarray(i * width, (i + 1) * width);
    const sum = (f: (value: number, column: number) => number) =>
      row.reduce((total, value, c) => total + f(value, c), 0);
    near(
      sum((value) => value * value),
      1,
      1e-6,
      "length",
    );
    near(
      sum((value, column) => value * common[column]),
      0,
      1e-6,
      "part along the mean trace",
    );
    for (let m = 0; m < shape.chains; m++) {
      near(
        sum((value, column) => (column % shape.chains === m ? value : 0)),
        0,
        1e-6,
        "mean of a chain",
      );
    }
  }
  const doubled = traces.map((value, index) => (index % shape.tokens === 3 ? 2 * value : value));
  const scaled = new Float32Array(out.length);
  traceColumns(doubled, shape, scaled, width, 0);
  assert.not.equal(scaled, out, "the mean trace is that of all tokens");
});

test("each component has its own columns; tokens that cancel keep their traces, and what does not move is 0", () => {
  const out = new Float32Array(10).fill(9);
  const two = { draws: 2, chains: 1, tokens: 2 };
  // Their mean does not move: token 0 rises from 1 to 3, token 1 falls as much.
  traceColumns([1, -1, 3, -3], two, out, 5, 2);
  const half = Math.fround(Math.SQRT1_2);
  assert.equal([...out], [9, 9, -half, half, 9, 9, 9, half, -half, 9]);
  // Only token 0 moves, and with it the mean: nothing is left of either.
  traceColumns([1, 5, 3, 5], two, out, 5, 0);
  assert.equal([...out], [0, 0, -half, half, 9, 0, 0, half, -half, 9]);
  traceColumns([4, 5, 4, 5], two, out, 5, 3);
  assert.equal([...out], [0, 0, -half, 0, 0, 0, 0, half, 0, 0]);
});

test.run();
