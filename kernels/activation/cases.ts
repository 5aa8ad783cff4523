import type { Case } from "../kernel";

/** Sizes around the workgroups of both variants. */
export const cases: readonly Case[] = [
  { name: "one", dims: { N: 1 } },
  { name: "ragged", dims: { N: 63 } },
  { name: "a workgroup", dims: { N: 64 } },
  { name: "and one more", dims: { N: 65 } },
  { name: "vec4 and one more", dims: { N: 260 } },
  { name: "many workgroups", dims: { N: 5000 } },
  { name: "nano", dims: { N: 4 * 1536 * 128 }, bench: true },
];
