import { ALIGNED_ELEMENTS, roundUp } from "../plan/alignment";
import type { Model } from "./family";
import type { Slice } from "./layer-cuts";
import type { Restriction } from "./restriction";
import { PIECE_ELEMENTS, type Weights } from "./weights";

/** Where a slice lies in a parameter block. */
export interface BlockEntry {
  readonly slice: Slice;
  readonly shape: readonly number[];
  /** First element in the block. */
  readonly offset: number;
  readonly size: number;
}

/**
 * The weights that a restriction moves, packed: slices in the restriction's order, each row-major and padded to a
 * multiple of 64 elements, so that each can be bound by itself. The place in the block is the element's number for Philox.
 */
export interface ParameterBlock {
  readonly entries: readonly BlockEntry[];
  /** Elements of a chain's block, padding included: P. */
  readonly size: number;
  /** Elements without padding. */
  readonly weights: number;
}

/** Shape of a slice of a parameter. */
export function sliceShape(slice: Slice, shape: readonly number[]): number[] {
  const result = [...shape];
  if (slice.rows) result[0] = slice.rows[1] - slice.rows[0];
  if (slice.columns) result[1] = slice.columns[1] - slice.columns[0];
  return result;
}

/** Lays out a restriction's block. */
export function layoutBlock(restriction: Restriction, { parameters }: Pick<Model, "parameters">): ParameterBlock {
  const entries: BlockEntry[] = [];
  let offset = 0;
  let weights = 0;
  for (const slice of restriction.slices) {
    const shape = sliceShape(slice, parameters.get(slice.parameter)!.shape);
    const size = shape.reduce((a, b) => a * b, 1);
    entries.push({ slice, shape, offset, size });
    offset += roundUp(size, ALIGNED_ELEMENTS);
    weights += size;
  }
  return { entries, size: offset, weights };
}

/** Copies a slice of a parameter out, row-major. */
export async function gatherSlice(weights: Weights, slice: Slice): Promise<Float32Array> {
  const shape = weights.shapes.get(slice.parameter)!;
  const width = shape.length > 1 ? shape[1] : 1;
  const [r0, r1] = slice.rows ?? [0, shape[0]];
  const [c0, c1] = slice.columns ?? [0, width];
  const out = new Float32Array((r1 - r0) * (c1 - c0));
  const step = Math.max(1, Math.floor(PIECE_ELEMENTS / width));
  for (let row = r0; row < r1; row += step) {
    const end = Math.min(r1, row + step);
    const rows = await weights.read(slice.parameter, row * width, end * width);
    if (c1 - c0 === width) out.set(rows, (row - r0) * width);
    else {
      for (let i = 0; i < end - row; i++) {
        out.set(rows.subarray(i * width + c0, i * width + c1), (row - r0 + i) * (c1 - c0));
      }
    }
  }
  return out;
}

/** The block at the trained weights: w*, [P]; padding is 0. */
export async function gatherBlock(weights: Weights, block: ParameterBlock): Promise<Float32Array> {
  const out = new Float32Array(block.size);
  for (const entry of block.entries) out.set(await gatherSlice(weights, entry.slice), entry.offset);
  return out;
}
