import { quad } from "../common/quad";
import { kernel } from "../kernel";
import { epilogue } from "./chunks";
import plain4 from "./nt.plain4.wgsl";
import subgroup from "./nt.subgroup.wgsl";
import tiled from "./nt.tiled.wgsl";
import plain from "./nt.wgsl";
import { nt as reference } from "./reference";
import { variantsOf } from "./variants";

const bare = { use_bias: 0, use_residual: 0 };
const all = { use_bias: 1, use_residual: 1 };
const unused = { Nb: 1, Mr: 1, Nr: 1 };

/**
 * A linear layer with weights [out, in]: y = x w^T, then + bias with `use_bias`, + residual with `use_residual`, in this
 * order. A binding whose flag is 0 is not read and may be any tensor; with flag 1 its dims are Nb = N, Mr = M, Nr = N. x, w,
 * bias and residual are per group or shared. Where groups lie apart, their strides must be multiples of four.
 */
export const nt = kernel({
  name: "matmul/nt",
  dims: ["G", "M", "N", "K", "Nb", "Mr", "Nr"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["G?", "M", "K"] },
    w: { access: "read", type: "f32", dims: ["G?", "N", "K"] },
    bias: { access: "read", type: "f32", dims: ["G?", "Nb"] },
    residual: { access: "read", type: "f32", dims: ["G?", "Mr", "Nr"] },
    y: { access: "write", type: "f32", dims: ["G", "M", "N"] },
  },
  params: { use_bias: "u32", use_residual: "u32" },
  variants: variantsOf(
    "nt",
    { plain, plain4, tiled, subgroup },
    {
      rows: "M",
      columns: "N",
      quarters: ["N", "K"],
      fits: ({ M, N, Nb, Mr, Nr }, { use_bias, use_residual }) =>
        (!use_bias || Nb === N) && (!use_residual || (Mr === M && Nr === N)),
      scalarChunks: [epilogue],
      quad,
      workgroups: { plain4: [8, 8], subgroup: 8 },
      tile: 64,
      tiledBytes: 2 * 4 * 16 * 65,
    },
  ),
  wasm: {
    items: ({ G, M, N }) => G * Math.ceil(M / 64) * Math.ceil(N / 64),
    scratch: ({ K }) => 128 + 4 * 64 * K,
  },
  work: ({ G, M, N, K }, { use_bias = 0, use_residual = 0 }) => ({
    flops: G * M * N * (2 * K + use_bias + use_residual),
    bytes: 4 * (G * M * (K + N * (1 + use_residual)) + N * (K + use_bias)),
  }),
  tolerance: {
    absolute: 1e-6,
    relative: 1e-6,
    reason: "a sum of up to 192 products in f32: 1e-7 each, growing with the root of their number",
  },
  cases: [
    { name: "one", dims: { G: 1, M: 1, N: 1, K: 1, ...unused }, params: bare, shared: ["w", "bias", "residual"] },
    { name: "ragged", dims: { G: 2, M: 5, N: 7, K: 3, Nb: 7, Mr: 5, Nr: 7 }, params: all },
    {
      name: "rows past a tile, shared x",
      dims: { G: 3, M: 65, N: 4, K: 4, Nb: 4, Mr: 1, Nr: 1 },
      params: { ...bare, use_bias: 1 },
      shared: ["x", "residual"],
    },
    {
      name: "columns past a tile, shared w",
      dims: { G: 2, M: 9, N: 68, K: 36, Nb: 68, Mr: 9, Nr: 68 },
      params: all,
      shared: ["w", "bias", "residual"],
    },
    { name: "odd", dims: { G: 1, M: 63, N: 65, K: 63, Nb: 65, Mr: 1, Nr: 1 }, params: { ...bare, use_bias: 1 } },
    {
      name: "all shared",
      dims: { G: 2, M: 64, N: 24, K: 64, Nb: 24, Mr: 1, Nr: 1 },
      params: bare,
      shared: ["x", "w", "bias", "residual"],
    },
    {
      name: "medium",
      dims: { G: 2, M: 130, N: 72, K: 192, Nb: 1, Mr: 130, Nr: 72 },
      params: { ...bare, use_residual: 1 },
      shared: ["bias"],
    },
    {
      name: "a sum in pieces",
      dims: { G: 2, M: 6, N: 12, K: 260, Nb: 12, Mr: 6, Nr: 12 },
      params: all,
      shared: ["w"],
    },
    {
      name: "nano dense",
      dims: { G: 4, M: 1536, N: 64, K: 64, Nb: 64, Mr: 1536, Nr: 64 },
      params: all,
      shared: ["bias", "residual"],
      bench: true,
    },
    {
      name: "nano qkv",
      dims: { G: 4, M: 1536, N: 192, K: 64, Nb: 192, Mr: 1, Nr: 1 },
      params: { ...bare, use_bias: 1 },
      shared: ["bias", "residual"],
      bench: true,
    },
    {
      name: "512 cubed",
      dims: { G: 1, M: 512, N: 512, K: 512, ...unused },
      params: bare,
      shared: ["w", "bias", "residual"],
      bench: true,
    },
  ],
  reference,
});
