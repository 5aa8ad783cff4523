import { single } from "../common/elements";
import { type Case, type Dims, kernel, type Params } from "../kernel";
import quadSource from "./backward_input.quad.wgsl";
import tiledSource from "./backward_input.tiled.wgsl";
import plainSource from "./backward_input.wgsl";
import { cases, generateWithLse, partCases } from "./cases";
import { logits, part, quad, quadLogits, scalar, tiledLogits, tiledMix, tiles, weigh } from "./chunks";
import { backwardInput as reference } from "./reference";
import { wasmOf } from "./wasm";

/** `add` has the shape of dx where it is read. */
const fits = ({ G, R, D, Ga, Ra, Da }: Dims, { use_add }: Params) => !use_add || (Ga === G && Ra === R && Da === D);

/** The sizes of a loss's case with something to add to, or without. */
function adding(c: Case, use_add: 0 | 1): Case {
  const { G, R, D } = c.dims;
  const add = use_add ? { Ga: G, Ra: R, Da: D } : { Ga: 1, Ra: 1, Da: 1 };
  return { ...c, dims: { ...c.dims, ...add }, params: { ...c.params, use_add } };
}

/**
 * Gradient of the losses in the unembedding's input, without a buffer of logits or probabilities, for unembeddings that lie in
 * parts: the ids `first` to `first + V - 1`, with `lse` over the whole vocabulary. Chained over the parts by `add` it gives the
 * whole gradient. With `use_add` 0, `add` is not read and may be any tensor; with 1 it has the shape of dx.
 */
export const backwardInput = kernel({
  name: "loss/backward_input",
  dims: ["G", "R", "V", "D", "Ga", "Ra", "Da"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    w: { access: "read", type: "f32", dims: ["G?", "V", "D"] },
    targets: { access: "read", type: "u32", dims: ["G?", "R"] },
    lse: { access: "read", type: "f32", dims: ["G", "R"] },
    add: { access: "read", type: "f32", dims: ["Ga", "Ra", "Da"] },
    dx: { access: "write", type: "f32", dims: ["G", "R", "D"] },
  },
  params: { scale: "f32", first: "u32", use_add: "u32" },
  variants: {
    plain: {
      file: "loss/backward_input.wgsl",
      source: plainSource,
      chunks: [scalar, logits, part, weigh],
      workgroup: [8, 1, 1],
      grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
      accepts: fits,
      suits: "any",
    },
    tiled: {
      file: "loss/backward_input.tiled.wgsl",
      source: tiledSource,
      chunks: [single, tiles, tiledLogits, tiledMix, part, weigh],
      workgroup: [128, 1, 1],
      workgroupBytes: 16 * (16 * 8 + 16 * 16 + 64 * 8),
      grid: ({ G, R }) => [Math.ceil(R / 32), 1, G],
      accepts: fits,
      suits: "gpu",
    },
    quad: {
      file: "loss/backward_input.quad.wgsl",
      source: quadSource,
      chunks: [quad, quadLogits, part, weigh],
      workgroup: [8, 1, 1],
      grid: ({ G, R }) => [Math.ceil(R / 64), 1, G],
      features: ["subgroups"],
      accepts: (dims, params) => dims.D % 4 === 0 && fits(dims, params),
      suits: "software",
    },
  },
  wasm: wasmOf("R"),
  work: ({ G, R, V, D }, { use_add = 0 }) => ({
    flops: 4 * G * R * V * D,
    bytes: 4 * (G * R * ((2 + use_add) * D + 2) + V * D),
  }),
  tolerance: {
    absolute: 5e-7,
    relative: 4e-6,
    reason:
      "one running sum of V / 16 tiles: sqrt(3144) roundings of 6e-8 at V = 50304, of weights as good as the logits",
  },
  cases: [...cases.map((c) => adding(c, 0)), ...partCases.map((c) => adding(c, 1))],
  generate: generateWithLse,
  reference,
});
