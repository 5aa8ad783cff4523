import { type Dims, kernel, linearGrid } from "../kernel";
import source4 from "./backward_params.plain4.wgsl";
import sourceTiled from "./backward_params.tiled.wgsl";
import source from "./backward_params.wgsl";
import { generateStatistics } from "./cases";
import { backwardParams as reference } from "./reference";

/** Gradients of layer normalization by its weight and bias. */
export const backwardParams = kernel({
  name: "layernorm/backward_params",
  dims: ["G", "R", "D"],
  bindings: {
    dy: { access: "read", type: "f32", dims: ["G", "R", "D"] },
    x: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    mean: { access: "read", type: "f32", dims: ["G", "R"] },
    rstd: { access: "read", type: "f32", dims: ["G", "R"] },
    dweight: { access: "write", type: "f32", dims: ["G?", "D"] },
    dbias: { access: "write", type: "f32", dims: ["G?", "D"] },
  },
  params: {},
  variants: {
    plain: {
      file: "layernorm/backward_params.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, D }: Dims) => linearGrid(D, 64, G),
      suits: "any",
    },
    plain4: {
      file: "layernorm/backward_params.plain4.wgsl",
      source: source4,
      workgroup: [8, 1, 1],
      grid: ({ G, D }: Dims) => linearGrid(D / 4, 8, G),
      accepts: ({ D }: Dims) => D % 4 === 0,
      suits: "any",
    },
    tiled: {
      file: "layernorm/backward_params.tiled.wgsl",
      source: sourceTiled,
      workgroup: [256, 1, 1],
      workgroupBytes: 2048,
      grid: ({ G, D }: Dims) => linearGrid(D, 16, G),
      suits: "gpu",
    },
  },
  wasm: { items: ({ G, D }) => G * Math.ceil(D / 16) },
  work: ({ G, R, D }) => ({ flops: 5 * G * R * D, bytes: 4 * G * (R * (2 * D + 2) + 2 * D) }),
  tolerance: {
    absolute: 1e-6,
    relative: 5e-7,
    reason: "sums of R products near 1, of which blocks reach about 10: an ulp there is 1e-6, and a few of them show",
  },
  cases: [
    { name: "one", dims: { G: 1, R: 1, D: 1 } },
    { name: "ragged", dims: { G: 2, R: 3, D: 5 } },
    { name: "shared", dims: { G: 3, R: 65, D: 7 }, shared: ["x"] },
    { name: "narrow", dims: { G: 2, R: 33, D: 4 } },
    { name: "columns and one", dims: { G: 1, R: 63, D: 65 } },
    { name: "vec4", dims: { G: 2, R: 64, D: 64 }, shared: ["x"] },
    { name: "many rows", dims: { G: 2, R: 1100, D: 36 } },
    { name: "nano", dims: { G: 4, R: 1536, D: 64 }, bench: true },
  ],
  generate: generateStatistics,
  reference,
});
