import { kernel } from "../kernel";
import { randomKeys } from "../philox/keys";
import vector from "./gaussian.plain4.wgsl";
import scalar from "./gaussian.wgsl";
import { gaussian as reference } from "./reference";
import { variantsOf } from "./variants";

const params = { weight_decay: 0, noise_level: 1, step: 5 };

/** Draws from the localized prior, N(center, I / localization) where nothing decays: the posterior at n_beta = 0. */
export const gaussian = kernel({
  name: "sgld/gaussian",
  dims: ["G", "P"],
  bindings: {
    w: { access: "write", type: "f32", dims: ["G", "P"] },
    center: { access: "read", type: "f32", dims: ["G?", "P"] },
    keys: { access: "read", type: "u32", dims: ["G", "2"] },
    localization: { access: "read", type: "f32", dims: ["G"] },
  },
  params: { weight_decay: "f32", noise_level: "f32", step: "u32" },
  variants: variantsOf("gaussian", scalar, vector),
  wasm: { items: ({ G, P }) => G * Math.ceil(P / 1024), scratch: () => 1024 },
  work: ({ G, P }) => ({ flops: 29 * G * P, bytes: 4 * G * (P + 3) + 4 * P }),
  tolerance: {
    absolute: 1e-7,
    relative: 2e-7,
    reason:
      "a few roundings of numbers up to |center|, and normals good to 2e-6 divided by the root of a pull of 100 or more",
  },
  cases: [
    { name: "one", dims: { G: 1, P: 1 }, params, shared: ["center"] },
    { name: "ragged", dims: { G: 3, P: 65 }, params, shared: ["center"] },
    { name: "center per chain", dims: { G: 2, P: 64 }, params },
    { name: "decay", dims: { G: 3, P: 68 }, params: { ...params, weight_decay: 100 }, shared: ["center"] },
    { name: "decay, center per chain", dims: { G: 2, P: 65 }, params: { ...params, weight_decay: 400 } },
    { name: "quiet", dims: { G: 2, P: 65 }, params: { ...params, noise_level: 0.25 }, shared: ["center"] },
    { name: "nano mlp", dims: { G: 4, P: 16640 }, params, shared: ["center"], bench: true },
  ],
  // Every chain has its own; where weights decay, that alone holds the first.
  generate: (dims, { weight_decay }, random) => ({
    keys: randomKeys(dims, random),
    localization: Float64Array.from({ length: dims.G }, (_, g) =>
      weight_decay > 0 && g === 0 ? 0 : Math.fround(100 + 200 * random.uniform()),
    ),
  }),
  reference,
});
