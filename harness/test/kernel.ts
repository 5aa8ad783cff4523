import * as assert from "uvu/assert";
import type { Arrays, Case, Kernel, Variant } from "../../kernels/kernel";
import type { HostArray } from "../../runtime/plan/memory";
import { refusal } from "../../runtime/webgpu/variants";
import { caseInputs, toHost } from "./cases";
import { compare, describe } from "./compare";
import { testDevice, wasmDevice } from "./device";
import { runKernel, WASM } from "./run-kernel";
import type { Suite, TestContext } from "./suite";

export { caseInputs, toHost };

/** Runs a case on the test device. */
export async function runCase(
  kernel: Kernel,
  c: Case,
  inputs: Arrays,
  variant: string,
): Promise<Record<string, HostArray>> {
  const host = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, toHost(array)]));
  return runKernel(variant === WASM ? await wasmDevice() : await testDevice(), kernel, {
    dims: c.dims,
    params: c.params,
    inputs: host,
    shared: c.shared,
    variant,
  });
}

/** Compares the kernel with its reference on given inputs; notes and fails by the descriptor's tolerance. */
export async function checkCase(
  t: TestContext,
  kernel: Kernel,
  c: Case,
  inputs: Arrays,
  variant: string,
): Promise<void> {
  const expected = kernel.reference(copy(inputs), c.dims, c.params ?? {}, new Set(c.shared ?? []));
  const first = await runCase(kernel, c, inputs, variant);
  const second = await runCase(kernel, c, inputs, variant);
  for (const [name, want] of Object.entries(expected)) {
    const got = first[name];
    assert.equal(bits(second[name]), bits(got), `${kernel.name}#${variant} ${c.name}: ${name} differs from run to run`);
    if (want instanceof Uint32Array) {
      assert.equal(Array.from(got), Array.from(want), `${kernel.name}#${variant} ${c.name}: ${name}`);
      t.note(`${c.name} ${name}: exact`);
      continue;
    }
    const result = compare(got, want, kernel.variants[variant]?.tolerance ?? kernel.tolerance);
    t.note(describe(`${c.name} ${name}`, result));
    if (!(result.share <= 1)) {
      throw new Error(
        `${kernel.name}#${variant} ${describe(`${c.name} ${name}`, result)}: expected ${want[result.at]}, got ${got[result.at]}`,
      );
    }
  }
}

/** Variants that compute in f32 throughout: what a test asks of digits that f16 does not have, it asks of these. */
export function fullPrecision(kernel: Kernel): [string, Variant][] {
  return Object.entries(kernel.variants).filter(([, { precision }]) => precision === undefined);
}

/** Every case × variant of a kernel against its f64 reference, run twice: bit-equal, and nothing past the end. */
export function testKernel(test: Suite, kernel: Kernel): void {
  for (const [variantName, variant] of Object.entries(kernel.variants)) {
    test(`${kernel.name}#${variantName}: all cases against the f64 reference`, async (t) => {
      const { facts } = await testDevice();
      let ran = 0;
      for (const [index, c] of kernel.cases.entries()) {
        if (c.bench) continue;
        const why = refusal(variant, facts, c.dims, c.params ?? {});
        if (why) {
          if (/needs/.test(why)) t.skip(`${facts.name}: variant ${variantName} ${why}`);
          continue;
        }
        await checkCase(t, kernel, c, caseInputs(kernel, c, 1000 + index), variantName);
        ran++;
      }
      assert.ok(ran > 0, `no case of ${kernel.name} runs variant ${variantName}`);
    });
  }
  if (!kernel.wasm) return;
  test(`${kernel.name}#${WASM}: all cases against the f64 reference`, async (t) => {
    for (const [index, c] of kernel.cases.entries()) {
      if (!c.bench) await checkCase(t, kernel, c, caseInputs(kernel, c, 1000 + index), WASM);
    }
  });
}

function copy(arrays: Arrays): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()])) as Arrays;
}

function bits(array: HostArray): number[] {
  return Array.from(new Uint32Array(array.buffer, array.byteOffset, array.length));
}
