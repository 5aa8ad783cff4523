import { kernel } from "../kernel";
import { cases, generate } from "./cases";
import { logits, quad, quadLogits, scalar, softmax, tiledLogits, tiledMix, tiles } from "./chunks";
import quadSource from "./forward_backward.quad.wgsl";
import tiledSource from "./forward_backward.tiled.wgsl";
import plainSource from "./forward_backward.wgsl";
import { forwardBackward as reference } from "./reference";

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
      chunks: [softmax, tiles, tiledLogits, tiledMix],
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
  },
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
