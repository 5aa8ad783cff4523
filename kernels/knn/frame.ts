/** How points are moved and scaled before they are rounded: any center and any power of two are right, good ones cost less. */

/** A dense row-major matrix, as `runtime/statistics/matrix` has it. */
export interface Points {
  readonly rows: number;
  readonly cols: number;
  readonly data: ArrayLike<number>;
}

/** The points as v = (x - center) 2^-exponent, no coordinate past 1. */
export interface Frame {
  readonly rows: number;
  readonly cols: number;
  readonly center: Float64Array;
  readonly exponent: number;
}

/** Below this exponent the definition's squares underflow: no rounding may rule anything out. */
export const LEAST_EXPONENT = -500;
/** Rows whose medians are the center: a mean would follow a point that lies far out, and leave all others far from it. */
const SAMPLE = 2048;

/** Medians of the columns, over at most 4,096 rows spread evenly. */
export function centerOf({ rows, cols, data }: Points): Float64Array {
  const step = Math.max(1, Math.floor(rows / SAMPLE));
  const values = new Float64Array(Math.ceil(rows / step));
  return Float64Array.from({ length: cols }, (_, c) => {
    for (let i = 0; i < values.length; i++) values[i] = data[i * step * cols + c];
    values.sort();
    return values[values.length >> 1];
  });
}

export function frameOf(points: Points): Frame {
  const { rows, cols, data } = points;
  const center = centerOf(points);
  let largest = 0;
  for (let i = 0, at = 0; i < rows; i++)
    for (let c = 0; c < cols; c++, at++) {
      const size = Math.abs(data[at] - center[c]);
      if (size > largest) largest = size;
    }
  return { rows, cols, center, exponent: largest > 0 ? Math.floor(Math.log2(largest)) + 1 : 0 };
}
