import { kernel, linearGrid } from "../kernel";
import source from "./forward.wgsl";
import { forward as reference } from "./reference";

/** Exact k nearest neighbors of every point among the others. */
export const forward = kernel({
  name: "knn/forward",
  dims: ["N", "D", "Kn"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["N", "D"] },
    indices: { access: "write", type: "u32", dims: ["N", "Kn"] },
    distances: { access: "write", type: "f32", dims: ["N", "Kn"] },
  },
  params: {},
  variants: {
    plain: {
      file: "knn/forward.wgsl",
      source,
      workgroup: [16, 1, 1],
      grid: ({ N }) => linearGrid(N, 16),
      accepts: ({ N, Kn }) => Kn < N,
      suits: "any",
    },
  },
  work: ({ N, D, Kn }) => ({ flops: 3 * N * N * D, bytes: 4 * (N * D + 2 * N * Kn) }),
  tolerance: {
    absolute: 0,
    relative: 0,
    reason:
      "coordinates of the cases are small integers, so that distances are exact in f32 and ties are ties everywhere",
  },
  cases: [
    { name: "two points", dims: { N: 2, D: 1, Kn: 1 } },
    { name: "all others", dims: { N: 7, D: 3, Kn: 6 } },
    { name: "ragged", dims: { N: 65, D: 5, Kn: 10 } },
    { name: "k 45", dims: { N: 190, D: 24, Kn: 45 } },
    { name: "nano", dims: { N: 1536, D: 24, Kn: 45 }, bench: true },
  ],
  generate: ({ N, D }, _, random) => ({ x: Float64Array.from({ length: N * D }, () => random.integer(33) - 16) }),
  reference,
});
