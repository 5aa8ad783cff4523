import { type Case, type Dims, kernel, linearGrid } from "../kernel";
import source4 from "./backward.plain4.wgsl";
import sourceRows from "./backward.rows.wgsl";
import sourceTiled from "./backward.tiled.wgsl";
import source from "./backward.wgsl";
import { generateStatistics } from "./cases";
import { backward as reference } from "./reference";

/** A case with an added gradient of its own for every group, one for all, or none. */
function caseOf(
  name: string,
  G: number,
  R: number,
  D: number,
  add: "own" | "shared" | "none",
  more: Partial<Case> = {},
): Case {
  const added = add === "none" ? { Ga: 1, Ra: 1, Da: 1 } : { Ga: add === "own" ? G : 1, Ra: R, Da: D };
  return { name, dims: { G, R, D, ...added }, params: { use_add: add === "none" ? 0 : 1 }, ...more };
}

/**
 * Gradient of layer normalization by its input. With `use_add` 1, `add` ([G, R, D], or [1, R, D] shared by all groups) is
 * added: the gradient that reaches the same input by another way. With 0 it is not read and may be any tensor.
 */
export const backward = kernel({
  name: "layernorm/backward",
  dims: ["G", "R", "D", "Ga", "Ra", "Da"],
  bindings: {
    dy: { access: "read", type: "f32", dims: ["G", "R", "D"] },
    x: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    mean: { access: "read", type: "f32", dims: ["G", "R"] },
    rstd: { access: "read", type: "f32", dims: ["G", "R"] },
    weight: { access: "read", type: "f32", dims: ["G?", "D"] },
    add: { access: "read", type: "f32", dims: ["Ga", "Ra", "Da"] },
    dx: { access: "write", type: "f32", dims: ["G", "R", "D"] },
  },
  params: { use_add: "u32" },
  variants: {
    plain: {
      file: "layernorm/backward.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, R }: Dims) => linearGrid(R, 64, G),
      suits: "any",
    },
    plain4: {
      file: "layernorm/backward.plain4.wgsl",
      source: source4,
      workgroup: [64, 1, 1],
      grid: ({ G, R }: Dims) => linearGrid(R, 64, G),
      accepts: ({ D }: Dims) => D % 4 === 0,
      suits: "any",
    },
    rows: {
      file: "layernorm/backward.rows.wgsl",
      source: sourceRows,
      workgroup: [8, 1, 1],
      grid: ({ G, R }: Dims) => linearGrid(R, 32, G),
      accepts: ({ D }: Dims) => D % 4 === 0,
      suits: "software",
    },
    tiled: {
      file: "layernorm/backward.tiled.wgsl",
      source: sourceTiled,
      workgroup: [64, 1, 1],
      workgroupBytes: 512,
      grid: ({ G, R }: Dims) => linearGrid(R, 4, G),
      suits: "gpu",
    },
  },
  wasm: { items: ({ G, R }) => G * Math.ceil(R / 16) },
  work: ({ G, R, D }, { use_add }) => ({ flops: 14 * G * R * D, bytes: 4 * G * R * ((3 + use_add) * D + 2) }),
  tolerance: {
    absolute: 1e-7,
    relative: 5e-7,
    reason: "two sums of D terms near 1 divided by D, then about six roundings of values that reach 20: 2 to 4 ulp",
  },
  cases: [
    caseOf("one", 1, 1, 1, "own"),
    caseOf("ragged", 2, 3, 5, "none"),
    caseOf("shared", 3, 65, 7, "shared", { shared: ["x", "weight"] }),
    caseOf("narrow", 2, 7, 4, "own", { shared: ["x"] }),
    caseOf("lanes and one", 1, 63, 17, "own"),
    caseOf("vec4", 2, 64, 64, "shared", { shared: ["weight"] }),
    caseOf("wide", 2, 70, 132, "none"),
    caseOf("nano", 4, 1536, 64, "own", { bench: true }),
  ],
  generate: generateStatistics,
  reference,
});
