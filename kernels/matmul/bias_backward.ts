import { type Dims, kernel } from "../kernel";
import plain4 from "./bias_backward.plain4.wgsl";
import tiled from "./bias_backward.tiled.wgsl";
import plain from "./bias_backward.wgsl";
import { biasBackward as reference } from "./reference";

/** Gradient of a linear layer's bias: dbias = the sum of dy over the rows M of each group. */
export const biasBackward = kernel({
  name: "matmul/bias_backward",
  dims: ["G", "M", "N"],
  bindings: {
    dy: { access: "read", type: "f32", dims: ["G", "M", "N"] },
    dbias: { access: "write", type: "f32", dims: ["G?", "N"] },
  },
  params: {},
  variants: {
    plain: {
      file: "matmul/bias_backward.wgsl",
      source: plain,
      workgroup: [8, 1, 1],
      grid: ({ G, N }: Dims) => [Math.ceil(N / 8), 1, G],
      suits: "any",
    },
    plain4: {
      file: "matmul/bias_backward.plain4.wgsl",
      source: plain4,
      workgroup: [4, 1, 1],
      grid: ({ G, N }: Dims) => [Math.ceil(N / 16), 1, G],
      accepts: ({ N }: Dims) => N % 4 === 0,
      suits: "any",
    },
    tiled: {
      file: "matmul/bias_backward.tiled.wgsl",
      source: tiled,
      workgroup: [256, 1, 1],
      workgroupBytes: 1024,
      grid: ({ G, N }: Dims) => [Math.ceil(N / 16), 1, G],
      suits: "gpu",
    },
  },
  wasm: { items: ({ G, N }) => G * Math.ceil(N / 64) },
  work: ({ G, M, N }) => ({ flops: G * M * N, bytes: 4 * G * N * (M + 1) }),
  tolerance: {
    absolute: 1e-6,
    relative: 5e-7,
    reason: "sums of 32 in f32, then sums of those: half an ulp for each of a few dozen additions",
  },
  cases: [
    { name: "one", dims: { G: 1, M: 1, N: 1 } },
    { name: "ragged", dims: { G: 2, M: 33, N: 7 } },
    { name: "past a workgroup", dims: { G: 3, M: 64, N: 65 } },
    { name: "past a workgroup of four", dims: { G: 2, M: 31, N: 20 } },
    { name: "long", dims: { G: 2, M: 1500, N: 24 } },
    { name: "nano", dims: { G: 4, M: 1536, N: 192 }, bench: true },
  ],
  reference,
});
