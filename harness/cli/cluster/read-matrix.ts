/** Matrices that `cluster` reads. */
import { usage } from "../../../runtime/config/schema";
import { decodeNpy } from "../../../runtime/formats/npy";
import { checkMatrix, type Matrix } from "../../../runtime/statistics/matrix";
import { inputName, readInput } from "./read-input";

/** @throws SpectroscopeError naming the file: not .npy, not two axes, a value that is not finite */
export async function readMatrix(input: string): Promise<Matrix> {
  const path = inputName(input);
  const { shape, data } = decodeNpy(await readInput(input), path);
  if (shape.length !== 2) throw usage(`${path}: has ${shape.length} axes, a matrix has 2`, "give [rows, columns]");
  const kept = data instanceof Float64Array || data instanceof Float32Array ? data : Float64Array.from(data);
  const matrix = { rows: shape[0], cols: shape[1], data: kept };
  checkMatrix(matrix, path);
  return matrix;
}
