import { type Case, isStrided, type Kernel, shapeOf } from "../../kernels/kernel";
import type { GpuDevice } from "../../runtime/device/device";
import { roundUp, Usage, upload } from "../../runtime/dispatch/buffers";
import { type GpuTensor, prepare } from "../../runtime/dispatch/call";
import { chooseVariant, refusal } from "../../runtime/dispatch/variants";
import { caseInputs, toHost } from "../test/cases";
import type { Roof } from "./roof";
import { type Timing, time } from "./timing";

/** One kernel, case and variant on one adapter. */
export interface BenchRow {
  readonly kernel: string;
  readonly case: string;
  readonly variant: string;
  /** The variant the runtime would choose here. */
  readonly chosen: boolean;
  readonly timing: Timing;
  readonly gflops: number;
  readonly gbps: number;
  /** Of the larger of the two roofs' times: 1 is as fast as the adapter can be by this descriptor's count. */
  readonly roofShare: number;
  /** Milliseconds from source to pipeline; 0 when it was compiled before. */
  readonly compileMs: number;
}

/** Benches every able variant of a kernel's bench cases. */
export async function benchKernel(
  device: GpuDevice,
  kernel: Kernel,
  roof: Roof,
  budgetMs: number,
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const c of kernel.cases.filter((one) => one.bench)) {
    for (const [name, variant] of Object.entries(kernel.variants)) {
      if (refusal(variant, device.facts, c.dims, c.params ?? {})) continue;
      // Barrier-tiled variants take minutes on a software adapter and say nothing there.
      if (device.facts.software && variant.suits === "gpu") continue;
      rows.push(await benchCase(device, kernel, c, name, roof, budgetMs));
    }
  }
  return rows;
}

async function benchCase(
  device: GpuDevice,
  kernel: Kernel,
  c: Case,
  variant: string,
  roof: Roof,
  budgetMs: number,
): Promise<BenchRow> {
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
    const work = kernel.work(c.dims, c.params ?? {});
    const seconds = timing.median / 1000;
    const roofSeconds = Math.max(work.flops / roof.gflops, work.bytes / roof.gbps) / 1e9;
    return {
      kernel: kernel.name,
      case: c.name,
      variant,
      chosen: chooseVariant(kernel, device.facts, c.dims, c.params ?? {}) === variant,
      timing,
      gflops: work.flops / seconds / 1e9,
      gbps: work.bytes / seconds / 1e9,
      roofShare: roofSeconds / seconds,
      compileMs,
    };
  } finally {
    for (const { buffer } of Object.values(tensors)) buffer.destroy();
  }
}
