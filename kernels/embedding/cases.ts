import type { Arrays, Case, Dims, Params, Random } from "../kernel";

/** Ragged and round sizes of a whole table and, with `first`, of a part of one. */
const sizes = [
  { name: "one", dims: { G: 1, R: 1, V: 1, D: 1 }, first: 0 },
  { name: "ragged", dims: { G: 2, R: 3, V: 7, D: 5 }, first: 0 },
  { name: "shared", dims: { G: 3, R: 65, V: 9, D: 63 }, first: 0 },
  { name: "vec4", dims: { G: 2, R: 63, V: 5, D: 64 }, first: 0 },
  { name: "vec4, narrow", dims: { G: 3, R: 64, V: 10, D: 16 }, first: 0 },
  { name: "medium", dims: { G: 2, R: 300, V: 70, D: 36 }, first: 0 },
  { name: "part", dims: { G: 2, R: 67, V: 6, D: 5 }, first: 11 },
  { name: "part, vec4", dims: { G: 3, R: 41, V: 67, D: 32 }, first: 50000 },
  { name: "many rows", dims: { G: 2, R: 50, V: 300, D: 36 }, first: 0 },
  { name: "one row of many", dims: { G: 2, R: 30, V: 1, D: 16 }, first: 2 },
  { name: "nano", dims: { G: 4, R: 1536, V: 160, D: 64 }, first: 0, bench: true },
  { name: "14m", dims: { G: 1, R: 512, V: 50304, D: 128 }, first: 0, bench: true },
];

/** Cases of the gradient. */
export const scatterCases: readonly Case[] = sizes.map(({ first, ...c }) => ({ ...c, params: { first } }));

/** Cases of the gather: some with a table shared by all groups; parts with and without something to add to. */
export const gatherCases: readonly Case[] = sizes.map(({ first, ...c }) => {
  const { G, R, D } = c.dims;
  const use_add = c.name.startsWith("part") ? 1 : 0;
  const add = use_add ? { Ga: G, Ra: R, Da: D } : { Ga: 1, Ra: 1, Da: 1 };
  const shared = G > 2 ? ["table"] : [];
  return { ...c, dims: { ...c.dims, ...add }, params: { first, use_add }, shared };
});

/** Ids of the table's rows, and now and then one that a part below or above it holds. */
export function generateIds({ G, R, V }: Dims, { first }: Params, random: Random): Arrays {
  const other = () => (random.integer(2) === 0 && first > 0 ? random.integer(first) : first + V + random.integer(70));
  const one = () => (random.integer(8) === 0 ? other() : first + random.integer(V));
  return { ids: Uint32Array.from({ length: G * R }, one) };
}
