import { kernel } from "../kernel";
import { randomKeys } from "../philox/keys";
import vector from "./gaussian.plain4.wgsl";
import scalar from "./gaussian.wgsl";
import { gaussian as reference } from "./reference";
import { variantsOf } from "./variants";

const params = { localization: 100, step: 5 };

/** Independent draws from N(center, I / localization): the posterior at n_beta = 0. */
export const gaussian = kernel({
  name: "sgld/gaussian",
  dims: ["G", "P"],
  bindings: {
    w: { access: "write", type: "f32", dims: ["G", "P"] },
    center: { access: "read", type: "f32", dims: ["G?", "P"] },
    keys: { access: "read", type: "u32", dims: ["G", "2"] },
  },
  params: { localization: "f32", step: "u32" },
  variants: variantsOf("gaussian", scalar, vector),
  work: ({ G, P }) => ({ flops: 27 * G * P, bytes: 4 * G * (P + 2) + 4 * P }),
  tolerance: {
    absolute: 1e-7,
    relative: 1e-7,
    reason: "one rounding of the sum, and normals good to 2e-6 divided by sqrt(localization) = 10",
  },
  cases: [
    { name: "one", dims: { G: 1, P: 1 }, params, shared: ["center"] },
    { name: "ragged", dims: { G: 3, P: 65 }, params, shared: ["center"] },
    { name: "center per chain", dims: { G: 2, P: 64 }, params },
    { name: "nano mlp", dims: { G: 4, P: 16640 }, params, shared: ["center"], bench: true },
  ],
  generate: (dims, _, random) => ({ keys: randomKeys(dims, random) }),
  reference,
});
