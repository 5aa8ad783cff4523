import { type Dims, kernel, linearGrid, type Params } from "../kernel";
import tiled from "./forward.tiled.wgsl";
import source from "./forward.wgsl";
import { forward as reference } from "./reference";

const accepts = ({ N, Q, Kn }: Dims, { first }: Params) => Kn < N && first + Q <= N;

/** Exact k nearest neighbors of points first to first + Q - 1 among all others. */
export const forward = kernel({
  name: "knn/forward",
  dims: ["N", "D", "Q", "Kn"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["N", "D"] },
    indices: { access: "write", type: "u32", dims: ["Q", "Kn"] },
    distances: { access: "write", type: "f32", dims: ["Q", "Kn"] },
  },
  params: { first: "u32" },
  variants: {
    plain: {
      file: "knn/forward.wgsl",
      source,
      workgroup: [16, 1, 1],
      grid: ({ Q }) => linearGrid(Q, 16),
      accepts,
      suits: "any",
    },
    tiled: {
      file: "knn/forward.tiled.wgsl",
      source: tiled,
      workgroup: [64, 1, 1],
      grid: ({ Q }) => linearGrid(Q, 64),
      // 16 columns of 64 queries and of 32 points.
      workgroupBytes: 4 * 16 * (64 + 32),
      accepts,
      suits: "gpu",
    },
  },
  work: ({ N, D, Q, Kn }) => ({ flops: 3 * Q * N * D, bytes: 4 * (N * D + 2 * Q * Kn) }),
  tolerance: {
    absolute: 0,
    relative: 0,
    reason:
      "coordinates of the cases are small integers, so that distances are exact in f32 and ties are ties everywhere",
  },
  cases: [
    { name: "two points", dims: { N: 2, D: 1, Q: 2, Kn: 1 }, params: { first: 0 } },
    { name: "all others", dims: { N: 7, D: 3, Q: 7, Kn: 6 }, params: { first: 0 } },
    { name: "ragged", dims: { N: 65, D: 5, Q: 65, Kn: 10 }, params: { first: 0 } },
    { name: "k 45", dims: { N: 190, D: 24, Q: 190, Kn: 45 }, params: { first: 0 } },
    { name: "the last 67", dims: { N: 131, D: 17, Q: 67, Kn: 9 }, params: { first: 64 } },
    { name: "one query", dims: { N: 40, D: 33, Q: 1, Kn: 3 }, params: { first: 20 } },
    { name: "nano", dims: { N: 1536, D: 24, Q: 1536, Kn: 45 }, params: { first: 0 }, bench: true },
  ],
  generate: ({ N, D }, _, random) => ({ x: Float64Array.from({ length: N * D }, () => random.integer(33) - 16) }),
  reference,
});
