import { kernel } from "../kernel";
import { randomKeys } from "../philox/keys";
import { rmsprop as reference } from "./reference";
import vector from "./rmsprop.plain4.wgsl";
import scalar from "./rmsprop.wgsl";
import { variantsOf } from "./variants";

const params = {
  lr: 1e-4,
  n_beta: 10,
  localization: 300,
  weight_decay: 0,
  bounding_box_size: 0,
  noise_level: 1,
  decay: 0.99,
  epsilon: 0.1,
  correction: 1 / (1 - 0.99 ** 3),
  step: 3,
};

/** One RMSprop-SGLD step of G chains over a packed parameter block of P entries. */
export const rmsprop = kernel({
  name: "sgld/rmsprop",
  dims: ["G", "P"],
  bindings: {
    w: { access: "update", type: "f32", dims: ["G", "P"] },
    v: { access: "update", type: "f32", dims: ["G", "P"] },
    g: { access: "read", type: "f32", dims: ["G", "P"] },
    center: { access: "read", type: "f32", dims: ["G?", "P"] },
    keys: { access: "read", type: "u32", dims: ["G", "2"] },
  },
  params: {
    lr: "f32",
    n_beta: "f32",
    localization: "f32",
    weight_decay: "f32",
    bounding_box_size: "f32",
    noise_level: "f32",
    decay: "f32",
    epsilon: "f32",
    correction: "f32",
    step: "u32",
  },
  variants: variantsOf("rmsprop", scalar, vector),
  wasm: { items: ({ G, P }) => G * Math.ceil(P / 1024), scratch: () => 1024 },
  // Moment, rate, drift, pulls and step 18, a normal 25.
  work: ({ G, P }) => ({ flops: 43 * G * P, bytes: 4 * G * (5 * P + 2) + 4 * P }),
  tolerance: {
    absolute: 1e-7,
    relative: 2e-7,
    reason:
      "about twelve roundings of numbers up to |w| or v, the rate to 5 ulp, normals good to 2e-6 times sqrt(lr_t)",
  },
  cases: [
    { name: "one", dims: { G: 1, P: 1 }, params, shared: ["center"] },
    { name: "ragged", dims: { G: 3, P: 65 }, params, shared: ["center"] },
    { name: "center per chain", dims: { G: 2, P: 64 }, params: { ...params, correction: 1 } },
    { name: "no noise", dims: { G: 2, P: 260 }, params: { ...params, noise_level: 0 }, shared: ["center"] },
    { name: "decay", dims: { G: 3, P: 68 }, params: { ...params, weight_decay: 200 }, shared: ["center"] },
    { name: "box", dims: { G: 3, P: 68 }, params: { ...params, bounding_box_size: 0.5 }, shared: ["center"] },
    {
      name: "decay, box, center per chain",
      dims: { G: 2, P: 65 },
      params: { ...params, weight_decay: 50, bounding_box_size: 0.2 },
    },
    { name: "nano mlp", dims: { G: 4, P: 16640 }, params, shared: ["center"], bench: true },
  ],
  generate: (dims, _, random) => ({
    keys: randomKeys(dims, random),
    // As after a few steps from v = 1 or from v = 0: anything not negative, zero included.
    v: Float64Array.from({ length: dims.G * dims.P }, (_, i) => (i % 7 === 0 ? 0 : random.uniform())),
  }),
  reference,
});
