/** `.npy` files on disk. Node only. */
import { decodeNpy, encodeNpy, type NpyArray, type NpyInput } from "../formats/npy";
import { readBytes } from "./files";
import { writeOutput } from "./output-file";

/** Read an array. @throws SpectroscopeError naming the file */
export async function readNpy(path: string): Promise<NpyArray> {
  return decodeNpy(await readBytes(path), path);
}

/** Write an array where a person wants it. @throws SpectroscopeError naming the file */
export async function writeNpy(path: string, array: NpyInput): Promise<void> {
  await writeOutput(path, encodeNpy(array));
}
