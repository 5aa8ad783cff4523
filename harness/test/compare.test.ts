/** The yardstick of every numerical test: what it must never let pass. */
import * as assert from "uvu/assert";
import { compare, describe } from "./compare";
import { suite } from "./suite";

const test = suite("harness/compare");
const tolerance = { absolute: 0.1, relative: 0.01, reason: "of this test" };

test("the largest error, where it is, and its share of absolute + relative * largest expected", () => {
  const { maxError, at, share, relativeL2 } = compare([1, -19.7, 3], [1, -20, 3.1], tolerance);
  assert.ok(Math.abs(maxError - 0.3) < 1e-12);
  assert.is(at, 1);
  assert.ok(Math.abs(share - 1) < 1e-12, "0.1 + 0.01 * 20");
  assert.ok(Math.abs(relativeL2 - Math.sqrt((0.09 + 0.01) / (1 + 400 + 9.61))) < 1e-12);
  assert.is(compare([1, 2], [1, 2], { ...tolerance, absolute: 0, relative: 0 }).share, 0);
  assert.is(compare([1, 2.5], [1, 2], { ...tolerance, absolute: 0, relative: 0 }).share, Number.POSITIVE_INFINITY);
});

test("NaN and infinity are infinite errors, wherever they are", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const at of [0, 2]) {
      const actual = [1, 2, 3];
      actual[at] = bad;
      const result = compare(actual, [1, 2, 3], tolerance);
      assert.is(result.maxError, Number.POSITIVE_INFINITY, `${bad} at ${at}`);
      assert.is(result.at, at);
      assert.not(result.share <= 1);
      assert.not(result.relativeL2 <= 1);
    }
  }
});

test("a tensor of another length is an error, and so is an expected value that is none", () => {
  assert.throws(() => compare([1, 2], [1, 2, 3], tolerance), /expected 3 elements, got 2/);
  assert.not(compare([1, 2], [1, Number.NaN], tolerance).share <= 1);
});

test("a line says the error, the place and the share", () => {
  assert.is(describe("dx", compare([1], [2], tolerance)), "dx: max error 1.0e+0 at 0, 833 % of tolerance");
});

test.run();
