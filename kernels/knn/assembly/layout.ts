// What the host writes into the first kilobyte of the memory, for all threads; `kernels/knn/memory.ts` says the same. Arrays
// lie behind it where the host puts them. A call gets nothing but its thread's scratch.

/** Next item of work, taken with an atomic add; the host sets it to the first. */
export const NEXT: usize = 0;
/** Work ends before this item. */
export const UNTIL: usize = 4;
export const ROWS: usize = 8;
export const COLS: usize = 12;
export const K: usize = 16;
/** Queries that share a pass over the points, a multiple of 4. */
export const GROUP: usize = 20;
/** Candidates that a query can hold, at least k. */
export const CAPACITY: usize = 24;
/** f64 [rows, cols]: the points as they are. */
export const POINTS: usize = 28;
/** f32 [ceil(rows / 8), cols, 8]: the points centered, scaled by a power of two and rounded, 8 points side by side. */
export const FINE: usize = 32;
/** f32 [ceil(rows / 8) * 8]: (1 - E) B of each point; infinite in the padding. */
export const LOWERED: usize = 36;
/** f64 [rows]: B = squared length of a point in FINE. */
export const SQUARES: usize = 40;
/** i16 [ceil(rows / 8), ceil(cols / 2), 8, 2]: the points centered, scaled and rounded to integers, columns in pairs. */
export const COARSE: usize = 44;
/** i32 [ceil(rows / 8) * 8]: half the squared length of a point in COARSE, rounded down; the largest i32 in the padding. */
export const HALVES: usize = 48;
/** u32 [queries]: row of each query. */
export const QUERIES: usize = 52;
/** u32 [queries, k]: the answer. */
export const IDS: usize = 56;
/** Whether COARSE may be used. */
export const USES_COARSE: usize = 60;
/** E of the bound in `fine.ts`, f64. */
export const RELATIVE: usize = 64;
/** Absolute part of that bound, f64. */
export const ABSOLUTE: usize = 72;
/** Greatest distance of a point in COARSE from where it should be, f64. */
export const ROUNDING: usize = 80;

// @ts-ignore: decorator
@inline
export function u32At(field: usize): u32 {
  return load<u32>(field);
}

// @ts-ignore: decorator
@inline
export function placeAt(field: usize): usize {
  return <usize>load<u32>(field);
}
