/** Times the variants of kernels on an adapter, and holds their results against each other first. */
import { type Case, isStrided, type Kernel, shapeOf } from "../../../kernels/kernel";
import type { Time } from "../../../runtime/node/tuning-file";
import { roundUp } from "../../../runtime/plan/alignment";
import type { HostArray } from "../../../runtime/plan/memory";
import { Usage, upload } from "../../../runtime/webgpu/buffers";
import { type GpuTensor, prepare } from "../../../runtime/webgpu/call";
import type { WebGpuDevice } from "../../../runtime/webgpu/device";
import { readTensors } from "../../../runtime/webgpu/readback";
import { sizeClass, type TuningTable } from "../../../runtime/webgpu/tuning";
import { chooseVariant, refusal } from "../../../runtime/webgpu/variants";
import { time } from "../../bench/timing";
import { caseInputs, toHost } from "../../test/cases";
import { compare } from "../../test/compare";

/** A variant has to be this much faster than the one that suits the adapter: it gives other bits. */
const MARGIN = 1.05;
/** Rounds in which variants take turns, so that a machine that is busy for a while is so for all. */
const ROUNDS = 3;

export interface MeasureOptions {
  /** Milliseconds a variant and case, at least. */
  readonly budgetMs: number;
  readonly lowerPrecision: boolean;
  /** A variant that is not considered, and why. */
  readonly onLeftOut?: (line: string) => void;
}

/** What was measured of one kernel. */
export interface Measurement {
  readonly times: readonly Time[];
  /** By size class: variants, best first. */
  readonly choices: TuningTable["choices"][string];
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Variants that may be chosen for a case. Those with barriers take minutes on software adapters. */
function candidates(device: WebGpuDevice, kernel: Kernel, c: Case, lowerPrecision: boolean): string[] {
  const { facts } = device;
  return Object.keys(kernel.variants).filter((name) => {
    const variant = kernel.variants[name];
    const slow = facts.software && (variant.suits === "gpu" || variant.workgroupBytes !== undefined);
    return !slow && (lowerPrecision || !variant.precision) && !refusal(variant, facts, c.dims, c.params ?? {});
  });
}

/** Buffers of one case. */
class Bench {
  readonly tensors: Record<string, GpuTensor> = {};
  private readonly inputs: Record<string, HostArray> = {};

  constructor(
    readonly device: WebGpuDevice,
    readonly kernel: Kernel,
    readonly c: Case,
  ) {
    for (const [name, input] of Object.entries(caseInputs(kernel, c, 1))) this.inputs[name] = toHost(input);
    for (const [name, binding] of Object.entries(kernel.bindings)) {
      const shape = shapeOf(binding, c.dims, isStrided(binding) && c.shared?.includes(name));
      const size = roundUp(shape.reduce((a, b) => a * b, 1) * 4, 256);
      const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;
      this.tensors[name] = { buffer: device.gpu.createBuffer({ size, usage }), type: binding.type, shape, offset: 0 };
    }
  }

  prepare(variant: string) {
    const { device, kernel, tensors, c } = this;
    return prepare(device, { kernel, tensors, dims: c.dims, params: c.params, variant });
  }

  /** Outputs of one call on fresh inputs; outputs are zero before it. */
  async outputs(call: { encode(pass: GPUComputePassEncoder): void }): Promise<HostArray[]> {
    const { gpu } = this.device;
    const bindings = Object.entries(this.kernel.bindings);
    const encoder = gpu.createCommandEncoder();
    for (const [name, { access }] of bindings) {
      const { buffer } = this.tensors[name];
      if (access === "write") encoder.clearBuffer(buffer);
      else upload(gpu, buffer, this.inputs[name]);
    }
    const pass = encoder.beginComputePass();
    call.encode(pass);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    const written = bindings.filter(([, { access }]) => access !== "read");
    return readTensors(
      this.device,
      written.map(([name]) => this.tensors[name]),
    );
  }

