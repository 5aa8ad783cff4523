/** What `loss` needs of an adapter, told before a device is opened. */
import { totalmem } from "node:os";
import { SpectroscopeError } from "../../../kernels/errors";
import { parameterCount } from "../../../models/parameters";
import { openDevice } from "../../../runtime/node/open-device";
import type { AdapterFacts } from "../../../runtime/plan/device";
import { estimateLosses, type LossEstimate, type LossModel } from "../../../runtime/transformer/losses";
import { output } from "../command";

export interface LossRequest {
  readonly rows: number;
  /** T + 1. */
  readonly columns: number;
  readonly gradients: boolean;
  /** Largest part of a vocabulary matrix; absent: the adapter's limit on a binding. */
  readonly bindingBytes?: number;
}

type Limits = Readonly<Record<string, number>>;

/** What every WebGPU adapter has. */
const WEBGPU_DEFAULTS: Limits = { maxBufferSize: 256 * 2 ** 20, maxStorageBufferBindingSize: 128 * 2 ** 20 };

function estimate(model: LossModel, request: LossRequest, adapter: Limits): LossEstimate & { bindingBytes: number } {
  const own = Math.min(adapter.maxStorageBufferBindingSize, adapter.maxBufferSize);
  const bindingBytes = Math.min(own, request.bindingBytes ?? own);
  return { ...estimateLosses(model, request.rows, request.columns, { ...request, bindingBytes }), bindingBytes };
}

/** What all tensors together may take of an adapter that says so. */
const memoryOf = ({ memoryBytes = Number.POSITIVE_INFINITY }: Limits) => memoryBytes;

/** Bytes of this machine's own memory: a software adapter's buffers lie there too. */
function hostMemory(need: LossEstimate, software: boolean): number {
  return software ? need.total + need.hostBytes : need.hostBytes;
}

/**
 * The limits to ask an adapter for, and the parts into which it makes vocabulary matrices be cut.
 * @param software whether its buffers lie in this machine's memory
 * @throws SpectroscopeError when this machine has less memory than the losses take: the system would end the process
 */
export function lossLimits(
  model: LossModel,
  request: LossRequest,
  adapter: Limits,
  software = false,
): { limits: Record<string, number>; bindingBytes: number } {
  const need = estimate(model, request, adapter);
  const bytes = hostMemory(need, software);
  if (bytes > totalmem()) {
    throw new SpectroscopeError(
      `this takes ${mib(bytes).trim()} of memory, the machine has ${mib(totalmem()).trim()}`,
      {
        code: "bad-input",
        hint: "--dry-run tells of what: use fewer or shorter rows, no --grads, or a smaller model",
      },
    );
  }
  if (need.total > memoryOf(adapter)) {
    throw new SpectroscopeError(
      `this takes ${mib(need.total).trim()} of WebAssembly memory, ${mib(memoryOf(adapter)).trim()} are the most`,
      { code: "bad-input", hint: "use a GPU, --adapter software, fewer or shorter rows, or a smaller model" },
    );
  }
  const { maxBufferSize, maxStorageBufferBindingSize, bindingBytes } = need;
  return { limits: { maxBufferSize, maxStorageBufferBindingSize }, bindingBytes };
}

/** Prints buffers, limits and memory for this machine's adapter, or for any WebGPU adapter where there is none. */
export async function dryRun(
  model: LossModel,
  request: LossRequest,
  options: { readonly adapter?: string; readonly json: boolean },
): Promise<number> {
  const facts = await adapterFacts(options.adapter);
  const limits = facts?.limits ?? WEBGPU_DEFAULTS;
  const need = estimate(model, request, limits);
  const missing = Object.keys(WEBGPU_DEFAULTS).filter(
    (key) => need[key as "maxBufferSize" | "maxStorageBufferBindingSize"] > limits[key],
  );
  const name = facts?.name ?? "no adapter here; any WebGPU adapter";
  const tooLarge = hostMemory(need, facts?.software ?? false) > totalmem();
  const tooMany = need.total > memoryOf(limits);
  const fits = missing.length === 0 && !tooLarge && !tooMany;
  const parameters = parameterCount(model.model);
  if (options.json) {
    const buffers = need.buffers.map(({ slot, kind, bytes }) => ({ name: slot?.name ?? "pool", kind, bytes }));
    output(
      JSON.stringify({
        parameters,
        rows: request.rows,
        columns: request.columns,
        rows_at_once: need.chunkRows,
        device_bytes: need.total,
        bytes: need.bytes,
        host_bytes: need.hostBytes,
        limits_needed: {
          maxBufferSize: need.maxBufferSize,
          maxStorageBufferBindingSize: need.maxStorageBufferBindingSize,
        },
        limits_of_adapter: Object.fromEntries(Object.keys(WEBGPU_DEFAULTS).map((key) => [key, limits[key]])),
        adapter: facts?.name ?? null,
        fits,
        buffers,
      }),
    );
    return fits ? 0 : 1;
  }
  const sorted = [...need.buffers].sort((a, b) => b.bytes - a.bytes);
  const shown = sorted.slice(0, 12);
  const rest = sorted.slice(12);
  output(
    [
      `${(parameters / 1e6).toFixed(1)} M parameters; ${request.rows} rows of ${request.columns} ids, ${need.chunkRows} at once`,
      "",
      ...shown.map(({ slot, kind, bytes }) => `${mib(bytes)}  ${kind.padEnd(11)}  ${slot?.name ?? "pool"}`),
      ...(rest.length > 0
        ? [`${mib(rest.reduce((sum, { bytes }) => sum + bytes, 0))}  in ${rest.length} smaller buffers`]
        : []),
      "",
      ...Object.entries(need.bytes).map(([kind, bytes]) => `${mib(bytes)}  ${kind}`),
      `${mib(need.total)}  on the device in all`,
      `${mib(need.hostBytes)}  on the host beside them`,
      ...(tooMany ? [`${mib(memoryOf(limits))}  is all that WebAssembly can hold: TOO SMALL`] : []),
      ...(tooLarge ? [`${mib(totalmem())}  is all the memory of this machine: TOO SMALL`] : []),
      "",
      `limits needed, of ${name}:`,
      ...Object.keys(WEBGPU_DEFAULTS).map((key) => {
        const value = need[key as "maxBufferSize" | "maxStorageBufferBindingSize"];
        return `  ${key.padEnd(28)} ${mib(value)} of ${mib(limits[key]).trim()}${value > limits[key] ? "  TOO SMALL" : ""}`;
      }),
    ].join("\n"),
  );
  return fits ? 0 : 1;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1).padStart(9)} MiB`;
}

async function adapterFacts(adapter: string | undefined): Promise<AdapterFacts | undefined> {
  try {
    const device = await openDevice({ adapter });
    device.close();
    return device.facts;
  } catch (error) {
    if (error instanceof SpectroscopeError && error.code === "no-adapter") return undefined;
    throw error;
  }
}
