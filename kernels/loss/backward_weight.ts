import { kernel } from "../kernel";
import quadSource from "./backward_weight.quad.wgsl";
import tiledSource from "./backward_weight.tiled.wgsl";
import plainSource from "./backward_weight.wgsl";
import { cases, generateWithLse, partCases } from "./cases";
import { quad, scalar, tiles, weigh } from "./chunks";
import { backwardWeight as reference } from "./reference";
import { wasmOf } from "./wasm";

/**
 * Gradient of the losses in the unembedding's weights, without a buffer of logits or probabilities. The unembedding may be the
 * part of a vocabulary that holds the ids `first` to `first + V - 1`; `lse` is over the whole vocabulary.
 */
export const backwardWeight = kernel({
  name: "loss/backward_weight",
  dims: ["G", "R", "V", "D"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    w: { access: "read", type: "f32", dims: ["G?", "V", "D"] },
    targets: { access: "read", type: "u32", dims: ["G?", "R"] },
    lse: { access: "read", type: "f32", dims: ["G", "R"] },
    dw: { access: "write", type: "f32", dims: ["G?", "V", "D"] },
  },
  params: { scale: "f32", first: "u32" },
  variants: {
    plain: {
      file: "loss/backward_weight.wgsl",
      source: plainSource,
      chunks: [scalar, weigh],
      workgroup: [8, 1, 1],
      grid: ({ G, V }) => [Math.ceil(V / 32), 1, G],
      suits: "any",
    },
    tiled: {
      file: "loss/backward_weight.tiled.wgsl",
      source: tiledSource,
      chunks: [weigh, tiles],
      workgroup: [128, 1, 1],
      workgroupBytes: 16 * (16 * 8 + 16 * 16 + 64 * 8),
      grid: ({ G, V }) => [Math.ceil(V / 32), 1, G],
      suits: "gpu",
    },
    quad: {
      file: "loss/backward_weight.quad.wgsl",
      source: quadSource,
      chunks: [quad, weigh],
      workgroup: [8, 1, 1],
      grid: ({ G, V }) => [Math.ceil(V / 64), 1, G],
      features: ["subgroups"],
      accepts: ({ D }) => D % 4 === 0,
      suits: "software",
    },
  },
  wasm: wasmOf("V"),
  work: ({ G, R, V, D }) => ({ flops: 4 * G * R * V * D, bytes: 4 * (G * R * (D + 2) + 2 * V * D) }),
  tolerance: {
    absolute: 5e-7,
    relative: 4e-6,
    reason: "one running sum of R / 16 tiles, of weights whose logits carry the rounding of a dot product of D terms",
  },
  // A long vocabulary only adds workgroups here.
  cases: [...cases.filter((c) => c.name !== "large vocabulary"), ...partCases],
  generate: generateWithLse,
  reference,
});
