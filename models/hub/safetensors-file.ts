/** Safetensors files by their paths. Node only. */
import { basename, dirname } from "node:path";
import { writeOutput } from "../../runtime/node/output-file";
import type { TensorSource } from "../../runtime/transformer/weights";
import { type ReadOptions, type SafetensorsTensor, safetensorsParts } from "../formats/safetensors";
import { readSafetensors as readFrom } from "../formats/safetensors-reader";
import { ModelFolder } from "./model-folder";

/** Tensors of one file in the order of their bytes, read one at a time. @throws SpectroscopeError */
export function readSafetensors(path: string, options?: ReadOptions): Promise<Map<string, SafetensorsTensor>> {
  return readFrom(new ModelFolder(dirname(path)), basename(path), options);
}

/**
 * Write tensors as F32 in the order of their names in the source, piece by piece, whole or not at all.
 * @throws SpectroscopeError
 */
export function writeSafetensors(
  path: string,
  tensors: TensorSource,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  return writeOutput(path, safetensorsParts(tensors, metadata));
}
