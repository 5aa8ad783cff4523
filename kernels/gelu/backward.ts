import { erf } from "../common/erf";
import { type Dims, kernel, linearGrid } from "../kernel";
import source4 from "./backward.plain4.wgsl";
import source from "./backward.wgsl";
import { cases } from "./cases";
import { backward as reference } from "./reference";

/** Gradient of the exact GELU: dx = dy (Phi(x) + x phi(x)), any shape, flattened. */
export const backward = kernel({
  name: "gelu/backward",
  dims: ["N"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["N"] },
    dy: { access: "read", type: "f32", dims: ["N"] },
    dx: { access: "write", type: "f32", dims: ["N"] },
  },
  params: {},
  variants: {
    plain: {
      file: "gelu/backward.wgsl",
      source,
      chunks: [erf],
      workgroup: [64, 1, 1],
      grid: ({ N }: Dims) => linearGrid(N, 64),
      suits: "any",
    },
    plain4: {
      file: "gelu/backward.plain4.wgsl",
      source: source4,
      chunks: [erf],
      workgroup: [64, 1, 1],
      grid: ({ N }: Dims) => linearGrid(N / 4, 64),
      accepts: ({ N }: Dims) => N % 4 === 0,
      suits: "any",
    },
  },
  // Two short polynomials, an exponential and a quotient: about 40 operations an element.
  work: ({ N }) => ({ flops: 40 * N, bytes: 12 * N }),
  tolerance: { absolute: 2e-7, relative: 1.5e-7, reason: "the derivative to 3e-7, times |dy|" },
  cases,
  reference,
});
