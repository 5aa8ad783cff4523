import type { Device } from "../device/device";
import { BoundPlan } from "../dispatch/executor";
import { Memory } from "../dispatch/memory";
import { tensor } from "../dispatch/plan";
import { readTensors } from "../dispatch/readback";
import { gatherBlock, layoutBlock, unpackBlock, type Weights } from "./block";
import type { NeoxConfig } from "./config";
import { FixedTensors } from "./fixed";
import { planModel, splitRows, tokenView } from "./model";
import { parseRestriction, type Restriction } from "./restriction";
import { PrefixCache } from "./tape";

/** Tokens that one dispatch list takes: bounds device memory and the time of a submit. */
const CHUNK_TOKENS = 2048;

export interface LossResult {
  /** Per-token losses in nats, [rows, columns - 1]. */
  readonly losses: Float32Array;
  /** Gradient of the mean loss by Hugging Face name, when asked for. */
  readonly gradients?: Map<string, { shape: number[]; data: Float32Array }>;
}

/**
 * Per-token losses of a model on rows of ids, and the gradient of their mean with respect to every parameter.
 *
 * @param ids [rows, columns] row-major, columns = T + 1
 */
export async function modelLosses(
  device: Device,
  model: { config: NeoxConfig; weights: Weights },
  ids: Uint32Array,
  columns: number,
  options: { gradients?: boolean; progress?: (done: number, total: number) => void } = {},
): Promise<LossResult> {
  const rows = ids.length / columns;
  const chunk = Math.max(1, Math.min(rows, Math.floor(CHUNK_TOKENS / (columns - 1))));
  const losses = new Float32Array(rows * (columns - 1));
  const restriction: Restriction = options.gradients
    ? parseRestriction("full", model.config)
    : { name: "none", slices: [] };
  const block = layoutBlock(restriction, model.config);
  const sum = new Float64Array(block.size);
  const fixed = new FixedTensors(model.weights);
  const memory = new Memory(device);
  try {
    for (let from = 0; from < rows; from += chunk) {
      const count = Math.min(chunk, rows - from);
      const part = ids.subarray(from * columns, (from + count) * columns);
      const result = await chunkLosses(memory, fixed, { ...model, restriction, block }, part, columns);
      losses.set(result.losses, from * (columns - 1));
      const share = count / rows;
      result.gradients?.forEach((value, i) => {
        sum[i] += share * value;
      });
      options.progress?.(from + count, rows);
    }
  } finally {
    memory.destroy();
  }
  if (!options.gradients) return { losses };
  return { losses, gradients: unpackBlock(Float32Array.from(sum), block) };
}

async function chunkLosses(
  memory: Memory,
  fixed: FixedTensors,
  model: { config: NeoxConfig; weights: Weights; restriction: Restriction; block: ReturnType<typeof layoutBlock> },
  ids: Uint32Array,
  columns: number,
): Promise<{ losses: Float32Array; gradients?: Float32Array }> {
  const { config, restriction, block } = model;
  const { inputs, targets, rows } = splitRows(ids, columns);
  const n = inputs.length;
  const moving = block.size > 0;
  const tokens = { inputs: tokenView("inputs", [n]), targets: tokenView("targets", [n]) };
  memory.write(tokens.inputs, inputs);
  memory.write(tokens.targets, targets);
  const chains = { weights: tensor("w", [1, block.size], "kept"), gradients: tensor("g", [1, block.size], "kept") };
  if (moving) memory.write(chains.weights, gatherBlock(model.weights, block));
  const grouped = (view: typeof tokens.inputs) => ({ ...view, shape: [1, n] });
  const plan = planModel({
    name: "losses",
    config,
    fixed,
    restriction,
    block,
    chains,
    groups: 1,
    rows,
    tokens,
    cache: new PrefixCache(),
    ...(moving
      ? {
          batch: {
            sequences: rows.sequences,
            indices: grouped(tokens.inputs),
            inputs: grouped(tokens.inputs),
            targets: grouped(tokens.targets),
          },
        }
      : {}),
  });
  fixed.flush(memory);
  for (const part of [plan.prefix, plan.body]) {
    const bound = await BoundPlan.bind(part, memory);
    await bound.run();
    bound.destroy();
  }
  const wanted = moving ? [plan.losses, chains.gradients] : [plan.losses];
  const [losses, gradients] = (await readTensors(
    memory.device,
    wanted.map((view) => memory.tensor(view)),
  )) as Float32Array[];
  const kept = new Set(
    [...plan.prefix.calls, ...plan.body.calls].flatMap((call) => Object.values(call.tensors).map((view) => view.slot)),
  );
  for (const slot of kept) if (slot.life === "kept" && !fixed.holds(slot)) memory.release(slot);
  return { losses, ...(moving ? { gradients } : {}) };
}
