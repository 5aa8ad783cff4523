/** Matrices that `cluster` reads. */
import type { GivenMatrix } from "../../../runtime/formats/given-matrix";
import { parseMatrix } from "../../../runtime/formats/matrix-file";
import { inputName, readInput } from "./read-input";

/** A `.npy`, Parquet file or table of text, told by content; `-` is stdin. @throws SpectroscopeError naming the file */
export async function readMatrix(path: string): Promise<GivenMatrix> {
  return parseMatrix(await readInput(path), inputName(path));
}
