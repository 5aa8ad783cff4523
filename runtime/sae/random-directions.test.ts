import * as assert from "uvu/assert";
import { wasmDevice } from "../../harness/test/device";
import { seededRandom } from "../../harness/test/random";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { encodeTokens, tokenSource } from "./encode";
import type { InputScaling } from "./encoder";
import { randomDirections, ScaledMean } from "./random-directions";

const test = suite("runtime/sae/random-directions");
const [width, features] = [16, 400];
const shape = { width, features, scaling: { kind: "none" } } as const;
const center = new Float32Array(width);

test("rows are directions of length 1, uniform over the sphere, their own by seed and draw", (t) => {
  const { weight } = randomDirections(shape, center, 4, 1, 0);
  const squares = Array.from({ length: features }, (_, f) =>
    weight.subarray(f * width, (f + 1) * width).reduce((sum, value) => sum + value * value, 0),
  );
  assert.ok(squares.every((square) => Math.abs(square - 1) < 1e-6));
  // Of a uniform direction the square of any component is 1 / d in the mean, its fourth power 3 / (d (d + 2)).
  const moment = (power: number) => weight.reduce((sum, value) => sum + value ** power, 0) / weight.length;
  t.note(`moments ${moment(1).toFixed(4)}, ${moment(4).toFixed(5)} of ${(3 / (width * (width + 2))).toFixed(5)}`);
  assert.ok(Math.abs(moment(1)) < 3 / Math.sqrt(width * weight.length));
  assert.ok(Math.abs(moment(4) * ((width * (width + 2)) / 3) - 1) < 0.15);
  assert.equal(randomDirections(shape, center, 4, 1, 0).weight, weight);
  for (const other of [randomDirections(shape, center, 4, 2, 0), randomDirections(shape, center, 4, 1, 1)])
    assert.ok(weight.filter((value, i) => value === other.weight[i]).length < 5);
});

test("k of them fire on a token that lies off the center, none on the center", async () => {
  const random = seededRandom(3);
  const at = Float32Array.from({ length: width }, () => 5 + random.normal());
  const x = Float32Array.from({ length: 30 * width }, (_, i) => at[i % width] + (i < width ? 0 : random.normal()));
  const encoded = await encodeTokens(await wasmDevice(), randomDirections(shape, at, 6, 1, 0), tokenSource(x, width));
  assert.is(encoded.firings.members.length, 29 * 6);
  assert.not(Array.from(encoded.firings.members).includes(0));
  assert.is((randomDirections(shape, center, 9999, 1, 0).activation as { k: number }).k, features);
});

test("the mean is of vectors as they are scaled, over blocks of any size", () => {
  const random = seededRandom(4);
  const rows = 7;
  const x = Float32Array.from({ length: rows * width }, () => 2 + random.normal());
  const row = (r: number) => Array.from(x.subarray(r * width, (r + 1) * width));
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const scaled: Record<InputScaling["kind"], (v: readonly number[]) => number[]> = {
    none: (v) => [...v],
    factor: (v) => v.map((value) => 3 * value),
    unit_rms: (v) => v.map((value) => value / Math.sqrt(average(v.map((one) => one * one)))),
    standardize: (v) => {
      const deviation = Math.sqrt(v.reduce((sum, one) => sum + (one - average(v)) ** 2, 0) / (width - 1));
      return v.map((value) => (value - average(v)) / (deviation + 0.5));
    },
  };
  const kinds: InputScaling[] = [
    ...[{ kind: "none" } as const, { kind: "factor", factor: 3 } as const, { kind: "unit_rms" } as const],
    { kind: "standardize", epsilon: 0.5 },
  ];
  for (const scaling of kinds) {
    const mean = new ScaledMean({ width, scaling });
    mean.add(x.subarray(0, 2 * width));
    mean.add(x.subarray(2 * width));
    const all = Array.from({ length: rows }, (_, r) => scaled[scaling.kind](row(r)));
    for (const [i, value] of mean.mean().entries()) {
      const expected = average(all.map((own) => own[i]));
      assert.ok(Math.abs(value - expected) < 1e-6, `${scaling.kind} ${i}: ${value}, ${expected}`);
    }
  }
  assert.equal(new ScaledMean({ width: 2, scaling: { kind: "none" } }).mean(), new Float32Array(2));
  refusedAtOnce(() => new ScaledMean(shape).add(new Float32Array(width).fill(Number.NaN)), /token 0 are not finite/);
});

test.run();
