import * as assert from "uvu/assert";
import { testDevice, wasmDevice } from "../../harness/test/device";
import { seededRandom } from "../../harness/test/random";
import { everyActivation, randomEncoder } from "../../harness/test/random-encoder";
import { suite } from "../../harness/test/suite";
import type { Device } from "../plan/device";
import { openProcessor } from "../processor/device";
import { type EncodeOptions, encodeTokens, type SparseCodes, tokenSource } from "./encode";
import type { Encoder, InputScaling } from "./encoder";
import { referenceCodes } from "./reference";

const test = suite("runtime/sae/encode", { gpu: true });
const devices = { processor: wasmDevice, gpu: testDevice } as const;

const normals = (size: number, seed: number) => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size }, () => random.normal());
};

/** All codes that fire, block after block, as one list by token. */
async function codesOf(device: Device, encoder: Encoder, x: Float32Array, options: EncodeOptions = {}) {
  const blocks: SparseCodes[] = [];
  const encoded = await encodeTokens(device, encoder, tokenSource(x, encoder.width), {
    ...options,
    codes: (block) => void blocks.push(block),
  });
  const list: { token: number; feature: number; value: number }[] = [];
  for (const { from, starts, features, values } of blocks) {
    for (let t = 0; t + 1 < starts.length; t++) {
      for (let i = starts[t]; i < starts[t + 1]; i++)
        list.push({ token: from + t, feature: features[i], value: values[i] });
    }
  }
  return { encoded, list };
}

const SCALINGS: readonly InputScaling[] = [
  { kind: "none" },
  { kind: "factor", factor: 0.37 },
  { kind: "standardize", epsilon: 1e-5 },
  { kind: "unit_rms" },
];

const [T, D, F] = [41, 24, 210];

for (const [where, open] of Object.entries(devices)) {
  for (const name of Object.keys(everyActivation(F, seededRandom(1)))) {
    test(`${where}: ${name} gives the codes of plain loops in f64, under every scaling`, async (t) => {
      const random = seededRandom(11);
      const activation = everyActivation(F, random)[name];
      let worst = 0;
      let fired = 0;
      for (const [index, scaling] of SCALINGS.entries()) {
        const center = index % 2 ? normals(D, 3) : undefined;
        const encoder = randomEncoder(D, F, random, { scaling, activation, ...(center ? { center } : {}) });
        const x = normals(T * D, 20 + index).map((v) => 0.8 + 2 * v);
        const want = referenceCodes(encoder, x);
        const { list, encoded } = await codesOf(await open(), encoder, x, { block: 16, piece: 60 });
        const got = new Float64Array(T * F);
        for (const { token, feature, value } of list) got[token * F + feature] = value;
        for (let i = 0; i < T * F; i++) {
          const near = 1e-5 * want.scales[Math.floor(i / F)];
          if (want.margins[i] < near) continue;
          assert.is(got[i] > 0, want.codes[i] > 0, `token ${Math.floor(i / F)}, feature ${i % F}`);
          if (want.codes[i] > 0) worst = Math.max(worst, Math.abs(got[i] / want.codes[i] - 1));
        }
        fired += encoded.firings.members.length;
      }
      t.note(`${fired} codes, relative error at most ${worst.toExponential(1)}`);
      assert.ok(fired > 100);
      // One rounding to f32.
      assert.ok(worst < 6e-8, `${worst}`);
    });
  }
}

/** Bits of a list of codes. */
const bits = (list: readonly { token: number; feature: number; value: number }[]) =>
  list.map(({ token, feature, value }) => `${token} ${feature} ${value}`).join("\n");

for (const [where, open] of Object.entries(devices)) {
  for (const width of [24, 7]) {
    test(`${where}, ${width} wide: any block, any piece, weights kept or not: the same bits`, async () => {
      const random = seededRandom(5);
      const x = normals(T * width, 6);
      for (const [name, activation] of Object.entries(everyActivation(F, random))) {
        const encoder = randomEncoder(width, F, random, { activation });
        const { list, encoded } = await codesOf(await open(), encoder, x);
        for (const options of [
          { block: 1, piece: 100 },
          { block: 20, piece: 3 },
          { block: 16, piece: 37, weightBytes: 0 },
          { block: 1000, piece: 1000, weightBytes: 0 },
          { block: 40, piece: 208 },
        ]) {
          const other = await codesOf(await open(), encoder, x, options);
          assert.is(bits(other.list), bits(list), `${name}: ${JSON.stringify(options)}`);
          assert.equal(other.encoded, encoded, `${name}: ${JSON.stringify(options)}`);
        }
      }
    });
  }
}

