import { half, matrix, matrixFeatures, sides, single, square } from "../common/elements";
import { kernel, type Variant } from "../kernel";
import { cases, generate } from "./cases";
import { logits, matrixBlocks, quad, quadLogits, scalar, softmax, tiledLogits, tiledMix, tiles } from "./chunks";
import matrixSource from "./forward_backward.matrix.wgsl";
import quadSource from "./forward_backward.quad.wgsl";
import tiledSource from "./forward_backward.tiled.wgsl";
import plainSource from "./forward_backward.wgsl";
import { halfTolerance } from "./half";
import { forwardBackward as reference } from "./reference";
import { wasmOf } from "./wasm";

/** The variant with subgroup matrices of this side. */
const matrices = (side: keyof typeof sides): Variant => ({
  file: "loss/forward_backward.matrix.wgsl",
  source: matrixSource,
  chunks: [matrix, half, sides[side], softmax, tiles, matrixBlocks],
  workgroup: [128, 1, 1],
  workgroupBytes: 8 * (32 * 10 + 32 * 18) + 2 * 64 * 40 + 4 * (32 * 68 + 128 + 32),
  grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
  features: matrixFeatures("f16"),
  suits: "asked",
  matrix: square("f16", side),
  precision: "f16",
  tolerance: halfTolerance,
});

/**
 * Flash loss: per-token losses of an unembedding and their gradient in x, in one pass and without a buffer of logits. An
 * unembedding in parts takes `loss/forward`, `loss/merge` and `loss/backward_input`: its gradient needs the sum over all parts.
 */
export const forwardBackward = kernel({
  name: "loss/forward_backward",
  dims: ["G", "R", "V", "D"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    w: { access: "read", type: "f32", dims: ["G?", "V", "D"] },
    targets: { access: "read", type: "u32", dims: ["G?", "R"] },
    losses: { access: "write", type: "f32", dims: ["G", "R"] },
    lse: { access: "write", type: "f32", dims: ["G", "R"] },
    dx: { access: "write", type: "f32", dims: ["G", "R", "D"] },
  },
  params: { scale: "f32" },
  variants: {
    plain: {
      file: "loss/forward_backward.wgsl",
      source: plainSource,
      chunks: [softmax, scalar, logits],
      workgroup: [8, 1, 1],
      grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
      suits: "any",
    },
    tiled: {
      file: "loss/forward_backward.tiled.wgsl",
      source: tiledSource,
      chunks: [single, softmax, tiles, tiledLogits, tiledMix],
      workgroup: [128, 1, 1],
      workgroupBytes: 16 * (16 * 8 + 16 * 16 + 64 * 8 + 16 * 8),
      grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
      suits: "gpu",
    },
    quad: {
      file: "loss/forward_backward.quad.wgsl",
      source: quadSource,
      chunks: [quad, softmax, quadLogits],
      workgroup: [8, 1, 1],
      grid: ({ G, R }) => [Math.ceil(R / 64), 1, G],
      features: ["subgroups"],
      accepts: ({ D }) => D % 4 === 0,
      suits: "software",
    },
    f16: {
      file: "loss/forward_backward.tiled.wgsl",
      source: tiledSource,
      chunks: [half, softmax, tiles, tiledLogits, tiledMix],
      workgroup: [128, 1, 1],
      workgroupBytes: 2 * 4 * (16 * 8 + 16 * 16 + 64 * 8) + 16 * 16 * 8,
      grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
      features: ["shader-f16"],
      suits: "asked",
      precision: "f16",
      tolerance: halfTolerance,
    },
    matrix8: matrices(8),
    matrix16: matrices(16),
  },
  wasm: wasmOf("R"),
  work: ({ G, R, V, D }) => ({ flops: 4 * G * R * V * D, bytes: 4 * (G * R * (2 * D + 3) + V * D) }),
  tolerance: {
    absolute: 5e-7,
    relative: 4e-6,
    reason:
      "dx is one running sum of V / 16 tiles: sqrt(3144) roundings of 6e-8 at V = 50304; a loss has those of a dot product",
  },
  cases,
  generate,
  reference,
});
