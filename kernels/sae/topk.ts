import { kernel, linearGrid } from "../kernel";
import { NOTHING, topk as reference } from "./reference";
import rows from "./topk.rows.wgsl";
import source from "./topk.wgsl";

/**
 * Merges a piece of scores into lists of the K largest of each row, largest first, ties by lower feature. Pieces come in order
 * of their features, the first with `fresh`.
 */
export const topk = kernel({
  name: "sae/topk",
  dims: ["T", "F", "K"],
  bindings: {
    scores: { access: "read", type: "f32", dims: ["T", "F"] },
    values: { access: "update", type: "f32", dims: ["T", "K"] },
    indices: { access: "update", type: "u32", dims: ["T", "K"] },
  },
  params: { first: "u32", fresh: "u32" },
  variants: {
    plain: {
      file: "sae/topk.wgsl",
      source,
      workgroup: [16, 1, 1],
      grid: ({ T }) => linearGrid(T, 16),
      suits: "any",
    },
    rows: {
      file: "sae/topk.rows.wgsl",
      source: rows,
      workgroup: [64, 1, 1],
      grid: ({ T }) => linearGrid(T, 1),
      // A tile, the list's last and a count.
      workgroupBytes: 4 * (256 + 2),
      suits: "gpu",
    },
  },
  wasm: { items: ({ T }) => T },
  work: ({ T, F, K }) => ({ flops: T * F, bytes: 4 * T * (F + 4 * K) }),
  tolerance: { absolute: 0, relative: 0, reason: "values are copied, never computed" },
  cases: [
    { name: "one", dims: { T: 1, F: 1, K: 1 }, params: { first: 0, fresh: 1 } },
    { name: "all", dims: { T: 3, F: 9, K: 9 }, params: { first: 0, fresh: 1 } },
    { name: "more places than features", dims: { T: 2, F: 5, K: 8 }, params: { first: 0, fresh: 1 } },
    { name: "ties", dims: { T: 19, F: 67, K: 10 }, params: { first: 0, fresh: 1 } },
    { name: "a later piece", dims: { T: 17, F: 301, K: 16 }, params: { first: 640, fresh: 0 } },
    { name: "k 256", dims: { T: 2, F: 700, K: 256 }, params: { first: 4096, fresh: 0 } },
    { name: "wide", dims: { T: 512, F: 8192, K: 16 }, params: { first: 0, fresh: 1 }, bench: true },
    { name: "wide, k 256", dims: { T: 512, F: 8192, K: 256 }, params: { first: 0, fresh: 1 }, bench: true },
  ],
  generate: ({ T, F, K }, { first, fresh }, random) => {
    const whole = (size: number) => Float64Array.from({ length: size }, () => random.integer(33) - 16);
    const values = new Float64Array(T * K);
    const indices = new Uint32Array(T * K);
    for (let t = 0; t < T; t++) {
      // What earlier pieces would have left, with some places still free; with `fresh` nobody reads it.
      const held = whole(fresh ? K : K - random.integer(3)).sort((a, b) => b - a);
      for (let k = 0; k < K; k++) {
        values[t * K + k] = k < held.length ? held[k] : NOTHING.value;
        indices[t * K + k] = k < held.length ? Math.floor((first * k) / K) : NOTHING.index;
      }
    }
    return { scores: whole(T * F), values, indices };
  },
  reference,
});
