import type { Chunk } from "../kernel";
import epilogueSource from "./nt.epilogue.wgsl";
import quadSource from "./quad.wgsl";

/** Loads shared by the lanes of a quad; holds a directive, so it comes first. */
export const quad: Chunk = { file: "matmul/quad.wgsl", source: quadSource };
/** Bias, GELU and residual behind a product; uses the bindings of `matmul/nt`. */
export const epilogue: Chunk = { file: "matmul/nt.epilogue.wgsl", source: epilogueSource };
