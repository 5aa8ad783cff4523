import { type Dims, kernel, linearGrid } from "../kernel";
import { rotate as reference } from "./reference";
import sourceHeads from "./rotate.heads.wgsl";
import source from "./rotate.wgsl";
import { rotaryTable } from "./table";

/**
 * Rotary position embedding of GPT-NeoX on packed q, k, v: the first Rt (even) elements of each head of q and k are turned,
 * the rest is copied. `sign` 1 is forward, -1 the inverse and the gradient. `table` comes from `rotaryTable`.
 */
export const rotate = kernel({
  name: "rotary/rotate",
  dims: ["G", "B", "T", "H", "K", "Rt"],
  bindings: {
    qkv: { access: "read", type: "f32", dims: ["G", "B", "T", "H", "3", "K"] },
    table: { access: "read", type: "f32", dims: ["T", "Rt"] },
    out: { access: "write", type: "f32", dims: ["G", "B", "T", "H", "3", "K"] },
  },
  params: { sign: "f32" },
  variants: {
    plain: {
      file: "rotary/rotate.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, B, T, H, K }: Dims) => linearGrid(B * T * H * 3 * K, 64, G),
      suits: "any",
    },
    heads: {
      file: "rotary/rotate.heads.wgsl",
      source: sourceHeads,
      workgroup: [64, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(B * T * H, 64, G),
      accepts: ({ K }: Dims) => K % 4 === 0,
      suits: "software",
    },
  },
  wasm: { items: ({ G, B, T }) => G * B * T },
  work: ({ G, B, T, H, K, Rt }) => ({ flops: 6 * G * B * T * H * Rt, bytes: 24 * G * B * T * H * K + 4 * T * Rt }),
  tolerance: { absolute: 1e-7, relative: 1.5e-7, reason: "two products and a sum, rounded three times" },
  cases: [
    { name: "one", dims: { G: 1, B: 1, T: 1, H: 1, K: 2, Rt: 2 }, params: { sign: 1 } },
    { name: "ragged", dims: { G: 2, B: 1, T: 5, H: 3, K: 5, Rt: 4 }, params: { sign: 1 } },
    { name: "ragged, back", dims: { G: 1, B: 3, T: 7, H: 2, K: 7, Rt: 6 }, params: { sign: -1 } },
    { name: "vec4, one pair", dims: { G: 2, B: 2, T: 9, H: 1, K: 8, Rt: 2 }, params: { sign: 1 } },
    { name: "vec4, across", dims: { G: 1, B: 2, T: 13, H: 3, K: 12, Rt: 6 }, params: { sign: -1 } },
    { name: "vec4, whole head", dims: { G: 3, B: 1, T: 65, H: 2, K: 8, Rt: 8 }, params: { sign: 1 } },
    { name: "Pythia-14M", dims: { G: 1, B: 1, T: 63, H: 4, K: 32, Rt: 8 }, params: { sign: -1 } },
    { name: "nano", dims: { G: 4, B: 24, T: 64, H: 8, K: 8, Rt: 4 }, params: { sign: 1 }, bench: true },
  ],
  generate: ({ T, Rt }) => ({ table: Float64Array.from(rotaryTable(T, Rt, 10000)) }),
  reference,
});
