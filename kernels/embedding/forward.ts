import { type Dims, kernel, linearGrid, type Params } from "../kernel";
import { gatherCases, generateIds } from "./cases";
import source4 from "./forward.plain4.wgsl";
import source from "./forward.wgsl";
import { forward as reference } from "./reference";

/** `add` has the shape of y where it is read. */
const fits = ({ G, R, D, Ga, Ra, Da }: Dims, { use_add }: Params) => !use_add || (Ga === G && Ra === R && Da === D);

/**
 * Row gather y[g, r, :] = table[g, ids[g, r], :]: token embeddings, or cached activations by row number.
 *
 * The table may be the rows `first` to `first + V - 1` of a larger one: other ids give zeros, and with `use_add` 1 `add` is
 * added, so that calls chained over the parts make the whole gather, to the bit. With `use_add` 0, `add` is not read and
 * may be any tensor; with 1 it has the shape of y.
 */
export const forward = kernel({
  name: "embedding/forward",
  dims: ["G", "R", "V", "D", "Ga", "Ra", "Da"],
  bindings: {
    table: { access: "read", type: "f32", dims: ["G?", "V", "D"] },
    ids: { access: "read", type: "u32", dims: ["G?", "R"] },
    add: { access: "read", type: "f32", dims: ["Ga", "Ra", "Da"] },
    y: { access: "write", type: "f32", dims: ["G", "R", "D"] },
  },
  params: { first: "u32", use_add: "u32" },
  variants: {
    plain: {
      file: "embedding/forward.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, R, D }: Dims) => linearGrid(R * D, 64, G),
      accepts: fits,
      suits: "any",
    },
    plain4: {
      file: "embedding/forward.plain4.wgsl",
      source: source4,
      workgroup: [64, 1, 1],
      grid: ({ G, R, D }: Dims) => linearGrid((R * D) / 4, 64, G),
      accepts: (dims: Dims, params: Params) => dims.D % 4 === 0 && fits(dims, params),
      suits: "any",
    },
  },
  wasm: { items: ({ G, R }) => G * Math.ceil(R / 16) },
  work: ({ G, R, D }, { use_add = 0 }) => ({
    flops: G * R * D * use_add,
    bytes: 4 * G * R * ((2 + use_add) * D + 1),
  }),
  tolerance: { absolute: 0, relative: 6e-8, reason: "a copy, or one sum rounded once: half an ulp" },
  cases: gatherCases,
  generate: generateIds,
  reference,
});
