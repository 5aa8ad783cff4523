/** Which scale has a wanted rise: closed forms of losses, and answers that no law would give. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { nextScale, type ScaledRise } from "./wanted-rise";

const test = suite("runtime/sampler/wanted-rise");
const BOUNDS = [1e-4, 1e3] as const;

/** The scale after so many trials of a law, of which that at scale 1 is known. */
function found(
  law: (scale: number) => number,
  wanted: number,
  trials: number,
  bounds: readonly [number, number] = BOUNDS,
) {
  const known: ScaledRise[] = [{ scale: 1, rise: law(1) }];
  for (let trial = 0; trial < trials; trial++) {
    const scale = nextScale(known, wanted, bounds);
    known.push({ scale, rise: law(scale) });
  }
  return nextScale(known, wanted, bounds);
}

const near = (value: number, expected: number, relative: number, what = "") =>
  assert.ok(Math.abs(value / expected - 1) <= relative, `${what} ${value}, expected ${expected}`);

test("a quadratic loss is met without a trial: its rise is tr(H) / (2 localization)", () => {
  const [trace, localization] = [37, 40];
  const rise = (scale: number) => (trace * scale) / (2 * localization);
  for (const wanted of [0.001, 0.2, 0.4625, 3, 100]) {
    near(found(rise, wanted, 0), (2 * localization * wanted) / trace, 1e-12, `${wanted}:`);
  }
});

test("any power of the scale is met after one trial", () => {
  for (const power of [0.5, 0.8, 2]) {
    const rise = (scale: number) => 0.3 * scale ** power;
    for (const wanted of [0.03, 3]) near(found(rise, wanted, 1), (wanted / 0.3) ** (1 / power), 1e-9, `${power}:`);
  }
});

test("losses that saturate: after two trials the rise is within 1 %, up to nine tenths of what there is", () => {
  const most = 2;
  const laws: [string, (scale: number) => number][] = [
    ["rational", (scale) => (most * scale) / (scale + 5)],
    ["exponential", (scale) => most * (1 - Math.exp(-scale / 5))],
  ];
  for (const [name, law] of laws) {
    for (const wanted of [0.1, 0.2, 0.5, 1]) near(law(found(law, wanted, 2)), wanted, 0.01, `${name}, ${wanted}:`);
    near(law(found(law, 0.9 * most, 6)), 0.9 * most, 0.01, `${name}, nearly all:`);
  }
});

test("a law with a jump, and one that falls again, are held between what is known below and above", () => {
  const jump = (scale: number) => (scale < 3 ? 0.1 * scale : 10 * scale);
  near(found(jump, 5, 12), 3, 0.01, "the jump itself is the best there is:");
  const hump = (scale: number) => (scale * 0.4) / (1 + (scale / 4) ** 3);
  near(hump(found(hump, 0.6, 6)), 0.6, 0.02, "on its rising side:");
});

test("what cannot be had is a bound: no rise, a loss that falls, one that rises too little or at once", () => {
  const quadratic = (scale: number) => 0.2 * scale;
  for (const wanted of [0, -0.3, Number.NaN]) assert.is(found(quadratic, wanted, 2), 1e-4);
  assert.is(found(quadratic, 1e6, 2), 1e3);
  near(
    found(() => 0.2, 0.4, 8),
    1e3,
    1e-9,
    "flat and too low:",
  );
  near(
    found(() => 0.2, 0.1, 8),
    1e-4,
    1e-9,
    "flat and too high:",
  );
  const scales = [-0.1, 0, Number.POSITIVE_INFINITY, Number.NaN].map((rise) =>
    nextScale([{ scale: 1, rise }], 0.2, BOUNDS),
  );
  // Too low, so larger; losses without a number are too high, so smaller.
  near(scales[0], Math.sqrt(1e3), 1e-12);
  near(scales[1], Math.sqrt(1e3), 1e-12);
  near(scales[2], 1e-2, 1e-12);
  near(scales[3], 1e-2, 1e-12);
});

test("the secant goes through the nearest rise and the next nearest, whenever they were tried", () => {
  const known = [
    { scale: 1, rise: 1 },
    { scale: 2, rise: 1.5 },
    { scale: 8, rise: 2 },
    { scale: 32, rise: 2.2 },
  ];
  // Straight in logarithms from (2, 1.5) to (8, 2).
  const expected = 2 * 4 ** (Math.log(1.6 / 1.5) / Math.log(2 / 1.5));
  for (const order of [known, [...known].reverse()]) near(nextScale(order, 1.6, BOUNDS), expected, 1e-12);
});

test("scales of less than a tenth apart have no slope", () => {
  const quadratic = (others: ScaledRise[]) => nextScale([...others, { scale: 1, rise: 0.1 }], 0.2, BOUNDS);
  near(quadratic([{ scale: 1 / 1.09, rise: 0.05 }]), 2, 1e-12, "the quadratic law's");
  near(quadratic([{ scale: 1 / 1.21, rise: 0.1 / 1.21 ** 2 }]), Math.SQRT2, 1e-12, "the square's");
});

test.run();
