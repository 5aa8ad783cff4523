import { type Case, isStrided, type Kernel, shapeOf } from "../../kernels/kernel";
import { roundUp } from "../../runtime/plan/alignment";
import type { Device } from "../../runtime/plan/device";
import { tensor, type View } from "../../runtime/plan/plan";
import { Usage, upload } from "../../runtime/webgpu/buffers";
import { type GpuTensor, prepare } from "../../runtime/webgpu/call";
import { isWebGpu, type WebGpuDevice } from "../../runtime/webgpu/device";
import { chooseVariant, refusal } from "../../runtime/webgpu/variants";
import { caseInputs, toHost } from "../test/cases";
import type { Roof } from "./roof";
import { sampleWall } from "./spread";
import { type Timing, time } from "./timing";

/** One kernel, case and variant on one adapter. */
export interface KernelRow extends Timing {
  readonly row: "kernel";
  readonly kernel: string;
  readonly case: string;
  readonly variant: string;
  /** The variant the runtime would choose here. */
  readonly chosen: boolean;
  readonly flops: number;
  readonly bytes: number;
  readonly gflops: number;
  readonly gbps: number;
  /** Milliseconds from source to pipeline; 0 when it was compiled before. */
  readonly compileMs: number;
}

/** The roof's time over a row's: 1 is as fast as the adapter can be by the descriptor's count. */
export function roofShare({ flops, bytes, median }: KernelRow, roof: Roof): number {
  return Math.max(flops / roof.gflops, bytes / roof.gbps) / (median * 1e6);
}

/** Benches every able variant of a kernel's bench cases; of the processor, its one WebAssembly function. */
export async function benchKernel(device: Device, kernel: Kernel, budgetMs: number): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const c of kernel.cases.filter((one) => one.bench)) {
    if (!isWebGpu(device)) {
      if (kernel.wasm) rows.push(await benchOnHost(device, kernel, c, budgetMs));
      continue;
    }
    for (const [name, variant] of Object.entries(kernel.variants)) {
      if (refusal(variant, device.facts, c.dims, c.params ?? {})) continue;
      // Barrier-tiled variants take minutes on a software adapter and say nothing there.
      if (device.facts.software && variant.suits === "gpu") continue;
      rows.push(await benchVariant(device, kernel, c, name, budgetMs));
    }
  }
  return rows;
}

/** What follows from a time. */
function rowOf(kernel: Kernel, c: Case, variant: string, timing: Timing, compileMs: number): KernelRow {
  const { flops, bytes } = kernel.work(c.dims, c.params ?? {});
  const seconds = timing.median / 1000;
  return {
    row: "kernel",
    kernel: kernel.name,
    case: c.name,
    variant,
    chosen: true,
    ...timing,
    flops,
    bytes,
    gflops: flops / seconds / 1e9,
    gbps: bytes / seconds / 1e9,
    compileMs,
  };
}

async function benchVariant(
  device: WebGpuDevice,
  kernel: Kernel,
  c: Case,
  variant: string,
  budgetMs: number,
): Promise<KernelRow> {
  const inputs = caseInputs(kernel, c, 1);
  const tensors: Record<string, GpuTensor> = {};
  for (const [name, binding] of Object.entries(kernel.bindings)) {
    const shape = shapeOf(binding, c.dims, isStrided(binding) && c.shared?.includes(name));
    const bytes = roundUp(shape.reduce((a, b) => a * b, 1) * 4, 256);
    const buffer = device.gpu.createBuffer({ size: bytes, usage: Usage.STORAGE | Usage.COPY_DST });
    if (inputs[name]) upload(device.gpu, buffer, toHost(inputs[name]));
    tensors[name] = { buffer, type: binding.type, shape, offset: 0 };
  }
  try {
    const start = performance.now();
    const call = await prepare(device, { kernel, tensors, dims: c.dims, params: c.params, variant });
    const compileMs = performance.now() - start;
    const timing = await time(device, (pass) => call.encode(pass), budgetMs);
    call.destroy();
    const chosen = chooseVariant(kernel, device.facts, c.dims, c.params ?? {}, undefined, device.tuning) === variant;
    return { ...rowOf(kernel, c, variant, timing, compileMs), chosen };
  } finally {
    for (const { buffer } of Object.values(tensors)) buffer.destroy();
  }
}

/** On the processor a call is done when it returns; short ones are repeated, for the clock's and the threads' sake. */
async function benchOnHost(device: Device, kernel: Kernel, c: Case, budgetMs: number): Promise<KernelRow> {
  const memory = device.openMemory();
  try {
    const inputs = caseInputs(kernel, c, 1);
    const tensors: Record<string, View> = {};
    for (const [name, binding] of Object.entries(kernel.bindings)) {
      const shape = shapeOf(binding, c.dims, isStrided(binding) && c.shared?.includes(name));
      tensors[name] = tensor(name, shape, "kept", binding.type);
      if (inputs[name]) memory.write(tensors[name], toHost(inputs[name]));
    }
    const { dims, params } = c;
    const start = performance.now();
    const bound = await memory.bind({
      name: kernel.name,
      calls: [{ label: kernel.name, kernel, tensors, dims, params }],
    });
    const compileMs = performance.now() - start;
    bound.submit();
    const since = performance.now();
    bound.submit();
    const repeats = Math.max(1, Math.min(100, Math.ceil(2 / Math.max(performance.now() - since, 0.001))));
    const spread = await sampleWall(async () => {
      for (let i = 0; i < repeats; i++) bound.submit();
    }, budgetMs);
    bound.destroy();
    const { samples, ...times } = spread;
    const each = Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, ms / repeats])) as typeof times;
    return rowOf(kernel, c, "wasm", { ...each, samples, wall: each.median, timestamps: false }, compileMs);
  } finally {
    memory.destroy();
  }
}
