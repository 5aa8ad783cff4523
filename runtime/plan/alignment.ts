/** Bytes of an offset at which any binding may start: the largest value that WebGPU allows an adapter. */
export const ALIGNMENT = 256;

/** The same in four-byte elements. */
export const ALIGNED_ELEMENTS = ALIGNMENT / 4;

/** Rounds `n` up to a multiple of `to`. */
export function roundUp(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
