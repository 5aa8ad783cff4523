import { type Arrays, type Dims, kernel, linearGrid, type Params, type Random } from "../kernel";
import source from "./merge.wgsl";
import { merge as reference } from "./reference";

/**
 * Joins the losses of two neighboring parts of a vocabulary: the ids below `first`, and those from `first` on. Chained from left
 * to right over parts it gives the losses and log-sum-exps of the whole; where a target lies in neither of the two, the
 * loss is a finite number without meaning until its part has joined.
 */
export const merge = kernel({
  name: "loss/merge",
  dims: ["G", "R"],
  bindings: {
    losses_a: { access: "read", type: "f32", dims: ["G", "R"] },
    lse_a: { access: "read", type: "f32", dims: ["G", "R"] },
    losses_b: { access: "read", type: "f32", dims: ["G", "R"] },
    lse_b: { access: "read", type: "f32", dims: ["G", "R"] },
    targets: { access: "read", type: "u32", dims: ["G?", "R"] },
    losses: { access: "write", type: "f32", dims: ["G", "R"] },
    lse: { access: "write", type: "f32", dims: ["G", "R"] },
  },
  params: { first: "u32" },
  variants: {
    plain: {
      file: "loss/merge.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ G, R }: Dims) => linearGrid(R, 64, G),
      suits: "any",
    },
  },
  wasm: { items: ({ G, R }) => G * Math.ceil(R / 256) },
  // A difference, a comparison, an exponential, a quotient and about a dozen products and sums.
  work: ({ G, R }) => ({ flops: 25 * G * R, bytes: 28 * G * R }),
  tolerance: {
    absolute: 2e-7,
    relative: 2e-7,
    reason: "exp good to 2e-7 where log(1 + u) is largest, then two or three roundings of sums as large as the result",
  },
  cases: [
    { name: "one", dims: { G: 1, R: 1 }, params: { first: 3 } },
    { name: "ragged", dims: { G: 2, R: 67 }, params: { first: 100 } },
    { name: "same targets", dims: { G: 3, R: 130 }, params: { first: 1 }, shared: ["targets"] },
    { name: "14m", dims: { G: 8, R: 2048 }, params: { first: 25152 }, bench: true },
  ],
  generate,
  reference,
});

/** Log-sum-exps near 10 that differ by nothing, a little or very much; losses from 0 to 20; targets on both sides. */
function generate({ G, R }: Dims, { first }: Params, random: Random): Arrays {
  const rows = G * R;
  const gaps = [0, 1e-3, 1, 10, 40];
  const lse = Float64Array.from({ length: rows }, () => 10 + random.normal());
  const losses = () => Float64Array.from({ length: rows }, () => 20 * random.uniform() ** 3);
  return {
    losses_a: losses(),
    lse_a: lse,
    losses_b: losses(),
    lse_b: lse.map((value) => value + gaps[random.integer(gaps.length)] * random.normal()),
    // Those of a case that shares targets are the first R.
    targets: Uint32Array.from({ length: first === 1 ? R : rows }, () => random.integer(2 * first)),
  };
}
