import { kernel } from "../kernel";
import { randomKeys } from "../philox/keys";
import vector from "./baoab.plain4.wgsl";
import scalar from "./baoab.wgsl";
import { baoab as reference } from "./reference";
import { variantsOf } from "./variants";

const params = {
  lr: 4e-3,
  n_beta: 30,
  localization: 60,
  weight_decay: 0,
  bounding_box_size: 0,
  noise_level: 1,
  persistence: 0.48,
  kick: 1,
  step: 7,
};

/** One BAOAB step (underdamped Langevin) of G chains over a packed parameter block of P entries. */
export const baoab = kernel({
  name: "sgld/baoab",
  dims: ["G", "P"],
  bindings: {
    w: { access: "update", type: "f32", dims: ["G", "P"] },
    p: { access: "update", type: "f32", dims: ["G", "P"] },
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
    persistence: "f32",
    kick: "f32",
    step: "u32",
  },
  variants: variantsOf("baoab", scalar, vector),
  wasm: { items: ({ G, P }) => G * Math.ceil(P / 1024), scratch: () => 1024 },
  // Drift and pulls 7, kick 2, friction and noise 3, drifts 3, a normal 25.
  work: ({ G, P }) => ({ flops: 40 * G * P, bytes: 4 * G * (5 * P + 2) + 4 * P }),
  tolerance: {
    absolute: 2e-6,
    relative: 3e-7,
    reason: "normals good to 2e-6, and about ten roundings of numbers up to |w| or the kicked momentum",
  },
  cases: [
    { name: "one", dims: { G: 1, P: 1 }, params, shared: ["center"] },
    { name: "ragged", dims: { G: 3, P: 65 }, params, shared: ["center"] },
    { name: "center per chain", dims: { G: 2, P: 64 }, params },
    { name: "first kick", dims: { G: 2, P: 68 }, params: { ...params, kick: 0.5, step: 0 }, shared: ["center"] },
    { name: "no noise", dims: { G: 2, P: 260 }, params: { ...params, noise_level: 0 }, shared: ["center"] },
    {
      name: "little friction",
      dims: { G: 2, P: 67 },
      params: { ...params, persistence: 1 - 2 ** -16 },
      shared: ["center"],
    },
    { name: "momentum all new", dims: { G: 2, P: 65 }, params: { ...params, persistence: 0 }, shared: ["center"] },
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
