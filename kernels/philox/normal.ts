import { philox } from "../common/philox";
import { kernel, linearGrid } from "../kernel";
import { randomKeys } from "./keys";
import source from "./normal.wgsl";
import { normal as reference } from "./reference";

/** Standard normals from Philox words. */
export const normal = kernel({
  name: "philox/normal",
  dims: ["G", "P"],
  bindings: {
    keys: { access: "read", type: "u32", dims: ["G", "2"] },
    out: { access: "write", type: "f32", dims: ["G", "P"] },
  },
  params: { step: "u32" },
  variants: {
    plain: {
      file: "philox/normal.wgsl",
      source,
      chunks: [philox],
      workgroup: [64, 1, 1],
      grid: ({ G, P }) => linearGrid(Math.ceil(P / 4), 64, G),
      suits: "any",
    },
  },
  wasm: { items: ({ G, P }) => G * Math.ceil(P / 1024), scratch: () => 1024 },
  // Logarithm, root, sine, cosine: about 25 operations a normal, beside 140 integer ones.
  work: ({ G, P }) => ({ flops: 25 * G * P, bytes: 4 * G * (P + 2) }),
  tolerance: {
    absolute: 2e-6,
    relative: 0,
    reason: "|z| < 5.8 and a handful of roundings in the radius and the angle: about 4 ulp of 5.8",
  },
  cases: [
    { name: "one", dims: { G: 1, P: 1 }, params: { step: 0 } },
    { name: "ragged", dims: { G: 3, P: 65 }, params: { step: 7 } },
    { name: "nano", dims: { G: 4, P: 16640 }, params: { step: 1234 }, bench: true },
  ],
  generate: (dims, _, random) => ({ keys: randomKeys(dims, random) }),
  reference,
});
