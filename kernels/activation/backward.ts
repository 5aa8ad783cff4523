import { kernel } from "../kernel";
import plain4 from "./backward.plain4.wgsl";
import plain from "./backward.wgsl";
import { cases } from "./cases";
import { forEachActivation } from "./functions";
import { elementwise } from "./variants";

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
    variants: elementwise("backward", { plain, plain4 }, f.chunks),
    wasm: { items: ({ N }) => Math.ceil(N / 2048) },
    work: ({ N }) => ({ flops: f.flops * N, bytes: 12 * N }),
    tolerance: f.tolerance.backward,
    cases,
    reference: ({ x, dy }) => ({ dx: Float64Array.from(x, (value, i) => dy[i] * f.slope(value)) }),
  }),
);
