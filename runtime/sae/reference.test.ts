/** The definition by small cases in closed form: ties, thresholds, signs, scalings. Python's own codes: models/sae. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import type { Activation, Encoder, InputScaling } from "./encoder";
import { encodeReference } from "./reference";

const test = suite("runtime/sae/reference");

/** Each feature is a coordinate: codes of x under an activation. */
function codes(activation: Activation, x: readonly number[], more: Partial<Encoder> = {}): number[] {
  const n = x.length;
  const weight = Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  const scaling: InputScaling = { kind: "none" };
  const common = { width: n, features: n, scaling, weight, bias: new Float32Array(n) };
  return [...encodeReference({ ...common, activation, ...more }, x)];
}

test("ties of a choice go to the lower index, and negative ones that are chosen are 0", () => {
  assert.equal(codes({ kind: "topk", k: 2 }, [1, 3, 1, 1]), [1, 3, 0, 0]);
  assert.equal(codes({ kind: "topk", k: 2 }, [-1, 3, -2, -3]), [0, 3, 0, 0]);
  assert.equal(codes({ kind: "groupmax", k: 2 }, [2, 2, -1, -1]), [2, 0, 0, 0]);
  assert.equal(codes({ kind: "topk", k: 1, score: Float32Array.of(1, 4, 1) }, [3, 1, 2]), [0, 4, 0]);
});

test("thresholds are not passed by what equals them", () => {
  assert.equal(codes({ kind: "jumprelu", threshold: Float32Array.of(2, 2, -5) }, [2, 2.5, -1]), [0, 2.5, 0]);
  const gate = Float32Array.of(-1, 0, 0.5);
  const gated: Activation = { kind: "gated", scale: Float32Array.of(2, 2, 2), gateBias: gate };
  assert.equal(codes(gated, [1, 1, -0.25], { bias: Float32Array.of(0.5, 0.5, 0.75) }), [0, 2.5, 0.25]);
  assert.equal(codes({ kind: "relu" }, [1, -1], { center: Float32Array.of(0.5, -3) }), [0.5, 2]);
});

test("scalings: a factor, unit root mean square, mean 0 with the unbiased deviation; rows are their own", () => {
  const relu: Activation = { kind: "relu" };
  assert.equal(codes(relu, [1, 2], { scaling: { kind: "factor", factor: 3 } }), [3, 6]);
  assert.equal(codes(relu, [3, 4, 0, 0], { scaling: { kind: "unit_rms" } }), [1.2, 1.6, 0, 0]);
  assert.equal(codes(relu, [1, 2, 3], { scaling: { kind: "standardize", epsilon: 1 } }), [0, 0, 0.5]);
  const encoder = { width: 1, features: 2, scaling: { kind: "none" }, activation: relu } as const;
  const weight = Float32Array.of(1, -1);
  assert.equal([...encodeReference({ ...encoder, weight, bias: Float32Array.of(0, 1) }, [2, -3])], [2, 0, 0, 4]);
});

test.run();
