import type { Chunk } from "../kernel";
import quadSource from "./quad.wgsl";
import scalarSource from "./scalar.wgsl";
import softmaxSource from "./softmax.wgsl";
import weighSource from "./weigh.wgsl";

/** Online softmax over tiles of logits. */
export const softmax: Chunk = { file: "loss/softmax.wgsl", source: softmaxSource };
/** Loads of x and w for any D. */
export const scalar: Chunk = { file: "loss/scalar.wgsl", source: scalarSource };
/** Loads shared by the lanes of a quad; holds a directive, so it comes first. */
export const quad: Chunk = { file: "loss/quad.wgsl", source: quadSource };
/** Weights of rows in the gradient of the unembedding. */
export const weigh: Chunk = { file: "loss/weigh.wgsl", source: weighSource };
