import { type Dims, kernel, linearGrid } from "../kernel";
import source4 from "./forward.plain4.wgsl";
import sourceRows from "./forward.rows.wgsl";
import sourceTiled from "./forward.tiled.wgsl";
import source from "./forward.wgsl";
import { forward as reference } from "./reference";

const params = { eps: 1e-5 };

/** Layer normalization of rows; keeps mean and 1/sqrt(var + eps) for the backward kernels. */
export const forward = kernel({
  name: "layernorm/forward",
  dims: ["G", "R", "D"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    weight: { access: "read", type: "f32", dims: ["G?", "D"] },
    bias: { access: "read", type: "f32", dims: ["G?", "D"] },
    y: { access: "write", type: "f32", dims: ["G", "R", "D"] },
    mean: { access: "write", type: "f32", dims: ["G", "R"] },
    rstd: { access: "write", type: "f32", dims: ["G", "R"] },
  },
  params: { eps: "f32" },
  variants: {
    plain: {
      file: "layernorm/forward.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, R }: Dims) => linearGrid(R, 64, G),
      suits: "any",
    },
    plain4: {
      file: "layernorm/forward.plain4.wgsl",
      source: source4,
      workgroup: [64, 1, 1],
      grid: ({ G, R }: Dims) => linearGrid(R, 64, G),
      accepts: ({ D }: Dims) => D % 4 === 0,
      suits: "any",
    },
    rows: {
      file: "layernorm/forward.rows.wgsl",
      source: sourceRows,
      workgroup: [8, 1, 1],
      grid: ({ G, R }: Dims) => linearGrid(R, 32, G),
      accepts: ({ D }: Dims) => D % 4 === 0,
      suits: "software",
    },
    tiled: {
      file: "layernorm/forward.tiled.wgsl",
      source: sourceTiled,
      workgroup: [64, 1, 1],
      workgroupBytes: 256,
      grid: ({ G, R }: Dims) => linearGrid(R, 4, G),
      suits: "gpu",
    },
  },
  wasm: { items: ({ G, R }) => G * Math.ceil(R / 16) },
  work: ({ G, R, D }) => ({ flops: 8 * G * R * D, bytes: 4 * G * R * (2 * D + 2) }),
  tolerance: {
    absolute: 1e-7,
    relative: 5e-7,
    reason: "sums of D terms near 1, then four roundings of values that reach about 12 for normals: 2 to 4 ulp",
  },
  cases: [
    { name: "one", dims: { G: 1, R: 1, D: 1 }, params },
    { name: "ragged", dims: { G: 2, R: 3, D: 5 }, params },
    { name: "shared", dims: { G: 3, R: 65, D: 7 }, params, shared: ["x", "weight", "bias"] },
    { name: "narrow", dims: { G: 2, R: 7, D: 4 }, params, shared: ["x"] },
    { name: "lanes and one", dims: { G: 1, R: 63, D: 17 }, params },
    { name: "vec4", dims: { G: 2, R: 64, D: 64 }, params, shared: ["weight"] },
    { name: "wide", dims: { G: 2, R: 70, D: 132 }, params: { eps: 0.1 } },
    { name: "nano", dims: { G: 4, R: 1536, D: 64 }, params, bench: true },
  ],
  reference,
});
