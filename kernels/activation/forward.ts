import { kernel } from "../kernel";
import { cases } from "./cases";
import plain4 from "./forward.plain4.wgsl";
import plain from "./forward.wgsl";
import { forEachActivation } from "./functions";
import { elementwise } from "./variants";

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
    variants: elementwise("forward", { plain, plain4 }, f.chunks),
    wasm: { items: ({ N }) => Math.ceil(N / 2048) },
    work: ({ N }) => ({ flops: f.flops * N, bytes: 8 * N }),
    tolerance: f.tolerance.forward,
    cases,
    reference: ({ x }) => ({ y: Float64Array.from(x, f.value) }),
  }),
);
