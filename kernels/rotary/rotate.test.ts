import * as assert from "uvu/assert";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { interleavedHeads } from "../common/heads";
import type { Case } from "../kernel";
import { rotate as reference } from "./reference";
import { rotate } from "./rotate";
import { rotaryTable } from "./table";

const test = suite("kernels/rotary/rotate", { gpu: true });
testKernel(test, rotate);

const dims = { G: 1, B: 2, T: 6, H: 2, KV: 2, K: 8, Rt: 4, S: 2 * 6 * 2 * 3 * 8 };
const views = interleavedHeads(dims.H, dims.K);
const sizes: Case = { name: "own", dims, params: { sign: 1, ...views } };

test("the table: position 0 turns nothing, position 1 by one radian and by base^(-2i/Rt)", () => {
  const table = rotaryTable(3, 4, 10000);
  assert.equal(Array.from(table.subarray(0, 4)), [1, 1, 0, 0]);
  const slow = Math.fround(0.01);
  assert.equal(
    Array.from(table.subarray(4, 8)),
    [Math.cos(1), Math.cos(slow), Math.sin(1), Math.sin(slow)].map(Math.fround),
  );
  assert.ok(Math.abs(table[8] - Math.cos(2)) < 1e-7);
});

test("the table of an odd number of dims has one more, with the odd number's frequencies", () => {
  const table = rotaryTable(2, 5, 10000);
  assert.is(table.length, 2 * 6);
  for (let i = 0; i < 3; i++) assert.ok(Math.abs(table[6 + i] - Math.cos(10000 ** ((-2 * i) / 5))) < 1e-7);
});

test("angles are those of f32, as models were trained: far out exact ones are elsewhere", () => {
  // Pythia-14M's heads: dims 8, base 10000. By torch: torch.cos(torch.tensor(2047.) * (1 / 10000 ** (torch.arange(0, 8, 2) / 8))).
  const row = rotaryTable(2048, 8, 10000).subarray(2047 * 8, 2047 * 8 + 4);
  const torch = [0.24971525371074677, -0.8792673349380493, -0.0496266707777977, -0.4584086835384369];
  row.forEach((value, i) => {
    assert.ok(Math.abs(value - torch[i]) < 1.2e-7, `${i}: ${value}, torch ${torch[i]}`);
  });
  assert.ok(Math.abs(torch[1] - Math.cos(2047 * 10000 ** (-2 / 8))) > 1e-6, "the exact angle's cosine is another");
});

test("backward undoes forward, on every variant", async () => {
  const inputs = caseInputs(rotate, sizes, 11);
  for (const variant of Object.keys(rotate.variants)) {
    const { out } = await runCase(rotate, sizes, inputs, variant);
    const turned = { ...inputs, qkv: Float64Array.from(out) };
    const back = await runCase(rotate, { ...sizes, params: { sign: -1, ...views } }, turned, variant);
    for (let i = 0; i < out.length; i++) {
      assert.ok(Math.abs(back.out[i] - inputs.qkv[i]) < 1e-6, `${variant}, element ${i}`);
    }
  }
});

test("sign -1 is the gradient: <dy, rotate(x, 1)> = <rotate(dy, -1), x>", () => {
  const { qkv, table } = caseInputs(rotate, sizes, 12);
  const dy = Float64Array.from(qkv, (_, i) => Math.cos(i * i));
  const forward = reference({ qkv, table }, dims, { sign: 1, ...views }).out;
  const gradient = reference({ qkv: dy, table }, dims, { sign: -1, ...views }).out;
  let difference = 0;
  for (let i = 0; i < qkv.length; i++) difference += dy[i] * forward[i] - gradient[i] * qkv[i];
  assert.ok(Math.abs(difference) < 1e-12);
});

test("scores depend on the distance between positions only", async () => {
  const { T, H, K } = dims;
  const inputs = caseInputs(rotate, sizes, 13);
  const row = 3 * H * K;
  // The same q and k at every position of every sequence.
  const qkv = Float64Array.from(inputs.qkv, (_, i) => inputs.qkv[i % row]);
  const { out } = await runCase(rotate, sizes, { ...inputs, qkv }, "heads");
  const score = (q: number, k: number) => {
    let sum = 0;
    for (let i = 0; i < K; i++) sum += out[q * row + i] * out[k * row + K + i];
    return sum;
  };
  for (let distance = 0; distance < T; distance++) {
    for (let k = 0; k + distance < T; k++) {
      assert.ok(Math.abs(score(k + distance, k) - score(distance, 0)) < 2e-6, `positions ${k + distance}, ${k}`);
    }
  }
});

test("values and elements past Rt are copied bit for bit", async () => {
  const inputs = caseInputs(rotate, sizes, 14);
  for (const variant of Object.keys(rotate.variants)) {
    const { out } = await runCase(rotate, sizes, inputs, variant);
    for (let i = 0; i < out.length; i++) {
      const value = Math.floor(i / dims.K) % 3 === 2;
      if (value || i % dims.K >= dims.Rt) assert.is(out[i], inputs.qkv[i], `${variant}, element ${i}`);
    }
  }
});

test.run();
