import type { Device } from "../plan/device";
import { type Estimate, estimatePlans } from "../plan/estimate";
import type { Memory } from "../plan/memory";
import type { Slot } from "../plan/plan";
import type { Model } from "./family";
import { FixedTensors } from "./fixed";
import { type ModelPlan, planModel, splitRows, tokenView } from "./model";
import { FIXED_WEIGHTS, WholeGradient } from "./moving";
import type { TokenViews } from "./request";
import { PrefixCache, type Rows } from "./tape";
import { pieces, readAll, sizeOf, type TensorSource, type Weights } from "./weights";

/** Tokens that one dispatch list takes: bounds device memory and the time of a submit. */
const CHUNK_TOKENS = 2048;

export interface LossModel {
  readonly model: Model;
  readonly weights: Weights;
}

export interface LossOptions {
  /** Also the gradient of the mean loss: in memory, or handed to a function while it lies on the device. */
  readonly gradients?: boolean | ((gradients: TensorSource, losses: Float32Array) => Promise<void>);
  /** Vocabulary matrices are cut into parts of at most this many bytes; by default the device's limit on a binding. */
  readonly bindingBytes?: number;
  readonly progress?: (done: number, total: number) => void;
}

export interface LossResult {
  /** Per-token losses in nats, [rows, columns - 1]. */
  readonly losses: Float32Array;
  /** Gradient of the mean loss by Hugging Face name, where it was asked for in memory. */
  readonly gradients?: Map<string, { shape: number[]; data: Float32Array }>;
}

/** The plans of one chunk of rows. */
interface Chunk {
  readonly rows: Rows;
  readonly tokens: TokenViews;
  readonly plan: ModelPlan;
  readonly gradient?: WholeGradient;
}

/** Rows of one chunk. */
function chunkRows(rows: number, columns: number): number {
  return Math.max(1, Math.min(rows, Math.floor(CHUNK_TOKENS / (columns - 1))));
}

function planChunk(model: Model, fixed: FixedTensors, rows: Rows, gradients: boolean): Chunk {
  const n = rows.sequences * rows.positions;
  const tokens = { inputs: tokenView("inputs", [n]), targets: tokenView("targets", [n]) };
  const grouped = (view: TokenViews["inputs"]) => ({ ...view, shape: [1, n] });
  const gradient = gradients ? new WholeGradient(fixed) : undefined;
  const plan = planModel({
    name: "losses",
    model,
    fixed,
    restriction: { name: gradient ? "full" : "none", slices: [] },
    moving: gradient ?? FIXED_WEIGHTS,
    groups: 1,
    rows,
    tokens,
    cache: new PrefixCache(false),
    ...(gradient
      ? {
          batch: {
            sequences: rows.sequences,
            // Every row depends on a weight that moves: nothing is gathered from a prefix.
            indices: grouped(tokens.inputs),
            inputs: grouped(tokens.inputs),
            targets: grouped(tokens.targets),
          },
        }
      : {}),
  });
  return { rows, tokens, plan, gradient };
}

/** What a buffer is for. */
type BufferKind = "weights" | "gradients" | "activations";

/** What `modelLosses` needs of a device and of the host. */
export interface LossEstimate extends Estimate {
  /** Rows that are taken at once. */
  readonly chunkRows: number;
  /** Every buffer; those that activations share have no slot. */
  readonly buffers: readonly { readonly slot?: Slot; readonly kind: BufferKind; readonly bytes: number }[];
  /** Bytes by kind. */
  readonly bytes: Readonly<Record<BufferKind, number>>;
  /** Bytes of host memory: pieces on their way, losses, and sums of gradients where there are several chunks. */
  readonly hostBytes: number;
}

/** Device memory and limits that `modelLosses` needs; no device is touched and no weight is read. */
export function estimateLosses(
  { model, weights }: LossModel,
  rows: number,
  columns: number,
  options: { readonly gradients: boolean; readonly bindingBytes: number },
): LossEstimate {
  const fixed = new FixedTensors(weights, options.bindingBytes);
  const sequences = chunkRows(rows, columns);
  const chunk = planChunk(model, fixed, { sequences, positions: columns - 1 }, options.gradients);
  const need = estimatePlans([chunk.plan.prefix, chunk.plan.body]);
  const gradients = new Set([...(chunk.gradient?.views() ?? [])].map(({ slot }) => slot));
  const kindOf = (slot: Slot): BufferKind =>
    gradients.has(slot) ? "gradients" : fixed.holds(slot) ? "weights" : "activations";
  const buffers = [
    ...need.kept.map(({ slot, bytes }) => ({ slot, kind: kindOf(slot), bytes })),
    ...need.shared.map((bytes) => ({ kind: "activations" as const, bytes })),
  ];
  const bytes = { weights: 0, gradients: 0, activations: 0 };
  for (const buffer of buffers) bytes[buffer.kind] += buffer.bytes;
  let elements = 0;
  for (const shape of weights.shapes.values()) elements += sizeOf(shape);
  const sums = options.gradients && sequences < rows ? 8 * elements : 0;
  const hostBytes = FixedTensors.hostBytes + 4 * rows * (columns - 1) + sums;
  return { ...need, chunkRows: sequences, buffers, bytes, hostBytes };
}

