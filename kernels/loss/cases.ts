import type { Arrays, Case, Dims, Params, Random } from "../kernel";
import { forward } from "./reference";

/** Sizes around the tiles (4 and 8 rows, 16 entries, 4 columns), groups with shared and with own weights, and a long row. */
export const cases: readonly Case[] = [
  { name: "one", dims: { G: 1, R: 1, V: 1, D: 1 }, params: { scale: 1, first: 0 } },
  { name: "ragged", dims: { G: 2, R: 5, V: 7, D: 5 }, params: { scale: 0.2, first: 0 } },
  { name: "past the tiles", dims: { G: 1, R: 65, V: 63, D: 3 }, params: { scale: 1, first: 0 } },
  { name: "own weights", dims: { G: 3, R: 9, V: 17, D: 64 }, params: { scale: 1, first: 0 }, shared: ["x", "targets"] },
  {
    name: "shared weights",
    dims: { G: 2, R: 131, V: 160, D: 64 },
    params: { scale: 1, first: 0 },
    shared: ["w", "targets"],
  },
  { name: "wide", dims: { G: 1, R: 3, V: 33, D: 2048 }, params: { scale: 1, first: 0 } },
  { name: "large vocabulary", dims: { G: 1, R: 2, V: 50304, D: 8 }, params: { scale: 1, first: 0 } },
  {
    name: "nano",
    dims: { G: 4, R: 1536, V: 160, D: 64 },
    params: { scale: 1 / 1536, first: 0 },
    shared: ["w", "targets"],
    bench: true,
  },
  { name: "14m, 64 rows", dims: { G: 1, R: 64, V: 50304, D: 128 }, params: { scale: 1 / 64, first: 0 }, bench: true },
];

/** Parts of a vocabulary: the first, one of a single entry, and one far up; `first` is where the part begins. */
export const partCases: readonly Case[] = [
  { name: "first part", dims: { G: 2, R: 37, V: 18, D: 8 }, params: { scale: 1, first: 0 } },
  { name: "one entry", dims: { G: 1, R: 9, V: 1, D: 5 }, params: { scale: 1, first: 4 } },
  {
    name: "last part",
    dims: { G: 2, R: 67, V: 33, D: 12 },
    params: { scale: 1 / 67, first: 50000 },
    shared: ["w", "targets"],
  },
];

/**
 * LayerNorm-like rows, weights that give logits of standard deviation 3, targets over the whole vocabulary; for parts, targets
 * over this part and up to 64 entries on either side of it.
 */
export function generate(dims: Dims, { first }: Params, random: Random): Arrays {
  const known = caseOf(dims);
  const count = (name: string, size: number) => (known?.shared?.includes(name) ? size : dims.G * size);
  const beyond = known && partCases.includes(known) ? 64 : 0;
  const low = beyond ? Math.max(0, first - beyond) : 0;
  const high = first + dims.V + beyond;
  return {
    w: Float64Array.from({ length: count("w", dims.V * dims.D) }, () => (3 * random.normal()) / Math.sqrt(dims.D)),
    targets: Uint32Array.from({ length: count("targets", dims.R) }, () => low + random.integer(high - low)),
  };
}

/** The losses' inputs with log-sum-exps of at least this part. */
export function generateWithLse(dims: Dims, params: Params, random: Random): Arrays {
  const known = caseOf(dims);
  const shared = new Set(known?.shared);
  const single = (a: Float64Array) => Float64Array.from(Float32Array.from(a));
  const { w, targets } = generate(dims, params, random);
  const rows = (shared.has("x") ? 1 : dims.G) * dims.R * dims.D;
  const x = single(Float64Array.from({ length: rows }, () => random.normal()));
  const inputs = { x, w: single(w as Float64Array), targets };
  const { lse } = forward(inputs, dims, params, shared);
  // The other parts hold some of the weight.
  const others = known && partCases.includes(known) ? 1 : 0;
  return { ...inputs, lse: (lse as Float64Array).map((value) => value + others) };
}

/** The case with these sizes: a generator is told the sizes only. */
function caseOf(dims: Dims): Case | undefined {
  return [...cases, ...partCases].find((c) => Object.entries(c.dims).every(([letter, size]) => dims[letter] === size));
}
