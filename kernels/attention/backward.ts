import { headFields, headRows, wholeVectors } from "../common/heads";
import { quad } from "../common/quad";
import { type Arrays, type Dims, kernel, linearGrid, type Params, type Random } from "../kernel";
import quad8 from "./backward.quad8.wgsl";
import quad32 from "./backward.quad32.wgsl";
import tiled from "./backward.tiled.wgsl";
import plain from "./backward.wgsl";
import { cases } from "./cases";
import { rows32 } from "./chunks";
import { forward, backward as reference } from "./reference";
import { backwardScratch } from "./scratch";

/** Inputs that belong together: out and lse are what the forward pass gives for qkv. */
function generate(dims: Dims, params: Params, random: Random): Arrays {
  const { G, B, T, H, K, S } = dims;
  const normals = (count: number) => Float64Array.from({ length: count }, () => Math.fround(random.normal()));
  const qkv = normals(S);
  return {
    qkv,
    dout: normals(G * B * T * H * K),
    ...forward({ qkv }, dims, { ...params, scale: Math.fround(params.scale) }),
  };
}

/**
 * Gradient of `attention/forward`: dqkv, in the views of qkv, from dout, given qkv and what the forward pass gave for it (out, lse).
 * What lies in none of the views stays as it is.
 */
export const backward = kernel({
  name: "attention/backward",
  dims: ["G", "B", "T", "H", "KV", "K"],
  bindings: {
    qkv: { access: "read", type: "f32", dims: ["S"] },
    out: { access: "read", type: "f32", dims: ["G", "B", "T", "H", "K"] },
    lse: { access: "read", type: "f32", dims: ["G", "B", "T", "H"] },
    dout: { access: "read", type: "f32", dims: ["G", "B", "T", "H", "K"] },
    dqkv: { access: "write", type: "f32", dims: ["S"] },
  },
  params: { scale: "f32", ...headFields },
  variants: {
    plain: {
      file: "attention/backward.wgsl",
      source: plain,
      chunks: [headRows],
      workgroup: [32, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 4), 32),
      accepts: ({ K }: Dims) => K <= 256,
      suits: "any",
    },
    tiled: {
      file: "attention/backward.tiled.wgsl",
      source: tiled,
      chunks: [headRows],
      workgroup: [64, 1, 1],
      workgroupBytes: 4 * (4 * 528 + 2 * 272 + 64),
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      accepts: ({ K }: Dims) => K <= 256,
      suits: "gpu",
    },
    quad8: {
      file: "attention/backward.quad8.wgsl",
      source: quad8,
      chunks: [quad, headRows],
      workgroup: [4, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      features: ["subgroups"],
      accepts: ({ K }: Dims, views: Params) => K === 8 && wholeVectors(views),
      suits: "software",
    },
    quad32: {
      file: "attention/backward.quad32.wgsl",
      source: quad32,
      chunks: [quad, rows32, headRows],
      workgroup: [4, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      features: ["subgroups"],
      accepts: ({ K }: Dims, views: Params) => K === 32 && wholeVectors(views),
      suits: "software",
    },
  },
  wasm: { items: ({ G, B, KV }) => G * B * KV, scratch: backwardScratch },
  // A pair of row and visible key: five products of width K, and about ten operations of softmax.
  work: ({ G, B, T, H, KV, K }) => ({
    flops: G * B * H * ((T * (T + 1)) / 2) * (10 * K + 10),
    bytes: 4 * G * B * T * (H * (4 * K + 1) + 4 * KV * K),
  }),
  tolerance: {
    absolute: 8e-7,
    relative: 8e-7,
    reason: "weights good to a few 1e-7, times differences of sums of up to 256 products, summed over the rows",
  },
  cases,
  generate,
  reference,
});