  destroy(): void {
    for (const { buffer } of Object.values(this.tensors)) buffer.destroy();
  }
}

/** Whether outputs agree as far as both variants' tolerances ask; integers may differ where floats were almost equal. */
function agree(kernel: Kernel, variant: string, got: readonly HostArray[], want: readonly HostArray[]): boolean {
  const { absolute, relative, reason } = kernel.variants[variant].tolerance ?? kernel.tolerance;
  const both = { absolute: 2 * absolute, relative: 2 * relative, reason };
  return want.every((tensor, i) => {
    if (tensor instanceof Float32Array) return compare(got[i], tensor, both).share <= 1;
    return tensor.reduce((sum, value, at) => sum + Number(value !== got[i][at]), 0) <= tensor.length / 1000;
  });
}

/** Milliseconds of every candidate that agrees with the usual variant. */
async function timeCase(
  device: WebGpuDevice,
  kernel: Kernel,
  c: Case,
  options: MeasureOptions,
): Promise<Map<string, number>> {
  const usual = chooseVariant(kernel, device.facts, c.dims, c.params ?? {});
  const names = candidates(device, kernel, c, options.lowerPrecision);
  const bench = new Bench(device, kernel, c);
  const calls = new Map<string, Awaited<ReturnType<Bench["prepare"]>>>();
  try {
    for (const name of names) calls.set(name, await bench.prepare(name));
    const first = calls.get(usual);
    const want = first && (await bench.outputs(first));
    for (const [name, call] of calls) {
      if (name === usual || !want || agree(kernel, name, await bench.outputs(call), want)) continue;
      options.onLeftOut?.(`${kernel.name}#${name}, ${c.name}: left out, its results are not those of ${usual}`);
      calls.delete(name);
      call.destroy();
    }
    const samples = new Map([...calls.keys()].map((name) => [name, [] as number[]]));
    let racing = [...calls.keys()];
    for (let round = 0; round < ROUNDS && (round === 0 || racing.length > 1); round++) {
      for (const name of racing) {
        const encode = (pass: GPUComputePassEncoder) => calls.get(name)?.encode(pass);
        samples.get(name)?.push((await time(device, encode, options.budgetMs / ROUNDS)).median);
      }
      // What took twice the best's time has lost.
      const best = Math.min(...racing.map((name) => median(samples.get(name) ?? [])));
      racing = racing.filter((name) => median(samples.get(name) ?? []) < 2 * best);
    }
    return new Map([...samples].map(([name, values]) => [name, median(values)]));
  } finally {
    for (const call of calls.values()) call.destroy();
    bench.destroy();
  }
}

/** What one bench case took, milliseconds by variant, and the variant that suits the adapter. */
export interface CaseTimes {
  readonly usual: string;
  readonly times: ReadonlyMap<string, number>;
}

/**
 * Variants of a size class, best first: by the geometric mean, over the cases that a variant takes, of its time over the best's.
 * A usual one comes first unless another is faster by the margin.
 */
export function ranked(cases: readonly CaseTimes[]): string[] {
  const logs = new Map<string, number[]>();
  for (const { times } of cases) {
    const best = Math.min(...times.values());
    for (const [name, ms] of times) logs.set(name, [...(logs.get(name) ?? []), Math.log(ms / best)]);
  }
  const score = (name: string) => {
    const values = logs.get(name) as number[];
    return Math.exp(values.reduce((a, b) => a + b, 0) / values.length);
  };
  const order = [...logs.keys()].sort((a, b) => score(a) - score(b));
  const kept = order.find((name) => cases.some(({ usual }) => usual === name));
  if (kept === undefined || score(kept) > MARGIN * score(order[0])) return order;
  return [kept, ...order.filter((name) => name !== kept)];
}

/** Times the bench cases of a kernel: they stand for the calls of their size class. */
export async function measureKernel(
  device: WebGpuDevice,
  kernel: Kernel,
  options: MeasureOptions,
): Promise<Measurement> {
  const classes = new Map<number, CaseTimes[]>();
  const times: Time[] = [];
  for (const c of kernel.cases.filter((one) => one.bench)) {
    const params = c.params ?? {};
    const size = sizeClass(kernel, c.dims, params);
    const measured = {
      usual: chooseVariant(kernel, device.facts, c.dims, params),
      times: await timeCase(device, kernel, c, options),
    };
    classes.set(size, [...(classes.get(size) ?? []), measured]);
    for (const [variant, ms] of measured.times) {
      times.push({ kernel: kernel.name, case: c.name, class: size, variant, usual: variant === measured.usual, ms });
    }
  }
  const entries = [...classes].sort(([a], [b]) => a - b);
  return { times, choices: Object.fromEntries(entries.map(([size, cases]) => [String(size), ranked(cases)])) };
}
