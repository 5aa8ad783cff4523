import { SpectroscopeError } from "../../kernels/errors";
import type { Chunk, Kernel, Variant } from "../../kernels/kernel";
import type { WebGpuDevice } from "./gpu";

/** A compiled variant. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const caches = new WeakMap<GPUDevice, Map<string, Promise<Pipeline>>>();

/** Compiles a variant, once per device. Errors name the WGSL file and line of the piece that is wrong. */
export function pipelineFor(device: WebGpuDevice, kernel: Kernel, variantName: string): Promise<Pipeline> {
  let cache = caches.get(device.gpu);
  if (!cache) {
    cache = new Map();
    caches.set(device.gpu, cache);
  }
  const key = `${kernel.name}#${variantName}`;
  let pipeline = cache.get(key);
  if (!pipeline) {
    pipeline = compile(device, kernel, variantName);
    cache.set(key, pipeline);
  }
  return pipeline;
}

async function compile(device: WebGpuDevice, kernel: Kernel, variantName: string): Promise<Pipeline> {
  const { gpu } = device;
  const variant = kernel.variants[variantName];
  const pieces = piecesOf(variant);
  gpu.pushErrorScope("validation");
  const module = gpu.createShaderModule({
    label: `${kernel.name}#${variantName}`,
    code: pieces.map((piece) => piece.source).join("\n"),
  });
  const entries: GPUBindGroupLayoutEntry[] = Object.values(kernel.bindings).map((binding, index) => ({
    binding: index,
    visibility: 4,
    buffer: { type: binding.access === "read" ? "read-only-storage" : "storage" },
  }));
  entries.push({ binding: entries.length, visibility: 4, buffer: { type: "uniform" } });
  const layout = gpu.createBindGroupLayout({ label: kernel.name, entries });
  let pipeline: GPUComputePipeline | undefined;
  let failure: string | undefined;
  try {
    pipeline = await device.wait(
      gpu.createComputePipelineAsync({
        label: `${kernel.name}#${variantName}`,
        layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main", constants: { ...variant.constants } },
      }),
    );
  } catch (error) {
    failure = (error as Error).message.split("\n")[0];
  }
  const scope = await device.wait(gpu.popErrorScope());
  if (!pipeline || scope) {
    const info = await device.wait(module.getCompilationInfo());
    const lines = info.messages
      .filter((message) => message.type === "error")
      .map((message) => `${locate(pieces, message.lineNum)}: ${message.message}`);
    const text = lines.join("; ") || scope?.message.split("\n")[0] || failure || "unknown reason";
    throw new SpectroscopeError(`kernel ${kernel.name}#${variantName} does not compile: ${text}`, { code: "gpu" });
  }
  return { pipeline, layout };
}

function piecesOf(variant: Variant): readonly Chunk[] {
  return [...(variant.chunks ?? []), variant];
}

/** `file:line` of a line of the concatenation. */
function locate(pieces: readonly Chunk[], line: number): string {
  let rest = line;
  for (const piece of pieces) {
    const count = piece.source.split("\n").length;
    if (rest <= count) return `${piece.file}:${rest}`;
    rest -= count;
  }
  return `line ${line}`;
}
