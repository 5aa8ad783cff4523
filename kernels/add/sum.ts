import { type Dims, kernel, linearGrid } from "../kernel";
import { sum as reference } from "./reference";
import source4 from "./sum.plain4.wgsl";
import source from "./sum.wgsl";

/**
 * y = a + b + c. With `use_c` 0, c is not read and any tensor may be bound there; with 1 it is [G, R, D], or [1, R, D]
 * when all groups share it.
 */
export const sum = kernel({
  name: "add/sum",
  dims: ["G", "R", "D", "Gc", "Rc", "Dc"],
  bindings: {
    a: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    b: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    c: { access: "read", type: "f32", dims: ["Gc", "Rc", "Dc"] },
    y: { access: "write", type: "f32", dims: ["G?", "R", "D"] },
  },
  params: { use_c: "u32" },
  variants: {
    plain: {
      file: "add/sum.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, R, D }: Dims) => linearGrid(R * D, 64, G),
      suits: "any",
    },
    plain4: {
      file: "add/sum.plain4.wgsl",
      source: source4,
      workgroup: [64, 1, 1],
      grid: ({ G, R, D }: Dims) => linearGrid((R * D) / 4, 64, G),
      accepts: ({ R, D }: Dims) => (R * D) % 4 === 0,
      suits: "any",
    },
  },
  wasm: { items: ({ G, R, D }) => G * Math.ceil((R * D) / 256) },
  work: ({ G, R, D }, { use_c }) => ({ flops: (1 + use_c) * G * R * D, bytes: 4 * G * R * D * (3 + use_c) }),
  tolerance: { absolute: 0, relative: 1.2e-7, reason: "two roundings of half an ulp" },
  cases: [
    { name: "one", dims: { G: 1, R: 1, D: 1, Gc: 1, Rc: 1, Dc: 1 }, params: { use_c: 1 } },
    { name: "ragged, no c", dims: { G: 2, R: 3, D: 7, Gc: 1, Rc: 1, Dc: 1 }, params: { use_c: 0 } },
    { name: "ragged", dims: { G: 2, R: 13, D: 5, Gc: 2, Rc: 13, Dc: 5 }, params: { use_c: 1 } },
    { name: "shared", dims: { G: 3, R: 13, D: 5, Gc: 1, Rc: 13, Dc: 5 }, params: { use_c: 1 }, shared: ["a"] },
    { name: "vec4", dims: { G: 3, R: 9, D: 8, Gc: 3, Rc: 9, Dc: 8 }, params: { use_c: 1 }, shared: ["b"] },
    {
      name: "vec4, shared",
      dims: { G: 2, R: 65, D: 64, Gc: 1, Rc: 65, Dc: 64 },
      params: { use_c: 1 },
      shared: ["a", "b"],
    },
    { name: "vec4, no c", dims: { G: 2, R: 70, D: 32, Gc: 1, Rc: 1, Dc: 1 }, params: { use_c: 0 } },
    { name: "nano", dims: { G: 4, R: 1536, D: 64, Gc: 4, Rc: 1536, Dc: 64 }, params: { use_c: 1 }, bench: true },
  ],
  reference,
});
