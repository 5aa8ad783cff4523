import { philox } from "../common/philox";
import { kernel, linearGrid } from "../kernel";
import source from "./bits.wgsl";
import { randomKeys } from "./keys";
import { bits as reference } from "./reference";

/** Philox words, exact. */
export const bits = kernel({
  name: "philox/bits",
  dims: ["G", "P"],
  bindings: {
    keys: { access: "read", type: "u32", dims: ["G", "2"] },
    out: { access: "write", type: "u32", dims: ["G", "P"] },
  },
  params: { step: "u32" },
  variants: {
    plain: {
      file: "philox/bits.wgsl",
      source,
      chunks: [philox],
      workgroup: [64, 1, 1],
      grid: ({ G, P }) => linearGrid(Math.ceil(P / 4), 64, G),
      suits: "any",
    },
  },
  wasm: { items: ({ G, P }) => G * Math.ceil(P / 1024), scratch: () => 1024 },
  work: ({ G, P }) => ({ flops: 0, bytes: 4 * G * (P + 2) }),
  tolerance: { absolute: 0, relative: 0, reason: "integers" },
  cases: [
    { name: "one", dims: { G: 1, P: 1 }, params: { step: 0 } },
    { name: "ragged", dims: { G: 3, P: 63 }, params: { step: 7 } },
    { name: "large step", dims: { G: 2, P: 257 }, params: { step: 0xffffffff } },
    { name: "nano", dims: { G: 4, P: 16640 }, params: { step: 1234 }, bench: true },
  ],
  generate: (dims, _, random) => ({ keys: randomKeys(dims, random) }),
  reference,
});
