import * as assert from "uvu/assert";
import { runCase } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import type { Kernel } from "../kernel";
import { baoab } from "./baoab";
import { rmsprop } from "./rmsprop";
import { step } from "./step";

const test = suite("kernels/sgld/box", { gpu: true });
const P = 64;
const size = 0.25;

/** w after one step of a single chain around centers of 1, noise of sd `noise` and the given slopes. */
async function boxed(kernel: Kernel, variant: string, noise: number, slopes: Float64Array): Promise<Float32Array> {
  const params = {
    ...kernel.cases[0].params,
    lr: 1,
    n_beta: 1,
    localization: 0,
    bounding_box_size: size,
    noise_level: noise,
  };
  const inputs = {
    w: new Float64Array(P).fill(1),
    v: new Float64Array(P).fill(1),
    p: new Float64Array(P),
    g: slopes,
    center: new Float64Array(P).fill(1),
    keys: Uint32Array.of(5, 6),
  };
  const given = Object.fromEntries(
    Object.keys(kernel.bindings).map((name) => [name, inputs[name as keyof typeof inputs]]),
  );
  const c = { name: "box", dims: { G: 1, P }, params, shared: ["center"] };
  return (await runCase(kernel, c, given, variant)).w as Float32Array;
}

for (const kernel of [step, rmsprop, baoab] as Kernel[]) {
  for (const variant of Object.keys(kernel.variants)) {
    test(`${kernel.name}#${variant}: noise beyond the box ends on its faces, the rest is left alone`, async () => {
      const w = await boxed(kernel, variant, 1, new Float64Array(P));
      const free = await boxed(kernel, variant, 0.01, new Float64Array(P));
      assert.ok(w.includes(1 - size) && w.includes(1 + size), "no weight reached a face");
      assert.ok(w.every((x) => Math.abs(x - 1) <= size));
      assert.ok(
        free.every((x) => Math.abs(x - 1) < size),
        "a weight was pushed to a face",
      );
    });

    test(`${kernel.name}#${variant}: a box does not hide a NaN`, async () => {
      const slopes = new Float64Array(P);
      slopes[5] = Number.NaN;
      const w = await boxed(kernel, variant, 0.01, slopes);
      assert.equal(
        Array.from(w.keys()).filter((i) => Number.isNaN(w[i])),
        [5],
      );
    });
  }
}

test.run();
