/** Every parser of what people, hubs and disks give: a new one is a line here. */
import type { Target } from "../target";
import { gzip, npz, savez, zip } from "./archives";
import { pickle, saeConfig } from "./autoencoders";
import { gml, matrixMarket, metis } from "./graphs";
import { tokenIds } from "./ids";
import { tokenizer, tuning } from "./machine";
import { matrixFile, pandasMatrix, parquetMatrix, textMatrix } from "./matrices";
import { npy } from "./npy";
import { hubNames, restrictions, runConfigs, settings } from "./settings";
import { checkpoint, finished, manifest, unitNames, zarr } from "./stores";
import { documents, edgeList, json, labels } from "./texts";
import { model, modelConfig, safetensors, shardIndex } from "./weights";

export const TARGETS: readonly Target[] = [
  ...[json, npy, npz, savez, zip, gzip, edgeList, labels, documents],
  ...[matrixMarket, metis, gml],
  ...[textMatrix, pandasMatrix, parquetMatrix, matrixFile],
  ...[safetensors, shardIndex, tokenIds, modelConfig, model, tokenizer],
  ...[pickle, saeConfig],
  ...[runConfigs, settings, restrictions, hubNames, unitNames],
  ...[manifest, checkpoint, zarr, finished, tuning],
];
