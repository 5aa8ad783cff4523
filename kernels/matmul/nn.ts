import { quad } from "../common/quad";
import { kernel } from "../kernel";
import plain4 from "./nn.plain4.wgsl";
import subgroup from "./nn.subgroup.wgsl";
import tiled from "./nn.tiled.wgsl";
import plain from "./nn.wgsl";
import { nn as reference } from "./reference";
import { variantsOf } from "./variants";

const unused = { Ga: 1, Ma: 1, Ka: 1 };

/**
 * Input gradient of a linear layer: dx = dy w (+ add with `use_add` 1). With `use_add` 0, `add` is not read and may be any
 * tensor; with 1 it has the shape of dx. Where the groups of w lie apart, their stride must be a multiple of four.
 */
export const nn = kernel({
  name: "matmul/nn",
  dims: ["G", "M", "N", "K", "Ga", "Ma", "Ka"],
  bindings: {
    dy: { access: "read", type: "f32", dims: ["G", "M", "N"] },
    w: { access: "read", type: "f32", dims: ["G?", "N", "K"] },
    add: { access: "read", type: "f32", dims: ["Ga", "Ma", "Ka"] },
    dx: { access: "write", type: "f32", dims: ["G", "M", "K"] },
  },
  params: { use_add: "u32" },
  variants: variantsOf(
    "nn",
    { plain, plain4, tiled, subgroup },
    {
      rows: "M",
      columns: "K",
      quarters: ["N", "K"],
      fits: ({ G, M, K, Ga, Ma, Ka }, { use_add }) => !use_add || (Ga === G && Ma === M && Ka === K),
      quad,
      workgroups: { plain4: [8, 8], subgroup: 8 },
      tile: 64,
      tiledBytes: 2 * 4 * 16 * 65,
    },
  ),
  wasm: {
    items: ({ G, M, K }) => G * Math.ceil(M / 64) * Math.ceil(K / 64),
    scratch: ({ N }) => 128 + 4 * 64 * N,
  },
  work: ({ G, M, N, K }, { use_add = 0 }) => ({
    flops: G * M * K * (2 * N + use_add),
    bytes: 4 * (G * M * (N + K * (1 + use_add)) + N * K),
  }),
  tolerance: {
    absolute: 1e-6,
    relative: 1e-6,
    reason: "a sum of up to 192 products in f32: 1e-7 each, growing with the root of their number",
  },
  cases: [
    { name: "one", dims: { G: 1, M: 1, N: 1, K: 1, ...unused }, params: { use_add: 0 }, shared: ["w"] },
    { name: "ragged", dims: { G: 2, M: 5, N: 3, K: 7, Ga: 2, Ma: 5, Ka: 7 }, params: { use_add: 1 } },
    { name: "rows past a tile", dims: { G: 2, M: 65, N: 4, K: 4, Ga: 2, Ma: 65, Ka: 4 }, params: { use_add: 1 } },
    {
      name: "columns past a tile",
      dims: { G: 2, M: 9, N: 36, K: 68, ...unused },
      params: { use_add: 0 },
      shared: ["w"],
    },
    { name: "odd", dims: { G: 1, M: 63, N: 65, K: 63, ...unused }, params: { use_add: 0 } },
    { name: "medium", dims: { G: 2, M: 130, N: 192, K: 72, Ga: 2, Ma: 130, Ka: 72 }, params: { use_add: 1 } },
    {
      name: "a sum in pieces",
      dims: { G: 2, M: 6, N: 260, K: 12, Ga: 2, Ma: 6, Ka: 12 },
      params: { use_add: 1 },
    },
    {
      name: "nano dense",
      dims: { G: 4, M: 1536, N: 64, K: 64, Ga: 4, Ma: 1536, Ka: 64 },
      params: { use_add: 1 },
      shared: ["w"],
      bench: true,
    },
    {
      name: "nano qkv",
      dims: { G: 4, M: 1536, N: 192, K: 64, ...unused },
      params: { use_add: 0 },
      shared: ["w"],
      bench: true,
    },
    {
      name: "512 cubed",
      dims: { G: 1, M: 512, N: 512, K: 512, ...unused },
      params: { use_add: 0 },
      shared: ["w"],
      bench: true,
    },
  ],
  reference,
});
