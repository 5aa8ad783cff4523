/** Scales are found of rises whose law is known. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type FoundScale, findScale, type TriedScale } from "./find-scale";

const test = suite("runtime/measure/find-scale");

/** Tells a rise by its law, and by number what else became of a trial. */
function lawOf(rise: (scale: number) => number, fate: readonly ("hot" | "flown" | "")[] = []) {
  let trials = 0;
  return async (scale: number): Promise<TriedScale | undefined> => {
    const own = fate[trials++];
    return own === "flown" ? undefined : { rise: rise(scale), hot: own === "hot" };
  };
}
const scalesOf = ({ trials }: FoundScale) => trials.map(({ scale }) => scale);
const near = (got: number, expected: number) => assert.ok(Math.abs(got / expected - 1) < 1e-9, `${got}, ${expected}`);

test("a rise in proportion to the scale is met at once, whatever the search begins at", async () => {
  for (const own of [0.02, 1, 40]) {
    const found = await findScale(
      own,
      0.12,
      lawOf((scale) => 0.03 * scale),
    );
    assert.is(found.scale, 4);
    assert.is(found.trials.length, 2);
    near(found.trials[1].scale, 4);
    near(found.rise!, 0.12);
    assert.is(found.saturated, undefined);
  }
});

test("a rise within a twentieth of the wanted one ends the search, one that is just as far does not", async () => {
  const at = (rise: number) =>
    findScale(
      1,
      20,
      lawOf((scale) => rise * scale),
    );
  for (const rise of [19.01, 20.99]) assert.equal(await at(rise), { trials: [{ scale: 1, rise }], scale: 1, rise });
  for (const rise of [19, 21]) assert.is((await at(rise)).trials.length, 2);
});

test("of six trials that all miss, the scale that they lead to is taken, and the nearest rise told", async () => {
  // No scale has a rise between 0.9 and 100.
  const found = await findScale(
    1,
    1,
    lawOf((scale) => (scale < 3 ? 0.3 * scale : 100)),
  );
  assert.is(found.trials.length, 6);
  assert.ok(found.rise! > 0.5 && found.rise! < 0.9, `${found.rise}`);
  const below = Math.max(...scalesOf(found).filter((scale) => scale < 3));
  const above = Math.min(...scalesOf(found).filter((scale) => scale >= 3));
  assert.ok(found.scale >= below && found.scale <= above, `${found.scale} of ${scalesOf(found)}`);
  // What misses by exactly a twentieth, and flies off ever after, is no rise that is near.
  const flown = ["", ...Array(5).fill("flown")] as const;
  const just = await findScale(
    1,
    20,
    lawOf(() => 19, flown),
  );
  assert.equal(
    just.trials.map(({ rise }) => rise),
    [19, null, null, null, null, null],
  );
  assert.is(just.scale, Number(((20 / 19) * 0.25 ** 5).toPrecision(2)));
});

test("where chains fly off it goes to a quarter, where they are hot to six tenths, and no higher than that again", async () => {
  const flown = await findScale(
    8,
    0.5,
    lawOf((scale) => scale / 4, ["flown", "hot"]),
  );
  assert.equal(scalesOf(flown).slice(0, 2), [8, 2]);
  near(scalesOf(flown)[2], 1.2);
  assert.equal(
    flown.trials.slice(0, 2).map(({ rise }) => rise),
    [null, 0.5],
  );
  // 2 would be it, and was too hot.
  for (const scale of scalesOf(flown).slice(2)) assert.ok(scale <= 2, `${scale}`);
  const held = await findScale(
    8,
    1,
    lawOf((scale) => scale / 4, ["flown", "hot"]),
  );
  assert.ok(
    scalesOf(held).length === 6 &&
      scalesOf(held)
        .slice(3)
        .every((scale) => scale <= 2),
    `${scalesOf(held)}`,
  );
  const gone = await findScale(1, 1, async () => undefined);
  assert.equal(scalesOf(gone), [1, 0.25, 0.25 ** 2, 0.25 ** 3, 0.25 ** 4, 0.25 ** 5]);
  assert.equal([gone.scale, gone.rise, gone.saturated], [0.00024, undefined, undefined]);
});

test("a component that cannot rise as far as is wanted has the scale of half of what it has", async () => {
  // Half of its highest rise is had at scale 1.
  const found = await findScale(
    10,
    5,
    lawOf((scale) => (2 * scale) / (1 + scale)),
  );
  assert.is(found.saturated, true);
  assert.ok(Math.abs(found.rise! - 1) < 0.06, `${found.rise}`);
  assert.ok(found.scale > 0.85 && found.scale < 1.15, `${found.scale}`);
  // The square root of the scale is no saturation.
  const slow = await findScale(
    1,
    5,
    lawOf((scale) => scale ** 0.5),
  );
  assert.equal([slow.scale, slow.saturated], [25, undefined]);
  near(slow.rise!, 5);
});

test("a loss that falls or stays is farther than any that rises; least and greatest scale are kept", async () => {
  const fell = await findScale(
    1,
    1,
    lawOf((scale) => (scale > 0.9 && scale < 1.1 ? -0.5 : 0.2)),
  );
  assert.is(fell.rise, 0.2);
  const still = await findScale(
    1,
    1,
    lawOf(() => 0),
  );
  assert.is(still.rise, 0);
  for (const scale of scalesOf(still)) assert.ok(scale <= 1000, `${scale}`);
  const steep = await findScale(
    1,
    1,
    lawOf((scale) => 1e9 * scale),
  );
  assert.is(steep.scale, 1e-4);
});

test.run();
