import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Counter, deriveKey, type Key, normals, philox4x32, words, wordsBetween } from "./philox";

const test = suite("kernels/philox/philox");

test("known answers of Random123 for philox4x32-10", () => {
  // counter, key, words: the generator's published test vectors
  const known: [Counter, Key, number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, expected] of known) assert.equal(Array.from(philox4x32(key, counter)), expected);
});

test("elements do not depend on how many are asked for", () => {
  const key = deriveKey(1, "full", 0, "noise");
  assert.equal(Array.from(words(key, 5, 7)), Array.from(words(key, 5, 100).subarray(0, 7)));
  for (const [from, to] of [
    [0, 0],
    [3, 4],
    [4, 9],
    [5, 98],
    [100, 100],
  ]) {
    assert.equal(Array.from(wordsBetween(key, 5, from, to)), Array.from(words(key, 5, 100).subarray(from, to)));
  }
  assert.equal(Array.from(normals(key, 5, 7)), Array.from(normals(key, 5, 100).subarray(0, 7)));
});

test("keys are FNV-1a of the joined parts", () => {
  assert.equal(deriveKey(), [0x84222325, 0xcbf29ce4]);
  assert.equal(deriveKey("a"), [0x8601ec8c, 0xaf63dc4c]);
  assert.equal(deriveKey("foobar"), [0xf73967e8, 0x85944171]);
  assert.equal(deriveKey(12, "l0h1"), deriveKey("12", "l0h1"));
  assert.is.not(String(deriveKey(1, "2")), String(deriveKey(12, "")));
  assert.is.not(String(deriveKey("l0 attn", 0)), String(deriveKey("l0 mlp", 0)));
});

test("parts that would make two purposes one are refused", () => {
  assert.throws(() => deriveKey(0.5), /part 0: 0\.5/);
  assert.throws(() => deriveKey("a\u001fb"), /U\+001F/);
});

test("normals have the moments of N(0, 1), and neighbors, steps and keys are uncorrelated", (t) => {
  const n = 200_000;
  const a = normals(deriveKey(0, "a"), 0, n);
  const b = normals(deriveKey(0, "a"), 1, n);
  const c = normals(deriveKey(0, "b"), 0, n);
  const mean = (f: (i: number) => number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += f(i);
    return sum / n;
  };
  // Each estimate is normal with standard deviation sqrt(variance / n): five of them are allowed.
  const within = (what: string, value: number, expected: number, variance: number) => {
    const z = (value - expected) / Math.sqrt(variance / n);
    t.note(`${what}: ${value.toFixed(5)} (${z.toFixed(2)} sd)`);
    assert.ok(Math.abs(z) < 5, `${what}: ${value}, expected ${expected}`);
  };
  within(
    "mean",
    mean((i) => a[i]),
    0,
    1,
  );
  within(
    "variance",
    mean((i) => a[i] ** 2),
    1,
    2,
  );
  within(
    "third moment",
    mean((i) => a[i] ** 3),
    0,
    15,
  );
  within(
    "fourth moment",
    mean((i) => a[i] ** 4),
    3,
    96,
  );
  within(
    "neighbors",
    mean((i) => a[i] * a[(i + 1) % n]),
    0,
    1,
  );
  within(
    "steps",
    mean((i) => a[i] * b[i]),
    0,
    1,
  );
  within(
    "keys",
    mean((i) => a[i] * c[i]),
    0,
    1,
  );
  within(
    "squares of pairs",
    mean((i) => (a[i] ** 2 - 1) * (a[i ^ 1] ** 2 - 1)),
    0,
    4,
  );
});

test.run();
