import { twoSum } from "../common/two_sum";
import { kernel, linearGrid } from "../kernel";
import source from "./covariance.wgsl";
import { covariance as reference } from "./reference";

const update = { access: "update", type: "f32", dims: ["G", "N"] } as const;

/** Adds one draw to per-token sums of d = l - l* and phi * d; the sums' values are sum + c, added in f64. */
export const covariance = kernel({
  name: "moments/covariance",
  dims: ["G", "N"],
  bindings: {
    losses: { access: "read", type: "f32", dims: ["G", "N"] },
    baseline: { access: "read", type: "f32", dims: ["N"] },
    phi: { access: "read", type: "f32", dims: ["G"] },
    sum_d: update,
    sum_phi_d: update,
    c_d: update,
    c_phi_d: update,
  },
  params: {},
  variants: {
    plain: {
      file: "moments/covariance.wgsl",
      chunks: [twoSum],
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, N }) => linearGrid(N, 64, G),
      suits: "any",
    },
  },
  wasm: { items: ({ G, N }) => G * Math.ceil(N / 512) },
  work: ({ G, N }) => ({ flops: 16 * G * N, bytes: 4 * (9 * G * N + N + G) }),
  tolerance: {
    absolute: 5e-7,
    relative: 5e-8,
    reason: "a sum alone is rounded to f32, half a unit in the last place; what it lost is in c, which is 0 in f64",
  },
  cases: [
    { name: "one", dims: { G: 1, N: 1 } },
    { name: "ragged", dims: { G: 3, N: 65 } },
    { name: "nano", dims: { G: 4, N: 1536 }, bench: true },
  ],
  generate: ({ G, N }, _, random) => ({
    // As large as half a unit in the last place of a sum of size 1.
    c_d: Float64Array.from({ length: G * N }, () => 6e-8 * (random.uniform() - 0.5)),
    c_phi_d: Float64Array.from({ length: G * N }, () => 6e-8 * (random.uniform() - 0.5)),
  }),
  reference,
});
