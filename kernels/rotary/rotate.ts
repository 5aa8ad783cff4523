import {
  type HeadViews,
  headFields,
  interleavedHeads,
  planesOfHeads,
  rowsOfHeads,
  wholeVectors,
} from "../common/heads";
import { type Case, type Dims, kernel, linearGrid, type Params } from "../kernel";
import { rotate as reference } from "./reference";
import sourceHeads from "./rotate.heads.wgsl";
import source from "./rotate.wgsl";
import { rotaryTable } from "./table";

type Sizes = readonly [G: number, B: number, T: number, H: number, K: number];

function of(name: string, [G, B, T, H, K]: Sizes, Rt: number, sign: 1 | -1, KV: number, views: HeadViews): Case {
  return { name, dims: { G, B, T, H, KV, K, Rt, S: G * B * T * (H + 2 * KV) * K }, params: { sign, ...views } };
}

function interleaved(name: string, sizes: Sizes, Rt: number, sign: 1 | -1): Case {
  const [, , , H, K] = sizes;
  return of(name, sizes, Rt, sign, H, interleavedHeads(H, K));
}

/**
 * Rotary position embedding of GPT-NeoX on q, k and v, three views into one tensor (`HeadViews`): the first Rt (even) elements of
 * each head of q and k are turned, the rest is copied. `sign` 1 is forward, -1 the inverse and the gradient. `table` comes from `rotaryTable`.
 */
export const rotate = kernel({
  name: "rotary/rotate",
  dims: ["G", "B", "T", "H", "KV", "K", "Rt"],
  bindings: {
    qkv: { access: "read", type: "f32", dims: ["S"] },
    table: { access: "read", type: "f32", dims: ["T", "Rt"] },
    out: { access: "write", type: "f32", dims: ["S"] },
  },
  params: { sign: "f32", ...headFields },
  variants: {
    plain: {
      file: "rotary/rotate.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, B, T, H, KV, K }: Dims) => linearGrid(B * T * (H + 2 * KV) * Math.ceil(K / 2), 64, G),
      suits: "any",
    },
    heads: {
      file: "rotary/rotate.heads.wgsl",
      source: sourceHeads,
      workgroup: [64, 1, 1],
      grid: ({ G, B, T, KV }: Dims) => linearGrid(B * T * KV, 64, G),
      accepts: ({ K }: Dims, views: Params) => K % 4 === 0 && wholeVectors(views),
      suits: "software",
    },
  },
  wasm: { items: ({ G, B, T }) => G * B * T },
  work: ({ G, B, T, H, KV, K, Rt }) => ({
    flops: 3 * G * B * T * (H + KV) * Rt,
    bytes: 8 * G * B * T * (H + 2 * KV) * K + 4 * T * Rt,
  }),
  tolerance: { absolute: 1e-7, relative: 1.5e-7, reason: "two products and a sum, rounded three times" },
  cases: [
    interleaved("one", [1, 1, 1, 1, 2], 2, 1),
    interleaved("ragged", [2, 1, 5, 3, 5], 4, 1),
    interleaved("ragged, back", [1, 3, 7, 2, 7], 6, -1),
    interleaved("vec4, one pair", [2, 2, 9, 1, 8], 2, 1),
    interleaved("vec4, across", [1, 2, 13, 3, 12], 6, -1),
    interleaved("vec4, whole head", [3, 1, 65, 2, 8], 8, 1),
    interleaved("Pythia-14M", [1, 1, 63, 4, 32], 8, -1),
    { ...interleaved("nano", [4, 24, 64, 8, 8], 4, 1), bench: true },
    of("two share, in rows", [2, 2, 9, 4, 12], 6, -1, 2, rowsOfHeads(4, 2, 12)),
    of("all share, ragged, in rows", [1, 2, 7, 3, 5], 4, 1, 1, rowsOfHeads(3, 1, 5)),
    of("two share, in planes", [2, 1, 24, 4, 8], 4, 1, 2, planesOfHeads(48, 4, 2, 8)),
  ],
  generate: ({ T, Rt }) => ({ table: Float64Array.from(rotaryTable(T, Rt, 10000)) }),
  reference,
});
