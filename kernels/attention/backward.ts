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
  const { G, B, T, H, K } = dims;
  const normals = (count: number) => Float64Array.from({ length: count }, () => Math.fround(random.normal()));
  const qkv = normals(3 * G * B * T * H * K);
  const scale = Math.fround(params.scale);
  return { qkv, dout: normals(G * B * T * H * K), ...forward({ qkv }, dims, { scale }) };
}

/**
 * Gradient of `attention/forward`: dqkv from dout, given qkv and what the forward pass gave for it (out, lse). All of
 * dqkv is written.
 */
export const backward = kernel({
  name: "attention/backward",
  dims: ["G", "B", "T", "H", "K"],
  bindings: {
    qkv: { access: "read", type: "f32", dims: ["G", "B", "T", "H", "3", "K"] },
    out: { access: "read", type: "f32", dims: ["G", "B", "T", "H", "K"] },
    lse: { access: "read", type: "f32", dims: ["G", "B", "T", "H"] },
    dout: { access: "read", type: "f32", dims: ["G", "B", "T", "H", "K"] },
    dqkv: { access: "write", type: "f32", dims: ["G", "B", "T", "H", "3", "K"] },
  },
  params: { scale: "f32" },
  variants: {
    plain: {
      file: "attention/backward.wgsl",
      source: plain,
      workgroup: [32, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 4), 32),
      accepts: ({ K }: Dims) => K <= 256,
      suits: "any",
    },
    tiled: {
      file: "attention/backward.tiled.wgsl",
      source: tiled,
      workgroup: [64, 1, 1],
      workgroupBytes: 4 * (4 * 528 + 2 * 272 + 64),
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      accepts: ({ K }: Dims) => K <= 256,
      suits: "gpu",
    },
    quad8: {
      file: "attention/backward.quad8.wgsl",
      source: quad8,
      chunks: [quad],
      workgroup: [4, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      features: ["subgroups"],
      accepts: ({ K }: Dims) => K === 8,
      suits: "software",
    },
    quad32: {
      file: "attention/backward.quad32.wgsl",
      source: quad32,
      chunks: [quad, rows32],
      workgroup: [4, 1, 1],
      grid: ({ G, B, T, H }: Dims) => linearGrid(G * B * H * Math.ceil(T / 16), 1),
      features: ["subgroups"],
      accepts: ({ K }: Dims) => K === 32,
      suits: "software",
    },
  },
  wasm: { items: ({ G, B, H }) => G * B * H, scratch: backwardScratch },
  // A pair of row and visible key: five products of width K, and about ten operations of softmax.
  work: ({ G, B, T, H, K }) => ({
    flops: G * B * H * ((T * (T + 1)) / 2) * (10 * K + 10),
    bytes: 4 * G * B * T * H * (8 * K + 1),
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
