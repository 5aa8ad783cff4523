import type { Matrix } from "../statistics/matrix";

/** A matrix as a file gives it, with what its reader should be told. */
export interface GivenMatrix {
  readonly matrix: Matrix;
  /** `[cols]`: names of the columns, where the file has them. */
  readonly names?: readonly string[];
  /** What of the file is not in the matrix, or was decided about it, a line each. */
  readonly said: readonly string[];
}
