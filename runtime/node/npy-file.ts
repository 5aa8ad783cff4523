/** `.npy` files on disk. Node only. */
import { decodeNpy, encodeNpy, type NpyArray, type NpyInput } from "../formats/npy";
import { readBytes, writeAtomic } from "./files";

/** Read an array. @throws SpectroscopeError naming the file */
export async function readNpy(path: string): Promise<NpyArray> {
  return decodeNpy(await readBytes(path), path);
}

/** Write an array whole or not at all. */
export async function writeNpy(path: string, array: NpyInput): Promise<void> {
  await writeAtomic(path, encodeNpy(array));
}
