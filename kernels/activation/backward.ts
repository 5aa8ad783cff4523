import { type Dims, kernel, linearGrid } from "../kernel";
import source4 from "./backward.plain4.wgsl";
import source from "./backward.wgsl";
import { cases } from "./cases";
import { forEachActivation } from "./functions";

/** Gradients of activation functions by name: dx = dy f'(x), any shape, flattened. */
export const backward = forEachActivation((name, f) =>
  kernel({
    name: `activation/${name}_backward`,
    dims: ["N"],
    bindings: {
      x: { access: "read", type: "f32", dims: ["N"] },
      dy: { access: "read", type: "f32", dims: ["N"] },
      dx: { access: "write", type: "f32", dims: ["N"] },
    },
    params: {},
    variants: {
      plain: {
        file: "activation/backward.wgsl",
        source,
        chunks: f.chunks,
        workgroup: [64, 1, 1],
        grid: ({ N }: Dims) => linearGrid(N, 64),
        suits: "any",
      },
      plain4: {
        file: "activation/backward.plain4.wgsl",
        source: source4,
        chunks: f.chunks,
        workgroup: [64, 1, 1],
        grid: ({ N }: Dims) => linearGrid(N / 4, 64),
        accepts: ({ N }: Dims) => N % 4 === 0,
        suits: "any",
      },
    },
    work: ({ N }) => ({ flops: f.flops * N, bytes: 12 * N }),
    tolerance: f.tolerance.backward,
    cases,
    reference: ({ x, dy }) => ({ dx: Float64Array.from(x, (value, i) => dy[i] * f.slope(value)) }),
  }),
);
