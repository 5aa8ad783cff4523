import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import {
  byConductance,
  type Candidate,
  choose,
  distinct,
  excessOf,
  nullEnvelope,
  randomSetEnvelope,
  rateRecurrence,
} from "./candidates";

const test = suite("runtime/cluster/candidates");

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function candidate(members: readonly number[], conductance = 0.1): Candidate {
  return {
    ...{ members: Uint32Array.from(members), conductance, volume: members.length, scale: 0 },
    ...{ seed: members[0], votes: 1, excess: 0, recurrence: 0 },
  };
}

test("the envelope is the lowest conductance from an eighth of that share up to it, whatever the order of the points", () => {
  const points = [
    { share: 0.1, conductance: 0.5 },
    { share: 0.3, conductance: 0.2 },
    { share: 0.2, conductance: 0.6 },
    { share: 0.1, conductance: 0.7 },
    { share: 0.4, conductance: 0.3 },
    { share: 0.03125, conductance: 0.1 },
    { share: 0.03125, conductance: 0.15 },
  ];
  for (const order of [points, [...points].reverse()]) {
    const envelope = nullEnvelope(order);
    assert.equal(
      [0.1, 0.15, 0.2, 0.25, 0.2501, 0.2999, 0.3, 0.4, 1].map(envelope),
      // A worse set of 0.2 or 0.4 never raises what a smaller one has reached; one of less than an eighth does not speak.
      [0.1, 0.1, 0.1, 0.1, 0.5, 0.5, 0.2, 0.2, 0.2],
    );
    assert.is(envelope(0.001), 0.1, "below the smallest set it speaks");
    const small = nullEnvelope(order.filter(({ share }) => share < 0.05));
    assert.equal(
      [0.0313, 0.25, 0.26, 1].map(small),
      [0.1, 0.1, 0.1, 0.1],
      "where no set is near, the next smaller size does",
    );
  }
  assert.is(nullEnvelope([]), randomSetEnvelope);
  // Of weight s (1 - s) cut over the smaller side.
  assert.equal([0, 0.2, 0.5, 0.9].map(randomSetEnvelope), [1, 0.8, 0.5, 0.9]);
});

test("excess is the share below the envelope", () => {
  const envelope = (share: number) => (share < 0.5 ? 0.4 : 0.2);
  assert.is(excessOf(0.1, 0.1, envelope), 0.75);
  assert.is(excessOf(0.4, 0.1, envelope), 0);
  assert.is(excessOf(0.4, 0.6, envelope), -1);
  assert.is(excessOf(0, 0.6, envelope), 1);
  assert.ok(excessOf(0.1, 0.1, () => 0) < -1e100, "nothing beats a null that reaches zero");
});

test("lowest conductance first, then the larger, then by members, seed and scale", () => {
  const first = candidate([7, 8, 9], 0.1);
  const larger = candidate([1, 2, 3], 0.2);
  const smaller = candidate([0, 1], 0.2);
  const later = candidate([4, 5], 0.2);
  const coarse = { ...candidate([4, 5], 0.2), scale: 1 };
  const seeded = { ...candidate([4, 5], 0.2), seed: 5 };
  const order = [first, larger, smaller, later, coarse, seeded];
  assert.equal([...order].reverse().sort(byConductance(Infinity)), order);
});

test("distinct drops what is too much like a better one, and only that", () => {
  const best = candidate(range(0, 10), 0.1);
  const alike = candidate(range(1, 10), 0.2);
  const half = candidate(range(5, 15), 0.3);
  const apart = candidate(range(20, 25), 0.4);
  // Like the dropped one, not like a kept one: 5 of 9 members shared with `alike`, 4 of 14 with `best`.
  const likeDropped = candidate([...range(6, 10), ...range(30, 34)], 0.5);
  const all = [best, alike, half, apart, likeDropped];
  assert.equal(distinct(all, 40, 0.5), [best, half, apart, likeDropped]);
  // Jaccard indices: alike 9 / 10, half 5 / 15. The limit itself counts as alike.
  assert.equal(distinct(all.slice(0, 3), 40, 0.9), [best, half]);
  assert.equal(distinct(all.slice(0, 3), 40, 0.91), [best, alike, half]);
  assert.equal(distinct(all.slice(0, 3), 40, 5 / 15), [best]);
});

test("chosen sets are disjoint: overlap goes to the first, and what is left must be enough and most of a set", () => {
  const labels = new Int32Array(30).fill(-1);
  labels[29] = 4;
  const sets = [
    candidate(range(0, 6)),
    // Of 8 members 6 are free.
    candidate(range(4, 12)),
    // Of 10 members 4 are free: enough, but less than half.
    candidate(range(6, 16)),
    // Of 4 members 2 are free: half, but too few.
    candidate(range(10, 14)),
    // A label of an earlier round is not taken away.
    candidate(range(24, 30)),
  ];
  assert.is(choose(sets, labels, 5, 3, 0.5), 8);
  const expected = new Int32Array(30).fill(-1);
  expected.fill(5, 0, 6).fill(6, 6, 12).fill(7, 24, 29);
  expected[29] = 4;
  assert.equal(labels, expected);
});

test("a set of which just the share is free is taken, and one of just the least size", () => {
  const labels = new Int32Array(10).fill(-1);
  // Of 8 members 4 are free, which is half of them and 4.
  assert.is(choose([candidate(range(0, 4)), candidate(range(0, 8))], labels, 0, 4, 0.5), 2);
  assert.equal([...labels], [0, 0, 0, 0, 1, 1, 1, 1, -1, -1]);
});

test("recurrence: the share of the seeds tried inside whose set is alike", () => {
  const whole = candidate(range(0, 10));
  const most = candidate(range(0, 8));
  const other = candidate(range(8, 20));
  const seeds: [number, Candidate | undefined][] = [
    [0, whole],
    [3, most],
    [5, undefined],
    [9, other],
    [15, other],
    // Found a set that was refused, which counts as tried.
    [16, candidate(range(8, 20))],
  ];
  rateRecurrence(
    [whole, most, other],
    seeds.map(([seed, found]) => ({ seed, found })),
    25,
    0.6,
  );
  // Jaccard indices: whole-most 8 / 10, whole-other 2 / 20, most-other 0. Seeds inside: 0, 3, 5, 9; 0, 3, 5; 9, 15, 16.
  assert.equal(
    [whole, most, other].map(({ recurrence }) => recurrence),
    [2 / 4, 2 / 3, 2 / 3],
  );
  rateRecurrence([whole, most, other], [{ seed: 0, found: most }], 25, 0.9);
  assert.equal(
    [whole, most, other].map(({ recurrence }) => recurrence),
    [0, 1, 0],
    "0.8 is not alike at 0.9",
  );
});

test("recurrence of large sets is judged by members spread over the whole set", () => {
  // The two share their first 300 members of 1,000: probes at the beginning alone would call them the same.
  const one = candidate(range(0, 1000));
  const two = candidate([...range(0, 300), ...range(1000, 1700)]);
  rateRecurrence([one, two], [{ seed: 5, found: two }], 1700, 0.5);
  assert.equal([one.recurrence, two.recurrence], [0, 1]);
});

test.run();
