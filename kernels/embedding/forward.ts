import { type Dims, kernel, linearGrid } from "../kernel";
import { cases, generateIds } from "./cases";
import source4 from "./forward.plain4.wgsl";
import source from "./forward.wgsl";
import { forward as reference } from "./reference";

/** Row gather y[g, r, :] = table[g, ids[g, r], :]: token embeddings, or cached activations by row number. */
export const forward = kernel({
  name: "embedding/forward",
  dims: ["G", "R", "V", "D"],
  bindings: {
    table: { access: "read", type: "f32", dims: ["G?", "V", "D"] },
    ids: { access: "read", type: "u32", dims: ["G?", "R"] },
    y: { access: "write", type: "f32", dims: ["G", "R", "D"] },
  },
  params: {},
  variants: {
    plain: {
      file: "embedding/forward.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, R, D }: Dims) => linearGrid(R * D, 64, G),
      suits: "any",
    },
    plain4: {
      file: "embedding/forward.plain4.wgsl",
      source: source4,
      workgroup: [64, 1, 1],
      grid: ({ G, R, D }: Dims) => linearGrid((R * D) / 4, 64, G),
      accepts: ({ D }: Dims) => D % 4 === 0,
      suits: "any",
    },
  },
  work: ({ G, R, D }) => ({ flops: 0, bytes: 4 * G * R * (2 * D + 1) }),
  tolerance: { absolute: 0, relative: 0, reason: "a copy" },
  cases: cases(["table"]),
  generate: generateIds,
  reference,
});
