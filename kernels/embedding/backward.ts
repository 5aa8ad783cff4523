import { type Dims, kernel, linearGrid } from "../kernel";
import source4 from "./backward.plain4.wgsl";
import sourceRows from "./backward.rows.wgsl";
import source from "./backward.wgsl";
import { generateIds, scatterCases } from "./cases";
import { backward as reference } from "./reference";

/**
 * Gradient of the row gather; every row of dtable is written, 0 where no id names it. The table may be the rows `first` to
 * `first + V - 1` of a larger one: other ids are nobody's here.
 */
export const backward = kernel({
  name: "embedding/backward",
  dims: ["G", "R", "V", "D"],
  bindings: {
    ids: { access: "read", type: "u32", dims: ["G?", "R"] },
    dy: { access: "read", type: "f32", dims: ["G", "R", "D"] },
    dtable: { access: "write", type: "f32", dims: ["G?", "V", "D"] },
  },
  params: { first: "u32" },
  variants: {
    plain: {
      file: "embedding/backward.wgsl",
      source,
      constants: { ROWS: 64, COLUMNS: 16 },
      workgroup: [16, 1, 1],
      grid: ({ G, V, D }: Dims) => linearGrid(Math.ceil(V / 64) * Math.ceil(D / 16), 16, G),
      suits: "any",
    },
    plain4: {
      file: "embedding/backward.plain4.wgsl",
      source: source4,
      workgroup: [64, 1, 1],
      grid: ({ G, V, D }: Dims) => linearGrid((V * D) / 16, 64, G),
      accepts: ({ D }: Dims) => D % 16 === 0,
      suits: "gpu",
    },
    rows: {
      file: "embedding/backward.rows.wgsl",
      source: sourceRows,
      constants: { ROWS: 128, COLUMNS: 8 },
      workgroup: [16, 1, 1],
      grid: ({ G, V, D }: Dims) => linearGrid(Math.ceil(V / 128) * Math.ceil(D / 32), 16, G),
      accepts: ({ D }: Dims) => D % 4 === 0,
      suits: "software",
    },
  },
  wasm: { items: ({ G, V }) => G * Math.ceil(V / 64) },
  work: ({ G, R, V, D }) => ({ flops: G * R * D, bytes: 4 * G * (R * (D + 1) + V * D) }),
  tolerance: {
    absolute: 1e-7,
    relative: 5e-7,
    reason: "plain sums of at most a few dozen normals a row: about 5 ulp of the largest sum",
  },
  cases: scatterCases,
  generate: generateIds,
  reference,
});
