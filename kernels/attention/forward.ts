import { headFields, headRows, wholeVectors } from "../common/heads";
import { quad } from "../common/quad";
import { type Dims, kernel, linearGrid, type Params } from "../kernel";
import { cases } from "./cases";
import { rows32 } from "./chunks";
import quad8 from "./forward.quad8.wgsl";
import quad32 from "./forward.quad32.wgsl";
import tiled from "./forward.tiled.wgsl";
import plain from "./forward.wgsl";
import { forward as reference } from "./reference";
import { forwardScratch } from "./scratch";

/**
 * Causal self-attention: out = softmax(scale q k^T) v over the keys up to each row, and the log-sum-exp of its scaled scores.
 * q, k and v are three strided views into one tensor (`HeadViews`), and H / KV neighboring query heads share a head of keys and
 * values. q and k are already rotated; K is at most 256.
 */
export const forward = kernel({
  name: "attention/forward",
  dims: ["G", "B", "T", "H", "KV", "K"],
  bindings: {
    qkv: { access: "read", type: "f32", dims: ["S"] },
    out: { access: "write", type: "f32", dims: ["G", "B", "T", "H", "K"] },
    lse: { access: "write", type: "f32", dims: ["G", "B", "T", "H"] },
  },
  params: { scale: "f32", ...headFields },
  variants: {
    plain: {
      file: "attention/forward.wgsl",
      source: plain,
      chunks: [headRows],
      workgroup: [32, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 4), 32),
      accepts: ({ K }: Dims) => K <= 256,
      suits: "any",
    },
    tiled: {
      file: "attention/forward.tiled.wgsl",
      source: tiled,
      chunks: [headRows],
      workgroup: [64, 1, 1],
      workgroupBytes: 4 * (2 * 528 + 272 + 64),
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      accepts: ({ K }: Dims) => K <= 256,
      suits: "gpu",
    },
    quad8: {
      file: "attention/forward.quad8.wgsl",
      source: quad8,
      chunks: [quad, headRows],
      workgroup: [4, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      features: ["subgroups"],
      accepts: ({ K }: Dims, views: Params) => K === 8 && wholeVectors(views),
      suits: "software",
    },
    quad32: {
      file: "attention/forward.quad32.wgsl",
      source: quad32,
      chunks: [quad, rows32, headRows],
      workgroup: [4, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      features: ["subgroups"],
      accepts: ({ K }: Dims, views: Params) => K === 32 && wholeVectors(views),
      suits: "software",
    },
  },
  wasm: {
    items: ({ G, B, T, H }) => G * B * H * Math.ceil(T / 64),
    scratch: forwardScratch,
  },
  // A pair of row and visible key: two products of width K, and about ten operations of softmax.
  work: ({ G, B, T, H, KV, K }) => ({
    flops: G * B * H * ((T * (T + 1)) / 2) * (4 * K + 10),
    bytes: 4 * G * B * T * (H * (2 * K + 1) + 2 * KV * K),
  }),
  tolerance: {
    absolute: 4e-7,
    relative: 4e-7,
    reason: "scores of up to 256 products are rounded to a few 1e-7 of their size, and exp hands that on",
  },
  cases,
  reference,
});
