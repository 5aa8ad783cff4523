/** Row-major arrays: boxes of them, and the other order. */

/** What a box is copied from or to; `start` is where it begins there. */
export interface BoxSide<D> {
  readonly data: D;
  readonly shape: readonly number[];
  readonly start: readonly number[];
}

/** Every index of a grid of `counts`, in row-major order; one empty index for no axes. */
export function* gridIndices(counts: readonly number[]): Generator<number[]> {
  if (counts.some((count) => count === 0)) return;
  const index = counts.map(() => 0);
  for (;;) {
    yield [...index];
    let axis = counts.length - 1;
    while (axis >= 0 && ++index[axis] === counts[axis]) index[axis--] = 0;
    if (axis < 0) return;
  }
}

interface Sequence {
  readonly length: number;
  [index: number]: unknown;
}

/** Copies a box of `extent` elements along each axis. Both sides hold the same kind of array. */
export function copyBox<D extends Sequence>(from: BoxSide<D>, to: BoxSide<D>, extent: readonly number[]): void {
  // Trailing axes that are whole on both sides lie together with the axis before them.
  let outer = extent.length;
  let run = 1;
  while (outer > 0) {
    outer--;
    run *= extent[outer];
    if (extent[outer] !== from.shape[outer] || extent[outer] !== to.shape[outer]) break;
  }
  const offset = (side: BoxSide<D>, index: readonly number[]) =>
    side.shape.reduce((sum, size, axis) => sum * size + side.start[axis] + (index[axis] ?? 0), 0);
  for (const index of gridIndices(extent.slice(0, outer))) {
    const source = offset(from, index);
    const target = offset(to, index);
    if (ArrayBuffer.isView(from.data)) {
      (to.data as unknown as Float64Array).set(
        (from.data as unknown as Float64Array).subarray(source, source + run),
        target,
      );
    } else {
      for (let i = 0; i < run; i++) to.data[target + i] = from.data[source + i];
    }
  }
}

/** [rows, columns] to [columns, rows], in f32. */
export function transposed(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j];
  return out;
}
