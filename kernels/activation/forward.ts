import { type Dims, kernel, linearGrid } from "../kernel";
import { cases } from "./cases";
import source4 from "./forward.plain4.wgsl";
import source from "./forward.wgsl";
import { forEachActivation } from "./functions";

/** Activation functions by name: y = f(x), any shape, flattened. */
export const forward = forEachActivation((name, f) =>
  kernel({
    name: `activation/${name}_forward`,
    dims: ["N"],
    bindings: {
      x: { access: "read", type: "f32", dims: ["N"] },
      y: { access: "write", type: "f32", dims: ["N"] },
    },
    params: {},
    variants: {
      plain: {
        file: "activation/forward.wgsl",
        source,
        chunks: f.chunks,
        workgroup: [64, 1, 1],
        grid: ({ N }: Dims) => linearGrid(N, 64),
        suits: "any",
      },
      plain4: {
        file: "activation/forward.plain4.wgsl",
        source: source4,
        chunks: f.chunks,
        workgroup: [64, 1, 1],
        grid: ({ N }: Dims) => linearGrid(N / 4, 64),
        accepts: ({ N }: Dims) => N % 4 === 0,
        suits: "any",
      },
    },
    work: ({ N }) => ({ flops: f.flops * N, bytes: 8 * N }),
    tolerance: f.tolerance.forward,
    cases,
    reference: ({ x }) => ({ y: Float64Array.from(x, f.value) }),
  }),
);
