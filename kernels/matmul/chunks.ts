import type { Chunk } from "../kernel";
import nnOperandsSource from "./nn.operands.wgsl";
import epilogueSource from "./nt.epilogue.wgsl";
import ntOperandsSource from "./nt.operands.wgsl";
import stageSource from "./stage.wgsl";
import tnOperandsSource from "./tn.operands.wgsl";

/** Bias and residual behind a product; uses the bindings of `matmul/nt`. */
export const epilogue: Chunk = { file: "matmul/nt.epilogue.wgsl", source: epilogueSource };

/** What a product is to the variants that stage tiles of any element type: bindings, loads by four, store. */
export const operands = {
  nt: { file: "matmul/nt.operands.wgsl", source: ntOperandsSource },
  nn: { file: "matmul/nn.operands.wgsl", source: nnOperandsSource },
  tn: { file: "matmul/tn.operands.wgsl", source: tnOperandsSource },
} as const satisfies Record<string, Chunk>;
/** Tiles of both operands in workgroup memory; needs `operands` and an element type. */
export const stage: Chunk = { file: "matmul/stage.wgsl", source: stageSource };