test("processor and GPU: codes of the same bits, where both decide alike which fire", async () => {
  const random = seededRandom(17);
  const x = normals(T * D, 18);
  for (const [name, activation] of Object.entries(everyActivation(F, random))) {
    const encoder = randomEncoder(D, F, random, { activation });
    const [a, b] = [await codesOf(await wasmDevice(), encoder, x), await codesOf(await testDevice(), encoder, x)];
    const other = new Map(b.list.map((one) => [one.token * F + one.feature, one.value]));
    const both = a.list.filter((one) => other.has(one.token * F + one.feature));
    assert.ok(both.length >= a.list.length - 2 && both.length >= b.list.length - 2, name);
    for (const { token, feature, value } of both) assert.is(other.get(token * F + feature), value, name);
  }
});

test("a device that binds little gets small pieces: the same bits; one that binds too little says so", async () => {
  const random = seededRandom(15);
  const x = normals(T * D, 16);
  const encoder = randomEncoder(D, F, random, { activation: { kind: "topk", k: 5 } });
  const device = await wasmDevice();
  const { list } = await codesOf(device, encoder, x);
  // 20 features a piece.
  assert.is(bits((await codesOf({ ...device, bindingBytes: 4 * 41 * 20 }, encoder, x)).list), bits(list));
  const error = await codesOf({ ...device, bindingBytes: 4 * 41 }, encoder, x).then(
    () => assert.unreachable("accepted"),
    (thrown) => thrown,
  );
  assert.match(error.line, /a block of 1 tokens 24 wide does not fit the device; encode fewer/);
});

test("blocks are as long as a device can bind the lists of the k largest codes", async () => {
  const random = seededRandom(19);
  const x = normals(T * D, 20);
  const encoder = randomEncoder(D, F, random, { activation: { kind: "topk", k: 200 } });
  const device = await wasmDevice();
  const small = { ...device, bindingBytes: 4 * 200 * 7 };
  const blocks: number[] = [];
  await encodeTokens(small, encoder, tokenSource(x, D), { codes: ({ tokens }) => void blocks.push(tokens) });
  assert.equal(blocks, [7, 7, 7, 7, 7, 6]);
  assert.is(bits((await codesOf(small, encoder, x)).list), bits((await codesOf(device, encoder, x)).list));
  const error = await codesOf(small, encoder, x, { block: 8 }).then(
    () => assert.unreachable("accepted"),
    (thrown) => thrown,
  );
  assert.match(error.line, /a block of 8 tokens 24 wide does not fit the device/);
});

test("one thread and three: the same bits", async () => {
  const [one, three] = await Promise.all([openProcessor(1), openProcessor(3)]);
  const random = seededRandom(7);
  const x = normals(300 * 32, 8);
  try {
    for (const [name, activation] of Object.entries(everyActivation(640, random))) {
      const encoder = randomEncoder(32, 640, random, { activation });
      const [a, b] = [await codesOf(one, encoder, x), await codesOf(three, encoder, x)];
      assert.is(bits(a.list), bits(b.list), name);
    }
  } finally {
    one.close();
    three.close();
  }
});

