import type { Arrays, Case, Dims, Params, Random } from "../kernel";

/** Ragged and round sizes; `table` names the table where it may be shared by all groups. */
export function cases(table: readonly string[]): readonly Case[] {
  return [
    { name: "one", dims: { G: 1, R: 1, V: 1, D: 1 } },
    { name: "ragged", dims: { G: 2, R: 3, V: 7, D: 5 } },
    { name: "shared", dims: { G: 3, R: 65, V: 9, D: 63 }, shared: table },
    { name: "vec4", dims: { G: 2, R: 63, V: 5, D: 64 } },
    { name: "vec4, narrow", dims: { G: 3, R: 64, V: 10, D: 16 }, shared: table },
    { name: "medium", dims: { G: 2, R: 300, V: 70, D: 36 } },
    { name: "nano", dims: { G: 4, R: 1536, V: 160, D: 64 }, shared: table, bench: true },
  ];
}

/** Ids below V, and now and then one past the end, which counts as V - 1. */
export function generateIds({ G, R, V }: Dims, _: Params, random: Random): Arrays {
  const one = () => (random.integer(50) === 0 ? V + 3 : random.integer(V));
  return { ids: Uint32Array.from({ length: G * R }, one) };
}
