import type { Case, Dims } from "../kernel";

function of(name: string, sizes: readonly [number, number, number, number, number], bench = false): Case {
  const [G, B, T, H, K] = sizes;
  const dims: Dims = { G, B, T, H, K };
  return { name, dims, params: { scale: 1 / Math.sqrt(K) }, ...(bench ? { bench } : {}) };
}

/** Sizes around the blocks of rows, keys and head width of every variant: G, B, T, H, K. */
export const cases: readonly Case[] = [
  of("one", [1, 1, 1, 1, 1]),
  of("ragged", [2, 1, 5, 3, 3]),
  of("ragged head", [1, 2, 17, 2, 7]),
  of("nano head, ragged rows", [2, 2, 37, 3, 8]),
  of("past a block", [1, 1, 65, 1, 8]),
  of("pythia head", [1, 1, 50, 2, 32]),
  of("pythia head, one row", [2, 1, 1, 1, 32]),
  of("pythia head, past a block", [2, 1, 17, 3, 32]),
  of("wide", [1, 1, 19, 1, 80]),
  of("widest", [1, 1, 9, 1, 256]),
  of("nano", [4, 24, 64, 8, 8], true),
  of("pythia-14m", [1, 4, 256, 4, 32], true),
  of("pythia-1.4b head", [1, 1, 256, 2, 128], true),
];
