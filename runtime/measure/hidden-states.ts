/** Activations of a text's tokens at hook points of a model, in blocks of sequences: of many tokens they are never whole in memory. */
import type { Device } from "../plan/device";
import type { Matrix } from "../statistics/matrix";
import { FixedTensors } from "../transformer/fixed";
import type { HookPoint } from "../transformer/hook-points";
import { planHooks } from "../transformer/hooks";
import { tokenView } from "../transformer/model";
import type { Rows } from "../transformer/tape";
import { type Corpus, checkCorpus } from "./corpus";
import { type Attention, stopIfAsked } from "./events";
import type { MeasuredModel } from "./request";

/** Tokens that one run of a plan takes: bounds device memory, and what a block holds. */
const BLOCK_TOKENS = 2048;

/**
 * Which position a target's activation is read at.
 * `before`: at the token before it, where it is predicted. It knows what comes before the target, not the target: what its loss is
 * read off.
 * `own`: at the target itself. This is where a feature is said to fire "on" a token, and it knows both halves of what chi is about:
 * what came before and which token came. So features are to be compared with clusters of tokens here.
 */
export type ReadAt = "before" | "own";

/** Activations of some neighboring targets. */
export interface HiddenBlock {
  /** Their numbers in the text's order, ascending: row by row, T of a row. */
  readonly targets: Uint32Array;
  /** By point, in the order asked for: [targets, D], f32. */
  readonly states: readonly Matrix[];
}

export interface HiddenOptions extends Pick<Attention, "signal"> {
  /** Takes a block; the next is computed when it is done. */
  readonly onBlock: (block: HiddenBlock) => void | Promise<void>;
  /** Default `before`. */
  readonly at?: ReadAt;
  /** Tokens of a block at most, but never less than a row; default 2,048. Another number gives other last bits. */
  readonly blockTokens?: number;
  readonly progress?: (done: number, total: number) => void;
}

/** What was read. */
export interface HiddenCounts {
  /** Targets whose activations were given. */
  readonly read: number;
  /**
   * Targets that have none: with `own` the last of each row, where rows of T + 1 ids are longer than the model can read. None
   * otherwise.
   */
  readonly leftOut: number;
}

/** How rows of ids become positions of the model, and positions targets. */
interface Reading {
  /** Ids of a row that the model reads. */
  readonly positions: number;
  /** The first position that is a target's, and how many are. */
  readonly first: number;
  readonly count: number;
}

function readingOf(columns: number, positions: number, at: ReadAt): Reading {
  if (at === "before") return { positions: columns - 1, first: 0, count: columns - 1 };
  const read = Math.min(columns, positions);
  return { positions: read, first: 1, count: read - 1 };
}

/**
 * Reads activations of every target of a text at some points, block by block, in the text's order.
 * @param text rows of T + 1 ids, row-major
 * @throws SpectroscopeError for ids that are no rows of the model's, a point that it does not have, and `interrupted`
 */
export async function hiddenStates(
  device: Device,
  { model, weights }: MeasuredModel,
  text: Pick<Corpus, "ids" | "columns">,
  points: readonly HookPoint[],
  options: HiddenOptions,
): Promise<HiddenCounts> {
  const { ids, columns } = text;
  const rows = ids.length / columns;
  checkCorpus("text", { ids, rows, columns }, model.dims);
  const reading = readingOf(columns, model.dims.positions, options.at ?? "before");
  const most = Math.max(1, Math.min(rows, Math.floor((options.blockTokens ?? BLOCK_TOKENS) / reading.positions)));
  const counts = { read: rows * reading.count, leftOut: rows * (columns - 1 - reading.count) };
  if (reading.count === 0 || points.length === 0) return counts;
  const memory = device.openMemory();
  const fixed = new FixedTensors(weights, device.bindingBytes);
  try {
    const inputs = tokenView("inputs", [most * reading.positions]);
    const block = { sequences: most, positions: reading.positions };
    const { plan, states } = planHooks({ name: "hidden states", model, fixed, rows: block, inputs }, points);
    const bound = await device.within("the model and its activations", async () => {
      memory.write(inputs, new Uint32Array(inputs.slot.size));
      await fixed.flush(memory);
      return memory.bind(plan);
    });
    for (let row = 0; row < rows; row += most) {
      stopIfAsked(options, `hidden states: stopped after ${row} of ${rows} rows`, "run it again");
      const sequences = Math.min(most, rows - row);
      // A last block of fewer rows goes through the same plan, the rest of it filled with id 0: a row's bits are those of any block.
      memory.write(inputs, inputsOf(ids, columns, row, sequences, block));
      await bound.run();
      const found = (await memory.read(states)) as Float32Array[];
      await options.onBlock({
        targets: targetsOf(columns, row, sequences, reading),
        states: found.map((data) => targetRows(data, sequences, reading, model.dims.hidden)),
      });
      options.progress?.(row + sequences, rows);
    }
  } finally {
    memory.destroy();
  }
  return counts;
}

/** Ids that the model reads of some rows, [block's sequences * positions]. */
function inputsOf(ids: Uint32Array, columns: number, row: number, sequences: number, block: Rows): Uint32Array {
  const { positions } = block;
  const out = new Uint32Array(block.sequences * positions);
  for (let s = 0; s < sequences; s++) {
    const from = (row + s) * columns;
    out.set(ids.subarray(from, from + positions), s * positions);
  }
  return out;
}

function targetsOf(columns: number, row: number, sequences: number, { count }: Reading): Uint32Array {
  return Uint32Array.from({ length: sequences * count }, (_, i) => {
    return (row + Math.floor(i / count)) * (columns - 1) + (i % count);
  });
}

/** The rows of targets alone. */
function targetRows(data: Float32Array, sequences: number, { positions, first, count }: Reading, D: number): Matrix {
  const rows = sequences * count;
  if (count === positions) return { rows, cols: D, data: data.subarray(0, rows * D) };
  const out = new Float32Array(rows * D);
  for (let s = 0; s < sequences; s++) {
    const from = (s * positions + first) * D;
    out.set(data.subarray(from, from + count * D), s * count * D);
  }
  return { rows, cols: D, data: out };
}
