import type { Arrays, Case, Dims, Params, Random } from "../kernel";

/** Sizes around the tiles (4 and 8 rows, 16 entries, 4 columns), groups with shared and with own weights, and a long row. */
export const cases: readonly Case[] = [
  { name: "one", dims: { G: 1, R: 1, V: 1, D: 1 }, params: { scale: 1 } },
  { name: "ragged", dims: { G: 2, R: 5, V: 7, D: 5 }, params: { scale: 0.2 } },
  { name: "past the tiles", dims: { G: 1, R: 65, V: 63, D: 3 }, params: { scale: 1 } },
  { name: "own weights", dims: { G: 3, R: 9, V: 17, D: 64 }, params: { scale: 1 }, shared: ["x", "targets"] },
  {
    name: "shared weights",
    dims: { G: 2, R: 131, V: 160, D: 64 },
    params: { scale: 1 },
    shared: ["w", "targets"],
  },
  { name: "wide", dims: { G: 1, R: 3, V: 33, D: 2048 }, params: { scale: 1 } },
  { name: "large vocabulary", dims: { G: 1, R: 2, V: 50304, D: 8 }, params: { scale: 1 } },
  {
    name: "nano",
    dims: { G: 4, R: 1536, V: 160, D: 64 },
    params: { scale: 1 / 1536 },
    shared: ["w", "targets"],
    bench: true,
  },
  { name: "14m, 64 rows", dims: { G: 1, R: 64, V: 50304, D: 128 }, params: { scale: 1 / 64 }, bench: true },
];

/** LayerNorm-like rows, weights that give logits of standard deviation 3, targets over the whole vocabulary. */
export function generate(dims: Dims, _params: Params, random: Random): Arrays {
  const shared = sharedIn(dims);
  const count = (name: string, size: number) => (shared.has(name) ? size : dims.G * size);
  return {
    w: Float64Array.from({ length: count("w", dims.V * dims.D) }, () => (3 * random.normal()) / Math.sqrt(dims.D)),
    targets: Uint32Array.from({ length: count("targets", dims.R) }, () => random.integer(dims.V)),
  };
}

/** Bindings that the case with these sizes shares: a generator is told the sizes only. */
export function sharedIn(dims: Dims): ReadonlySet<string> {
  return new Set(cases.find((c) => c.dims === dims)?.shared);
}
