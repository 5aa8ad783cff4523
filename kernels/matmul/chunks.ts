import type { Chunk } from "../kernel";
import epilogueSource from "./nt.epilogue.wgsl";

/** Bias, GELU and residual behind a product; uses the bindings of `matmul/nt`. */
export const epilogue: Chunk = { file: "matmul/nt.epilogue.wgsl", source: epilogueSource };
