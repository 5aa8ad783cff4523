import { type Dims, kernel, linearGrid } from "../kernel";
import { sum as reference } from "./reference";
import source4 from "./sum.plain4.wgsl";
import source from "./sum.wgsl";

/** y = a + b. */
export const sum = kernel({
  name: "add/sum",
  dims: ["G", "R", "D"],
  bindings: {
    a: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    b: { access: "read", type: "f32", dims: ["G?", "R", "D"] },
    y: { access: "write", type: "f32", dims: ["G?", "R", "D"] },
  },
  params: {},
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
  work: ({ G, R, D }) => ({ flops: G * R * D, bytes: 12 * G * R * D }),
  tolerance: { absolute: 0, relative: 6e-8, reason: "one rounding, half an ulp" },
  cases: [
    { name: "one", dims: { G: 1, R: 1, D: 1 } },
    { name: "ragged", dims: { G: 2, R: 3, D: 7 } },
    { name: "ragged, past a workgroup", dims: { G: 2, R: 13, D: 5 } },
    { name: "shared", dims: { G: 3, R: 13, D: 5 }, shared: ["a"] },
    { name: "vec4", dims: { G: 3, R: 9, D: 8 }, shared: ["b"] },
    { name: "vec4, shared", dims: { G: 2, R: 65, D: 64 }, shared: ["a", "b"] },
    { name: "vec4, past a workgroup", dims: { G: 2, R: 70, D: 32 } },
    { name: "nano", dims: { G: 4, R: 1536, D: 64 }, bench: true },
  ],
  reference,
});
