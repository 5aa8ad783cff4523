import * as assert from "uvu/assert";
import { checkCase, testKernel } from "../../harness/test/kernel";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import type { Arrays, Case } from "../kernel";
import { backward } from "./backward";
import { inPlanes, inRows, interleaved } from "./cases";
import { forward, backward as reference } from "./reference";

const test = suite("kernels/attention/backward", { gpu: true });
testKernel(test, backward);

const differentiated = [
  interleaved("heads of their own", [1, 2, 6, 2, 3], 0.7),
  inRows("two share", [1, 2, 6, 4, 3], 2),
  inPlanes("all share, in planes", [1, 2, 8, 2, 4], 1),
];
for (const { name, dims, params } of differentiated as Required<Case>[])
  test(`the reference agrees with central differences of the forward reference: ${name}`, (t) => {
    const random = seededRandom(5);
    const qkv = Float64Array.from({ length: dims.S }, () => random.normal());
    const dout = Float64Array.from({ length: dims.B * dims.T * dims.H * dims.K }, () => random.normal());
    const loss = (at: Float64Array) =>
      (forward({ qkv: at }, dims, params).out as Float64Array).reduce((sum, value, i) => sum + value * dout[i], 0);
    const { dqkv } = reference({ qkv, dout, ...forward({ qkv }, dims, params) }, dims, params);
    const h = 1e-5;
    let worst = 0;
    for (let i = 0; i < qkv.length; i++) {
      const moved = (by: number) => loss(qkv.map((value, j) => (i === j ? value + by : value)));
      worst = Math.max(worst, Math.abs((moved(h) - moved(-h)) / (2 * h) - dqkv[i]));
    }
    t.note(`max difference ${worst.toExponential(1)}`);
    assert.ok(worst < 1e-8);
  });

test("scores in the hundreds: one key takes all, and nothing overflows", async (t) => {
  for (const K of [8, 5]) {
    const c = interleaved(`K = ${K}`, [1, 1, 20, 1, K], 1);
    const { dims, params } = c as Required<Case>;
    const random = seededRandom(6);
    const qkv = Float64Array.from({ length: 60 * K }, () => Math.fround(12 * random.normal()));
    const dout = Float64Array.from({ length: 20 * K }, () => Math.fround(random.normal()));
    // The rounding of lse, 1e-5 where it is hundreds, is the kernel's input and not its error.
    const { out, lse } = forward({ qkv }, dims, params);
    const inputs: Arrays = { qkv, dout, out: f32(out), lse: f32(lse) };
    const loose = {
      ...backward,
      tolerance: { absolute: 1e-4, relative: 1e-4, reason: "scores of 1e3 are good to 1e-4" },
    };
    for (const [name, variant] of Object.entries(backward.variants)) {
      if (variant.accepts?.(dims, params) ?? true) await checkCase(t, loose, c, inputs, name);
    }
  }
});

function f32(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(Float32Array.from(values));
}

test.run();
