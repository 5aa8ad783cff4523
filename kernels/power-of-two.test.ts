import * as assert from "uvu/assert";
import { suite } from "../harness/test/suite";
import { exponentOf, timesPowerOfTwo, toCommonScale } from "./power-of-two";

const test = suite("kernels/power-of-two");

test("the exponent of a number is exact, of subnormal ones and beside powers too", () => {
  for (let e = -1074; e <= 1023; e++) {
    const power = e < -1022 ? 2 ** -1022 * 2 ** (e + 1022) : 2 ** e;
    assert.is(exponentOf(power), e);
    assert.is(exponentOf(-power), e);
    if (e >= -1021) assert.is(exponentOf(power * (1 - 2 ** -53)), e - 1, `below 2^${e}`);
    if (e > -1060) assert.is(exponentOf(power * 1.99), e);
  }
  assert.is(exponentOf(Number.MAX_VALUE), 1023);
});

test("times a power and back is the same number, beyond the range of powers too", () => {
  assert.is(timesPowerOfTwo(2 ** -1074, 1074), 1);
  assert.is(timesPowerOfTwo(1, -1074), 2 ** -1074);
  assert.is(timesPowerOfTwo(Number.MAX_VALUE, -1023), 2 - 2 ** -52);
  for (const x of [1.5, -Math.PI, 1e300, 1e-300, 0])
    for (const e of [-20, 0, 3, 20]) assert.is(timesPowerOfTwo(timesPowerOfTwo(x, e), -e), x);
});

test("values get a common scale in which the largest is 1 to 2", () => {
  const values = Float64Array.of(-1.5e308, 3e307, 0);
  assert.is(toCommonScale(values), -1023);
  assert.equal(
    values,
    Float64Array.of(-1.5e308, 3e307, 0).map((x) => x / 2 ** 512 / 2 ** 511),
  );
  for (const [largest, kept] of [
    [2 ** 20, true],
    [2 ** 21, false],
    [2 ** -20, true],
    [2 ** -21, false],
  ] as const) {
    const own = Float64Array.of(largest, 0);
    assert.is(toCommonScale(own, 20) === 0, kept);
    assert.is(own[0], kept ? largest : 1);
  }
  const zeros = new Float64Array(2);
  assert.is(toCommonScale(zeros), 0);
  assert.equal(zeros, new Float64Array(2));
});

test.run();
