import { kernel } from "../kernel";
import { randomKeys } from "../philox/keys";
import { step as reference } from "./reference";
import vector from "./step.plain4.wgsl";
import scalar from "./step.wgsl";
import { variantsOf } from "./variants";

const params = {
  lr: 1e-3,
  n_beta: 30,
  localization: 300,
  weight_decay: 0,
  bounding_box_size: 0,
  noise_level: 1,
  step: 17,
};

/** One SGLD step of G chains over a packed parameter block of P entries. */
export const step = kernel({
  name: "sgld/step",
  dims: ["G", "P"],
  bindings: {
    w: { access: "update", type: "f32", dims: ["G", "P"] },
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
    step: "u32",
  },
  variants: variantsOf("step", scalar, vector),
  wasm: { items: ({ G, P }) => G * Math.ceil(P / 1024), scratch: () => 1024 },
  // Drift, pulls and step 10, a normal 25.
  work: ({ G, P }) => ({ flops: 35 * G * P, bytes: 4 * G * (3 * P + 2) + 4 * P }),
  tolerance: {
    absolute: 1e-7,
    relative: 2e-7,
    reason: "about eight roundings of numbers up to |w|, and normals good to 2e-6 times sqrt(lr) = 0.03",
  },
  cases: [
    { name: "one", dims: { G: 1, P: 1 }, params, shared: ["center"] },
    { name: "ragged", dims: { G: 3, P: 65 }, params, shared: ["center"] },
    { name: "center per chain", dims: { G: 2, P: 64 }, params },
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
  generate: (dims, _, random) => ({ keys: randomKeys(dims, random) }),
  reference,
});
