import { type HeadViews, interleavedHeads, planesOfHeads, rowsOfHeads } from "../common/heads";
import type { Case } from "../kernel";

type Sizes = readonly [G: number, B: number, T: number, H: number, K: number];

function of(name: string, [G, B, T, H, K]: Sizes, KV: number, views: HeadViews, scale = 1 / Math.sqrt(K)): Case {
  const S = G * B * T * (H + 2 * KV) * K;
  return { name, dims: { G, B, T, H, KV, K, S }, params: { scale, ...views } };
}

/** Every head with keys and values of its own, q, k and v of a head side by side: [G, B, T, H, 3, K]. */
export function interleaved(name: string, sizes: Sizes, scale?: number): Case {
  const [, , , H, K] = sizes;
  return of(name, sizes, H, interleavedHeads(H, K), scale);
}

/** Query heads that share KV heads of keys and values, in rows of all of them. */
export function inRows(name: string, sizes: Sizes, KV: number): Case {
  const [, , , H, K] = sizes;
  return of(name, sizes, KV, rowsOfHeads(H, KV, K));
}

/** The same with a tensor each for q, k and v; their sizes are multiples of 64, so that there is nothing between them. */
export function inPlanes(name: string, sizes: Sizes, KV: number): Case {
  const [G, B, T, H, K] = sizes;
  return of(name, sizes, KV, planesOfHeads(G * B * T, H, KV, K));
}

const bench = (c: Case): Case => ({ ...c, bench: true });

/** Sizes around the blocks of rows, keys and head width of every variant, in each of the three ways that heads may lie. */
export const cases: readonly Case[] = [
  interleaved("one", [1, 1, 1, 1, 1]),
  interleaved("ragged", [2, 1, 5, 3, 3]),
  interleaved("ragged head", [1, 2, 17, 2, 7]),
  interleaved("nano head, ragged rows", [2, 2, 37, 3, 8]),
  interleaved("past a block", [1, 1, 65, 1, 8]),
  interleaved("pythia head", [1, 1, 50, 2, 32]),
  interleaved("pythia head, one row", [2, 1, 1, 1, 32]),
  interleaved("pythia head, past a block", [2, 1, 17, 3, 32]),
  interleaved("wide", [1, 1, 19, 1, 80]),
  interleaved("widest", [1, 1, 9, 1, 256]),
  bench(interleaved("nano", [4, 24, 64, 8, 8])),
  bench(interleaved("pythia-14m", [1, 4, 256, 4, 32])),
  bench(interleaved("pythia-1.4b head", [1, 1, 256, 2, 128])),
  inRows("all heads in a row", [2, 1, 18, 3, 8], 3),
  inRows("three share, ragged", [2, 2, 19, 6, 5], 2),
  inRows("all share", [1, 1, 70, 4, 8], 1),
  inRows("two share, wide", [1, 2, 37, 4, 32], 2),
  inPlanes("two share, in planes", [2, 1, 24, 4, 8], 2),
  inPlanes("four share, in planes, wide", [1, 2, 35, 8, 32], 2),
];