/**
 * Per-token losses of a model on rows of ids, and the gradient of their mean with respect to every parameter.
 * Weights are read piece by piece; without gradients, or with them and a single chunk of rows, host memory stays at a few
 * pieces. More chunks of gradients are added up on the host, in f64.
 *
 * @param ids [rows, columns] row-major, columns = T + 1
 */
export async function modelLosses(
  device: Device,
  { model, weights }: LossModel,
  ids: Uint32Array,
  columns: number,
  options: LossOptions = {},
): Promise<LossResult> {
  const rows = ids.length / columns;
  const most = chunkRows(rows, columns);
  const losses = new Float32Array(rows * (columns - 1));
  const wanted = options.gradients ?? false;
  const fixed = new FixedTensors(weights, options.bindingBytes ?? device.bindingBytes);
  const memory = device.openMemory();
  const sums = new Map<string, Float64Array>();
  let gradients: TensorSource | undefined;
  try {
    for (let from = 0; from < rows; from += most) {
      const count = Math.min(most, rows - from);
      // A smaller last list would find few of the buffers small enough, and make others beside them.
      if (count < most) memory.releaseShared();
      const part = ids.subarray(from * columns, (from + count) * columns);
      const chunk = planChunk(model, fixed, { sequences: count, positions: columns - 1 }, wanted !== false);
      losses.set(await runChunk(device, memory, fixed, chunk, part, columns), from * (columns - 1));
      if (chunk.gradient) {
        const own = deviceGradients(memory, chunk.gradient, weights);
        if (count === rows) gradients = own;
        else await addGradients(sums, own, count / rows);
      }
      options.progress?.(from + count, rows);
      if (!gradients) releaseChunk(memory, fixed, chunk);
    }
    if (sums.size > 0) gradients = hostGradients(sums, weights);
    if (!gradients) return { losses };
    if (typeof wanted !== "function") return { losses, gradients: await readAll(gradients) };
    await wanted(gradients, losses);
    return { losses };
  } finally {
    memory.destroy();
  }
}

async function runChunk(
  device: Device,
  memory: Memory,
  fixed: FixedTensors,
  { tokens, plan }: Chunk,
  ids: Uint32Array,
  columns: number,
): Promise<Float32Array> {
  const { inputs, targets } = splitRows(ids, columns);
  memory.write(tokens.inputs, inputs);
  memory.write(tokens.targets, targets);
  await device.within("the model and its activations", async () => {
    await fixed.flush(memory);
    for (const part of [plan.prefix, plan.body]) {
      const bound = await memory.bind(part);
      await bound.run();
      bound.destroy();
    }
  });
  const [losses] = await memory.read([plan.losses]);
  return losses as Float32Array;
}

/** Frees what a chunk kept beside the constants. */
function releaseChunk(memory: Memory, fixed: FixedTensors, { plan }: Chunk): void {
  for (const { tensors } of [...plan.prefix.calls, ...plan.body.calls]) {
    for (const { slot } of Object.values(tensors)) if (slot.life === "kept" && !fixed.holds(slot)) memory.release(slot);
  }
}

/** Gradients as they lie on the device, by parameter; those of vocabulary matrices may lie in parts. */
function deviceGradients(memory: Memory, gradient: WholeGradient, { shapes }: Weights): TensorSource {
  return {
    shapes,
    async read(name, from, to) {
      const width = shapes.get(name)!.at(-1)!;
      const out = new Float32Array(to - from);
      for (const [firstRow, { slot }] of gradient.gradients.get(name)!) {
        const begin = firstRow > 0 ? firstRow * width : 0;
        const [a, b] = [Math.max(from, begin), Math.min(to, begin + slot.size)];
        if (a >= b) continue;
        const [data] = await memory.read([{ slot, shape: [b - a], offset: a - begin }]);
        out.set(data as Float32Array, a - from);
      }
      return out;
    },
  };
}

async function addGradients(sums: Map<string, Float64Array>, part: TensorSource, share: number): Promise<void> {
  for (const [name, shape] of part.shapes) {
    const sum = sums.get(name) ?? new Float64Array(sizeOf(shape));
    sums.set(name, sum);
    for await (const { from, data } of pieces(part, name)) {
      for (let i = 0; i < data.length; i++) sum[from + i] += share * data[i];
    }
  }
}

function hostGradients(sums: ReadonlyMap<string, Float64Array>, { shapes }: Weights): TensorSource {
  return { shapes, read: async (name, from, to) => Float32Array.from(sums.get(name)!.subarray(from, to)) };
}
