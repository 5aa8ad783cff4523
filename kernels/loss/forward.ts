import { half, single } from "../common/elements";
import { kernel } from "../kernel";
import { cases, generate, partCases } from "./cases";
import { logits, part, quad, quadLogits, scalar, softmax, tiledLogits, tiles } from "./chunks";
import quadSource from "./forward.quad.wgsl";
import tiledSource from "./forward.tiled.wgsl";
import plainSource from "./forward.wgsl";
import { halfTolerance } from "./half";
import { forward as reference } from "./reference";
import { wasmOf } from "./wasm";

/**
 * Per-token losses of an unembedding, without a buffer of logits. The unembedding may be the part of a vocabulary that holds
 * the ids `first` to `first + V - 1`: the log-sum-exps are over that part, and a loss whose target lies elsewhere is its row's
 * log-sum-exp; `loss/merge` joins parts.
 */
export const forward = kernel({
  name: "loss/forward",
  dims: ["G", "R", "V", "D"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    w: { access: "read", type: "f32", dims: ["G?", "V", "D"] },
    targets: { access: "read", type: "u32", dims: ["G?", "R"] },
    losses: { access: "write", type: "f32", dims: ["G", "R"] },
    lse: { access: "write", type: "f32", dims: ["G", "R"] },
  },
  params: { first: "u32" },
  variants: {
    plain: {
      file: "loss/forward.wgsl",
      source: plainSource,
      chunks: [softmax, part, scalar, logits],
      workgroup: [8, 1, 1],
      grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
      suits: "any",
    },
    tiled: {
      file: "loss/forward.tiled.wgsl",
      source: tiledSource,
      chunks: [single, softmax, part, tiles, tiledLogits],
      workgroup: [128, 1, 1],
      workgroupBytes: 16 * (16 * 8 + 16 * 16 + 3 * 128),
      grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
      suits: "gpu",
    },
    quad: {
      file: "loss/forward.quad.wgsl",
      source: quadSource,
      chunks: [quad, softmax, part, quadLogits],
      workgroup: [8, 1, 1],
      grid: ({ G, R }) => [Math.ceil(R / 64), 1, G],
      features: ["subgroups"],
      accepts: ({ D }) => D % 4 === 0,
      suits: "software",
    },
    f16: {
      file: "loss/forward.tiled.wgsl",
      source: tiledSource,
      chunks: [half, softmax, part, tiles, tiledLogits],
      workgroup: [128, 1, 1],
      workgroupBytes: 2 * 4 * (16 * 8 + 16 * 16) + 16 * 3 * 128,
      grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
      features: ["shader-f16"],
      suits: "asked",
      precision: "f16",
      tolerance: halfTolerance,
    },
  },
  wasm: wasmOf("R"),
  work: ({ G, R, V, D }) => ({ flops: 2 * G * R * V * D, bytes: 4 * (G * R * (D + 3) + V * D) }),
  tolerance: {
    absolute: 2e-6,
    relative: 1e-6,
    reason:
      "a logit of size 10 rounds D times at 1e-6 at most and sqrt(D) times that in practice; the sum over V averages it",
  },
  cases: [...cases, ...partCases],
  generate,
  reference,
});
