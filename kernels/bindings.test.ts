/**
 * What a model's plan does with a kernel and the other tests do not: every operand lies in a larger buffer, every strided
 * one with a stride of its own. WebGPU clamps accesses to the binding, so a kernel that reads or writes past a tensor's
 * end looks right when the binding ends where the tensor does; here there is something to read, and something to break.
 */
import * as assert from "uvu/assert";
import { testDevice } from "../harness/test/device";
import { caseInputs, runCase, toHost } from "../harness/test/kernel";
import { suite } from "../harness/test/suite";
import { roundUp } from "../runtime/plan/alignment";
import type { HostArray } from "../runtime/plan/memory";
import { packUniforms } from "../runtime/plan/shapes";
import { Usage, upload } from "../runtime/webgpu/buffers";
import { pipelineFor } from "../runtime/webgpu/pipelines";
import { readTensors } from "../runtime/webgpu/readback";
import { refusal } from "../runtime/webgpu/variants";
import { type Case, isStrided, type Kernel, linearGrid, shapeOf } from "./kernel";
import { everyKernel } from "./probes";

const test = suite("kernels/bindings", { gpu: true });
/** What lies around inputs, and around outputs: two numbers, because GELU hands a large one on unchanged. */
const AROUND = { read: 12345, update: 54321, write: 54321 } as const;
const TAIL = 64;

interface Placed {
  readonly buffer: GPUBuffer;
  readonly host: HostArray;
  readonly groups: number;
  readonly size: number;
  readonly stride: number;
}

/** Every binding of a case apart from its neighbors: groups by a stride that no other binding has, then a tail. */
async function placeApart(kernel: Kernel, c: Case, inputs: Record<string, Float64Array | Uint32Array>) {
  const { gpu } = await testDevice();
  return Object.entries(kernel.bindings).map(([name, binding], index): [string, Placed] => {
    const shared = isStrided(binding) && (c.shared?.includes(name) ?? false);
    const shape = shapeOf(binding, c.dims, shared);
    const groups = isStrided(binding) && !shared ? shape[0] : 1;
    const size = shape.reduce((a, b) => a * b, 1) / groups;
    const stride = isStrided(binding) && !shared ? roundUp(size, 4) + 4 * (2 + index) : size;
    const length = roundUp(groups * stride, 4) + TAIL;
    const host = (binding.type === "u32" ? new Uint32Array(length) : new Float32Array(length)).fill(
      AROUND[binding.access],
    );
    if (binding.access !== "write") {
      const source = toHost(inputs[name]);
      for (let g = 0; g < groups; g++) host.set(source.subarray(g * size, (g + 1) * size), g * stride);
    }
    const usage = Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST;
    const buffer = gpu.createBuffer({ size: length * 4, usage, label: name });
    upload(gpu, buffer, host);
    return [name, { buffer, host, groups, size, stride }];
  });
}

async function check(kernel: Kernel, variantName: string, c: Case): Promise<void> {
  const device = await testDevice();
  const variant = kernel.variants[variantName];
  const inputs = caseInputs(kernel, c, 4000);
  const dense = await runCase(kernel, c, inputs, variantName);
  const placed = await placeApart(kernel, c, inputs);
  const strides = Object.fromEntries(
    placed.map(([name, { stride }]) => [`stride_${name}`, c.shared?.includes(name) ? 0 : stride]),
  );
  const { gpu } = device;
  const { pipeline, layout } = await pipelineFor(device, kernel, variantName);
  const block = packUniforms(kernel, c.dims, strides, c.params ?? {});
  const uniform = gpu.createBuffer({ size: block.byteLength, usage: Usage.UNIFORM | Usage.COPY_DST });
  gpu.queue.writeBuffer(uniform, 0, block);
  const buffers = [...placed.map(([, { buffer }]) => buffer), uniform];
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const [x, y, z] = variant.grid(c.dims, c.params ?? {});
  // Where a grid may be folded it is, into three rows: 65,535 workgroups a row are too many for a test.
  const folds = variant.source.includes("num_workgroups");
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, gpu.createBindGroup({ layout, entries }));
  if (folds) pass.dispatchWorkgroups(Math.ceil((x * y) / 3), 3, z);
  else pass.dispatchWorkgroups(x, y, z);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  for (const [name, { buffer, host, groups, size, stride }] of placed) {
    if (kernel.bindings[name].access === "read") continue;
    const { type } = kernel.bindings[name];
    const [got] = await readTensors(device, [{ buffer, type, shape: [host.length], offset: 0 }]);
    const want = host.fill(AROUND.write);
    for (let g = 0; g < groups; g++) want.set(dense[name].subarray(g * size, (g + 1) * size), g * stride);
    const at = got.findIndex((value, i) => !Object.is(value, want[i]));
    const place = `group ${Math.floor(at / stride)}, element ${at % stride} of ${size}`;
    assert.is(at, -1, `${kernel.name}#${variantName} ${c.name}: ${name}, ${place}: ${got[at]} instead of ${want[at]}`);
  }
  for (const buffer of buffers) buffer.destroy();
}

for (const kernel of everyKernel) {
  test(`${kernel.name}: operands in larger buffers, with strides of their own, over a folded grid`, async (t) => {
    const { facts } = await testDevice();
    let ran = 0;
    for (const [name, variant] of Object.entries(kernel.variants)) {
      for (const c of kernel.cases) {
        if (c.bench || refusal(variant, facts, c.dims, c.params ?? {})) continue;
        await check(kernel, name, c);
        ran++;
      }
    }
    t.note(`${ran} cases`);
    assert.ok(ran > 0);
  });
}

test("a grid is folded where a row would hold more workgroups than WebGPU allows", () => {
  assert.equal(linearGrid(0, 64), [1, 1, 1]);
  assert.equal(linearGrid(65, 64, 3), [2, 1, 3]);
  assert.equal(linearGrid(65535 * 64, 64), [65535, 1, 1]);
  assert.equal(linearGrid(65535 * 64 + 1, 64, 2), [32768, 2, 2]);
});

test.run();
