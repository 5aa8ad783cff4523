import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { InputScaling } from "./encoder";
import { reachOf, scaleTokens } from "./scaling";

const test = suite("runtime/sae/scaling");
const near = (got: ArrayLike<number>, want: readonly number[], what: string) =>
  want.forEach((v, i) => {
    assert.ok(Math.abs(got[i] - v) < 1e-12, `${what}: ${i} is ${got[i]}, not ${v}`);
  });

test("by hand: what each scaling makes of a vector, less the center", () => {
  const x = Float32Array.of(1, 2, 3, 6);
  const center = Float32Array.of(0.5, 0, -1, 2);
  // Mean 3, unbiased variance 14/3; length sqrt(50).
  const std = Math.sqrt(14 / 3);
  const cases: [InputScaling, number[]][] = [
    [{ kind: "none" }, [1, 2, 3, 6]],
    [{ kind: "factor", factor: -2 }, [-2, -4, -6, -12]],
    [{ kind: "standardize", epsilon: 0.5 }, [-2, -1, 0, 3].map((v) => v / (std + 0.5))],
    [{ kind: "unit_rms" }, [1, 2, 3, 6].map((v) => (2 * v) / Math.sqrt(50))],
  ];
  for (const [scaling, row] of cases) {
    const out = new Float64Array(4);
    scaleTokens({ width: 4, scaling }, { slope: 1, offset: 0 }, x, 1, 0, out);
    near(out, row, scaling.kind);
    scaleTokens({ width: 4, scaling, center }, { slope: 1, offset: 0 }, x, 1, 0, out);
    near(
      out,
      row.map((v, i) => v - center[i]),
      `${scaling.kind}, centered`,
    );
  }
});

// SAELens divides by x.norm() and x.std(): NaN of zeros, and of one number.
test("zeros under unit_rms and one number under standardize are refused by token; constant vectors become zeros", () => {
  const reach = { slope: 1, offset: 0 };
  const unit = { width: 2, scaling: { kind: "unit_rms" } } as const;
  const scale = (of: Parameters<typeof scaleTokens>[0], x: readonly number[]) => {
    const out = new Float64Array(x.length).fill(7);
    scaleTokens(of, reach, Float32Array.from(x), x.length / of.width, 40, out);
    return out;
  };
  refusedAtOnce(() => scale(unit, [3, 4, 0, 0]), /^activations of token 41 are not finite as the encoder scales them/);
  near(scale(unit, [0, 2 ** -149]), [0, Math.SQRT2], "the least of all f32 numbers");
  near(scale(unit, [3e38, 3e38]), [1, 1], "huge ones");
  const standard = { width: 3, scaling: { kind: "standardize", epsilon: 1e-5 } } as const;
  refusedAtOnce(() => scale({ ...standard, width: 1 }, [5]), /token 40 are not finite/);
  near(scale(standard, [5, 5, 5]), [0, 0, 0], "constant");
  near(scale(standard, [0, 0, 0]), [0, 0, 0], "zeros");
  refusedAtOnce(() => scale(standard, [1, 2, 3, 1, Number.NaN, 0]), /token 41 are not finite/);
  refusedAtOnce(() => scale(standard, [1, 2, 3, 1, Number.POSITIVE_INFINITY, 0]), /token 41 are not finite/);
});

test("the reach of an encoder: the longest row, the largest bias, times the largest scale", () => {
  const weight = Float32Array.of(3, 4, 0, 1);
  const encoder = { width: 2, features: 2, scaling: { kind: "none" }, weight, bias: Float32Array.of(-2, 1) } as const;
  assert.equal(reachOf({ ...encoder, activation: { kind: "relu" } }), { slope: 5, offset: 2 });
  const scale = Float32Array.of(0.5, -10);
  const gated = { kind: "gated", scale, gateBias: Float32Array.of(3, 0) } as const;
  assert.equal(reachOf({ ...encoder, activation: gated }), { slope: 50, offset: 30 });
});

test.run();
