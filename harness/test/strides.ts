import * as assert from "uvu/assert";
import { type Case, isStrided, type Kernel, shapeOf } from "../../kernels/kernel";
import { roundUp } from "../../runtime/plan/alignment";
import { Usage, upload } from "../../runtime/webgpu/buffers";
import { type GpuTensor, prepare } from "../../runtime/webgpu/call";
import { readTensors } from "../../runtime/webgpu/readback";
import { refusal } from "../../runtime/webgpu/variants";
import { testDevice } from "./device";
import { caseInputs, runCase, toHost } from "./kernel";

const FILL = -12345;

/**
 * For tests: runs a case on every variant that takes it with every "G?" binding spread out (a gap between groups, as in a block of many parameters) and
 * asserts the bits of the dense run, with the gaps of outputs untouched.
 */
export async function checkStrides(kernel: Kernel, c: Case): Promise<void> {
  const { facts } = await testDevice();
  for (const [name, variant] of Object.entries(kernel.variants)) {
    if (!refusal(variant, facts, c.dims, c.params ?? {})) await checkVariant(kernel, c, name);
  }
}

async function checkVariant(kernel: Kernel, c: Case, variant: string): Promise<void> {
  const device = await testDevice();
  const inputs = caseInputs(kernel, c, 77);
  const dense = await runCase(kernel, c, inputs, variant);
  const tensors: Record<string, GpuTensor> = {};
  const spread = new Map<string, { whole: GpuTensor; size: number; stride: number }>();
  for (const [name, binding] of Object.entries(kernel.bindings)) {
    const shape = shapeOf(binding, c.dims, c.shared?.includes(name));
    const elements = shape.reduce((a, b) => a * b, 1);
    const strided = isStrided(binding) && !c.shared?.includes(name);
    const groups = strided ? shape[0] : 1;
    const size = elements / groups;
    const stride = strided ? roundUp(size, 4) + 12 : size;
    const buffer = device.gpu.createBuffer({
      size: roundUp(groups * stride * 4, 16),
      usage: Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST,
    });
    const host =
      binding.type === "u32" ? new Uint32Array(groups * stride) : new Float32Array(groups * stride).fill(FILL);
    if (binding.access !== "write") {
      const source = toHost(inputs[name]);
      for (let g = 0; g < groups; g++) host.set(source.subarray(g * size, (g + 1) * size), g * stride);
    }
    upload(device.gpu, buffer, host);
    tensors[name] = { buffer, type: binding.type, shape, offset: 0, ...(strided ? { groupStride: stride } : {}) };
    if (binding.access === "read") continue;
    spread.set(name, { whole: { buffer, type: binding.type, shape: [groups * stride], offset: 0 }, size, stride });
  }
  const call = await prepare(device, { kernel, tensors, dims: c.dims, params: c.params, variant });
  const encoder = device.gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  call.encode(pass);
  pass.end();
  device.gpu.queue.submit([encoder.finish()]);
  for (const [name, { whole, size, stride }] of spread) {
    const [got] = await readTensors(device, [whole]);
    got.forEach((value, i) => {
      const g = Math.floor(i / stride);
      const within = i - g * stride;
      const want = within < size ? dense[name][g * size + within] : FILL;
      assert.is(value, want, `${kernel.name}#${variant} ${c.name}: ${name}, group ${g}, element ${within}`);
    });
  }
  for (const { buffer } of Object.values(tensors)) buffer.destroy();
}
