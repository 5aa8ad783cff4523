import { quad } from "../common/quad";
import { kernel } from "../kernel";
import { tn as reference } from "./reference";
import plain4 from "./tn.plain4.wgsl";
import subgroup from "./tn.subgroup.wgsl";
import tiled from "./tn.tiled.wgsl";
import plain from "./tn.wgsl";
import { variantsOf } from "./variants";

/**
 * Weight gradient of a linear layer: dw = dy^T x, summed over the rows M of each group. x is per group or shared; where
 * groups lie apart, their strides must be multiples of four.
 */
export const tn = kernel({
  name: "matmul/tn",
  dims: ["G", "M", "N", "K"],
  bindings: {
    dy: { access: "read", type: "f32", dims: ["G", "M", "N"] },
    x: { access: "read", type: "f32", dims: ["G?", "M", "K"] },
    dw: { access: "write", type: "f32", dims: ["G?", "N", "K"] },
  },
  params: {},
  variants: variantsOf(
    "tn",
    { plain, plain4, tiled, subgroup },
    {
      rows: "N",
      columns: "K",
      quarters: ["N", "K"],
      quad,
      workgroups: { plain4: [4, 2], subgroup: 4 },
      tile: 32,
      tiledBytes: 2 * 4 * 1024,
    },
  ),
  wasm: {
    items: ({ G, N, K }) => G * Math.ceil(N / 32) * Math.ceil(K / 64),
    scratch: () => 128 + 4 * 256 * (32 + 64),
  },
  work: ({ G, M, N, K }) => ({ flops: 2 * G * M * N * K, bytes: 4 * G * (M * N + M * K + N * K) }),
  tolerance: {
    absolute: 1e-6,
    relative: 2e-6,
    reason: "a sum of up to 1,500 products in f32: 1e-7 each, growing with the root of their number",
  },
  cases: [
    { name: "one", dims: { G: 1, M: 1, N: 1, K: 1 } },
    { name: "ragged", dims: { G: 2, M: 5, N: 7, K: 3 } },
    { name: "past a tile, shared x", dims: { G: 2, M: 33, N: 68, K: 36 }, shared: ["x"] },
    { name: "odd", dims: { G: 1, M: 64, N: 65, K: 33 } },
    { name: "small and long", dims: { G: 3, M: 1500, N: 8, K: 12 } },
    { name: "medium", dims: { G: 2, M: 130, N: 192, K: 64 } },
    { name: "nano head", dims: { G: 4, M: 1536, N: 24, K: 64 }, bench: true },
    { name: "nano dense", dims: { G: 4, M: 1536, N: 64, K: 64 }, bench: true },
    { name: "nano qkv", dims: { G: 4, M: 1536, N: 192, K: 64 }, bench: true },
    { name: "512 cubed", dims: { G: 1, M: 512, N: 512, K: 512 }, bench: true },
  ],
  reference,
});
