import { SpectroscopeError } from "../../kernels/errors";

/** A dense row-major matrix, tokens x features. */
export interface Matrix {
  rows: number;
  cols: number;
  /** `[rows * cols]`. */
  data: Float64Array | Float32Array;
}

/** Throws SpectroscopeError unless the sizes agree and every value is finite. */
export function checkMatrix(matrix: Matrix, name: string): void {
  const { rows, cols, data } = matrix;
  if (!(Number.isInteger(rows) && Number.isInteger(cols) && rows > 0 && cols > 0) || data.length !== rows * cols)
    throw new SpectroscopeError(`${name}: ${rows} x ${cols} does not fit ${data.length} values`, {
      hint: "give positive sizes and rows * cols values, row by row",
    });
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]))
      throw new SpectroscopeError(
        `${name}: value ${data[i]} at row ${Math.floor(i / cols)}, column ${i % cols} is not finite`,
        {
          code: "non-finite",
          hint: "every value must be finite: leave its row or column out, or find what produced it",
        },
      );
  }
}

/** Rows of a matrix, in the order given. */
export function takeRows({ cols, data }: Matrix, rows: Uint32Array): Matrix & { data: Float64Array } {
  const out = new Float64Array(rows.length * cols);
  for (let i = 0; i < rows.length; i++) out.set(data.subarray(rows[i] * cols, (rows[i] + 1) * cols), i * cols);
  return { rows: rows.length, cols, data: out };
}
