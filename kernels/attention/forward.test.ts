import * as assert from "uvu/assert";
import { caseInputs, checkCase, runCase, testKernel } from "../../harness/test/kernel";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import type { Case } from "../kernel";
import { inRows, interleaved } from "./cases";
import { forward } from "./forward";
import { forward as reference } from "./reference";

const test = suite("kernels/attention/forward", { gpu: true });
testKernel(test, forward);

function variantsFor(c: Case): string[] {
  return Object.keys(forward.variants).filter(
    (name) => forward.variants[name].accepts?.(c.dims, c.params ?? {}) ?? true,
  );
}

test("equal keys: every row is the mean of the values so far", async () => {
  const [T, K] = [21, 8];
  const c = interleaved("equal keys", [1, 1, T, 1, K], 0.35);
  const { qkv } = caseInputs(forward, c, 3);
  for (let t = 0; t < T; t++) qkv.fill(0.5, (t * 3 + 1) * K, (t * 3 + 2) * K);
  for (const variant of variantsFor(c)) {
    const { out } = await runCase(forward, c, { qkv }, variant);
    const sums = new Float64Array(K);
    for (let t = 0; t < T; t++) {
      for (let e = 0; e < K; e++) {
        sums[e] += qkv[(t * 3 + 2) * K + e];
        assert.ok(Math.abs(out[t * K + e] - sums[e] / (t + 1)) < 1e-6, `${variant}: row ${t}, element ${e}`);
      }
    }
  }
});

test("later keys and values do not reach a row", async () => {
  const [T, K] = [37, 8];
  const c = interleaved("causal", [1, 1, T, 1, K], 0.35);
  const { qkv } = caseInputs(forward, c, 4);
  const changed = qkv.slice();
  for (let i = 18 * 3 * K; i < changed.length; i++) changed[i] = 1e4;
  for (const variant of variantsFor(c)) {
    const before = await runCase(forward, c, { qkv }, variant);
    const after = await runCase(forward, c, { qkv: changed }, variant);
    assert.equal(after.out.slice(0, 18 * K), before.out.slice(0, 18 * K), variant);
    assert.ok(after.out.every(Number.isFinite), variant);
  }
});

test("scores in the thousands, rising and falling: one key takes all, and nothing overflows", async (t) => {
  for (const K of [8, 5]) {
    const c = interleaved(`K = ${K}`, [1, 1, 20, 1, K], 1);
    const random = seededRandom(8);
    const qkv = Float64Array.from({ length: 60 * K }, () => Math.fround(30 * random.normal()));
    for (const variant of variantsFor(c)) await checkCase(t, forward, c, { qkv }, variant);
  }
});

test("query heads that share keys and values: as if each had a copy of its own", () => {
  const [G, B, T, H, KV, K] = [1, 2, 7, 6, 2, 3];
  const shared = inRows("shared", [G, B, T, H, K], KV);
  const own = interleaved("own", [G, B, T, H, K]);
  const { qkv } = caseInputs(forward, shared, 9);
  const copies = new Float64Array(B * T * H * 3 * K);
  const row = (H + 2 * KV) * K;
  for (let r = 0; r < B * T; r++) {
    for (let h = 0; h < H; h++) {
      const kv = Math.floor(h / 3);
      const parts = [h, H + kv, H + KV + kv].map((head) => qkv.subarray(r * row + head * K, r * row + (head + 1) * K));
      parts.forEach((part, i) => {
        copies.set(part, ((r * H + h) * 3 + i) * K);
      });
    }
  }
  const expected = reference({ qkv: copies }, own.dims, own.params!);
  assert.equal(reference({ qkv }, shared.dims, shared.params!), expected);
});

test.run();
