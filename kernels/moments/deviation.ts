import { twoSum } from "../common/two_sum";
import { kernel, linearGrid } from "../kernel";
import source from "./deviation.wgsl";
import { deviation as reference } from "./reference";

const read = { access: "read", type: "f32", dims: ["G", "N"] } as const;
const update = { access: "update", type: "f32", dims: ["G", "N"] } as const;

/**
 * Adds one draw to per-token sums of squared deviations of d - phi from its mean; their values are m2 + c_m2, added in f64. Before
 * `moments/covariance` of the same draw: `sum_d + c_d` and `phi_mean` are of the `draws` draws before it.
 */
export const deviation = kernel({
  name: "moments/deviation",
  dims: ["G", "N"],
  bindings: {
    losses: read,
    baseline: { access: "read", type: "f32", dims: ["N"] },
    phi: { access: "read", type: "f32", dims: ["G"] },
    phi_mean: { access: "read", type: "f32", dims: ["G"] },
    sum_d: read,
    c_d: read,
    m2: update,
    c_m2: update,
  },
  params: { draws: "u32" },
  variants: {
    plain: {
      file: "moments/deviation.wgsl",
      chunks: [twoSum],
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, N }) => linearGrid(N, 64, G),
      suits: "any",
    },
  },
  wasm: { items: ({ G, N }) => G * Math.ceil(N / 512) },
  work: ({ G, N }) => ({ flops: 15 * G * N, bytes: 4 * (7 * G * N + N + 2 * G) }),
  tolerance: {
    absolute: 5e-7,
    relative: 5e-7,
    reason:
      "a deviation of three differences and a quotient, squared: eight roundings; m2 of at most 8 loses 2.4e-7 to c_m2",
  },
  cases: [
    { name: "one", dims: { G: 1, N: 1 }, params: { draws: 3 } },
    { name: "first draw", dims: { G: 2, N: 5 }, params: { draws: 0 } },
    { name: "ragged", dims: { G: 3, N: 65 }, params: { draws: 17 } },
    { name: "nano", dims: { G: 4, N: 1536 }, params: { draws: 100 }, bench: true },
  ],
  generate: ({ G, N }, { draws }, random) => {
    const normals = (size: number, scale: number) => Float64Array.from({ length: size }, () => scale * random.normal());
    // As large as half a unit in the last place of a sum of size 1.
    const lost = () => Float64Array.from({ length: G * N }, () => 6e-8 * (random.uniform() - 0.5));
    return {
      ...{ losses: normals(G * N, 0.3), baseline: normals(N, 0.3), phi: normals(G, 0.3), phi_mean: normals(G, 0.3) },
      ...{ sum_d: normals(G * N, 0.3 * draws), c_d: lost(), c_m2: lost() },
      m2: Float64Array.from({ length: G * N }, () => random.uniform()),
    };
  },
  reference,
});