for (const [where, open] of Object.entries(devices)) {
  test(`${where}: equal features are chosen by index, wherever pieces cut`, async () => {
    const features = 60;
    const random = seededRandom(9);
    const base = randomEncoder(8, features, random);
    // Features 3, 20 and 41 are one, and 12, 13 another.
    for (const [to, from] of [
      [20, 3],
      [41, 3],
      [13, 12],
    ]) {
      base.weight.copyWithin(8 * to, 8 * from, 8 * (from + 1));
      base.bias[to] = base.bias[from];
    }
    const x = normals(50 * 8, 10);
    const scores = referenceCodes(base, x).codes;
    let cut = 0;
    for (const piece of [60, 20, 13, 3]) {
      for (let k = 1; k <= features; k += 7) {
        const { list } = await codesOf(await open(), { ...base, activation: { kind: "topk", k } }, x, { piece });
        for (let token = 0; token < 50; token++) {
          const chosen = new Set(list.filter((one) => one.token === token).map(({ feature }) => feature));
          for (const same of [
            [3, 20, 41],
            [12, 13],
          ]) {
            const taken = same.map((f) => chosen.has(f));
            assert.equal(taken, taken.toSorted().reverse(), `k ${k}, piece ${piece}, token ${token}: ${same}`);
            if (taken[0] && !taken[taken.length - 1]) cut++;
          }
          if (k === features) assert.is(chosen.size, countPositive(scores, token, features));
        }
      }
      const { list } = await codesOf(await open(), { ...base, activation: { kind: "groupmax", k: 2 } }, x, { piece });
      assert.is(
        list.some(({ feature }) => feature === 20 || feature === 13),
        false,
      );
    }
    assert.ok(cut > 20, `${cut} lists end among equals`);
  });
}

function countPositive(codes: Float64Array, token: number, features: number): number {
  return codes.subarray(token * features, (token + 1) * features).filter((v) => v > 0).length;
}

test("k 256 of 131,072 features over pieces: exactly those of sorting", async () => {
  const [features, k] = [131072, 256];
  const weight = normals(features, 12).map((v) => Math.fround(Math.round(v * 1000) / 1000));
  const encoder: Encoder = {
    ...{ width: 1, features, scaling: { kind: "none" }, weight, bias: new Float32Array(features) },
    activation: { kind: "topk", k },
  };
  const x = Float32Array.of(1.5, -0.7, 3);
  const { list } = await codesOf(await wasmDevice(), encoder, x);
  for (let token = 0; token < 3; token++) {
    const scores = weight.map((w) => w * x[token]);
    // Many weights are equal: sorting is stable, so that the lower feature comes first.
    const want = Array.from(scores.keys())
      .sort((a, b) => scores[b] - scores[a])
      .slice(0, k)
      .sort((a, b) => a - b);
    const got = list.filter((one) => one.token === token);
    assert.equal(
      got.map(({ feature }) => feature),
      want,
    );
    assert.ok(got.every(({ feature, value }) => value === scores[feature]));
  }
});

for (const [where, open] of Object.entries(devices)) {
  test(`${where}: one token, one feature, all features, features and tokens that stay silent`, async () => {
    const random = seededRandom(13);
    for (const features of [1, 3, 65]) {
      for (const [name, activation] of Object.entries(everyActivation(features, random))) {
        const encoder = randomEncoder(5, features, random, { activation });
        const x = normals(5, 14);
        const { list } = await codesOf(await open(), encoder, x);
        const want = Array.from(referenceCodes(encoder, x).codes);
        assert.equal(
          list.map(({ feature }) => feature),
          want.flatMap((v, f) => (v > 0 ? [f] : [])),
          `${name} of ${features}`,
        );
      }
    }
    const encoder: Encoder = {
      ...{ width: 2, features: 3, scaling: { kind: "none" }, activation: { kind: "relu" } },
      // The first reads x, the second y, the third never fires.
      weight: Float32Array.of(1, 0, 0, 1, 1, 1),
      bias: Float32Array.of(-1, -1, -100),
    };
    // The second token is silent.
    const { encoded } = await codesOf(await open(), encoder, Float32Array.of(3, 0, 0, 0, 2, 5, 9, 1), { block: 3 });
    const { firings, count, mean, max, l0 } = encoded;
    assert.equal(Array.from(firings.starts), [0, 3, 4, 4]);
    assert.equal(Array.from(firings.members), [0, 2, 3, 2]);
    assert.equal(
      [Array.from(count), Array.from(mean), Array.from(max)],
      [
        [3, 1, 0],
        [11 / 3, 4, 0],
        [8, 4, 0],
      ],
    );
    assert.is(l0, 1);
    const above = await codesOf(await open(), encoder, Float32Array.of(3, 0, 0, 0, 2, 5, 9, 1), { active: 2 });
    assert.equal(
      above.list.map(({ token, feature }) => [token, feature]),
      [
        [2, 1],
        [3, 0],
      ],
    );
    const none = await codesOf(await open(), encoder, new Float32Array(0));
    assert.equal([none.encoded.l0, Array.from(none.encoded.firings.starts)], [0, [0, 0, 0, 0]]);
  });
}

test.run();
