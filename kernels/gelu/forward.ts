import { erf } from "../common/erf";
import { type Dims, kernel, linearGrid } from "../kernel";
import { cases } from "./cases";
import source4 from "./forward.plain4.wgsl";
import source from "./forward.wgsl";
import { forward as reference } from "./reference";

/** Exact GELU: y = x Phi(x), any shape, flattened. */
export const forward = kernel({
  name: "gelu/forward",
  dims: ["N"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["N"] },
    y: { access: "write", type: "f32", dims: ["N"] },
  },
  params: {},
  variants: {
    plain: {
      file: "gelu/forward.wgsl",
      source,
      chunks: [erf],
      workgroup: [64, 1, 1],
      grid: ({ N }: Dims) => linearGrid(N, 64),
      suits: "any",
    },
    plain4: {
      file: "gelu/forward.plain4.wgsl",
      source: source4,
      chunks: [erf],
      workgroup: [64, 1, 1],
      grid: ({ N }: Dims) => linearGrid(N / 4, 64),
      accepts: ({ N }: Dims) => N % 4 === 0,
      suits: "any",
    },
  },
  // Two short polynomials, an exponential and a quotient: about 40 operations an element.
  work: ({ N }) => ({ flops: 40 * N, bytes: 8 * N }),
  tolerance: { absolute: 2e-7, relative: 1.2e-7, reason: "Phi to 1.2e-7, times |x|" },
  cases,
  reference,
});
