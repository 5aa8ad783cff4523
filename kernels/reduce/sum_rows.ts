import { type Dims, kernel, linearGrid } from "../kernel";
import { sumRows as reference } from "./reference";
import sourceTiled from "./sum_rows.tiled.wgsl";
import source from "./sum_rows.wgsl";

/** out[g] = scale * sum over r of x[g, r]; scale 1/R gives the mean. */
export const sumRows = kernel({
  name: "reduce/sum_rows",
  dims: ["G", "R"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["G", "R"] },
    out: { access: "write", type: "f32", dims: ["G"] },
  },
  params: { scale: "f32" },
  variants: {
    plain: {
      file: "reduce/sum_rows.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G }: Dims) => linearGrid(G, 64),
      suits: "any",
    },
    tiled: {
      file: "reduce/sum_rows.tiled.wgsl",
      source: sourceTiled,
      workgroup: [256, 1, 1],
      workgroupBytes: 1024,
      grid: ({ G }: Dims) => linearGrid(G, 1),
      suits: "gpu",
    },
  },
  wasm: { items: ({ G }) => G },
  work: ({ G, R }) => ({ flops: G * R, bytes: 4 * G * (R + 1) }),
  tolerance: {
    absolute: 1e-6,
    relative: 5e-7,
    reason: "blocks of at most 64 normals reach about 16, where a rounding is 5e-7; a few of them show in a sum",
  },
  cases: [
    { name: "one", dims: { G: 1, R: 1 }, params: { scale: 1 } },
    { name: "ragged", dims: { G: 3, R: 5 }, params: { scale: 0.2 } },
    { name: "a block less one", dims: { G: 5, R: 63 }, params: { scale: 1 } },
    { name: "a block and one", dims: { G: 65, R: 65 }, params: { scale: -2 } },
    { name: "many blocks", dims: { G: 4, R: 3000 }, params: { scale: 1 / 3000 } },
    { name: "nano", dims: { G: 4, R: 1536 }, params: { scale: 1 / 1536 }, bench: true },
  ],
  reference,
});
