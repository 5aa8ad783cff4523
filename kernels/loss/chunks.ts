import type { Chunk } from "../kernel";
import matrixBlocksSource from "./blocks.matrix.wgsl";
import quadLogitsSource from "./logits.quad.wgsl";
import tiledLogitsSource from "./logits.tiled.wgsl";
import logitsSource from "./logits.wgsl";
import tiledMixSource from "./mix.tiled.wgsl";
import partSource from "./part.wgsl";
import quadSource from "./quad.wgsl";
import scalarSource from "./scalar.wgsl";
import softmaxSource from "./softmax.wgsl";
import tilesSource from "./tiles.wgsl";
import weighSource from "./weigh.wgsl";

/** Online softmax over tiles of logits. */
export const softmax: Chunk = { file: "loss/softmax.wgsl", source: softmaxSource };
/** Loads of x and w for any D. */
export const scalar: Chunk = { file: "loss/scalar.wgsl", source: scalarSource };
/** Logits of 4 rows x 16 entries; needs `scalar`. */
export const logits: Chunk = { file: "loss/logits.wgsl", source: logitsSource };
/** Logits of 8 rows x 16 entries; needs `quad`. */
export const quadLogits: Chunk = { file: "loss/logits.quad.wgsl", source: quadLogitsSource };
/** Loads into workgroup memory for any size. */
export const tiles: Chunk = { file: "loss/tiles.wgsl", source: tilesSource };
/** Logits of 32 rows x 64 entries through workgroup memory; needs `tiles`. */
export const tiledLogits: Chunk = { file: "loss/logits.tiled.wgsl", source: tiledLogitsSource };
/** The share of a tile of entries in dx; needs `tiledLogits`. */
export const tiledMix: Chunk = { file: "loss/mix.tiled.wgsl", source: tiledMixSource };
/** Logits and their share in dx by subgroup matrices; needs `tiles`, an element type and a shape of matrices. */
export const matrixBlocks: Chunk = { file: "loss/blocks.matrix.wgsl", source: matrixBlocksSource };
/** Loads shared by the lanes of a quad; holds a directive, so it comes first. */
export const quad: Chunk = { file: "loss/quad.wgsl", source: quadSource };
/** Targets as entries of a part of the vocabulary. */
export const part: Chunk = { file: "loss/part.wgsl", source: partSource };
/** Weights of rows in the gradient of the unembedding. */
export const weigh: Chunk = { file: "loss/weigh.wgsl", source: weighSource };
