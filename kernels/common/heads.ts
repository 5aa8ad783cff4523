import type { Chunk } from "../kernel";
import source from "./heads.wgsl";

/** Where the rows of a head begin: a shader's `params` has H, KV, T and the fields of `headFields`. */
export const headRows: Chunk = { file: "common/heads.wgsl", source };

/**
 * Queries, keys and values as three strided views into one tensor, in elements: `first` is where head 0 of row 0 begins, `row` leads
 * to the next row (of all rows of all sequences and groups), `head` to the next head. Keys and values lie equally apart. H query heads
 * share KV heads of keys and values, H / KV neighbors each; H is a multiple of KV. The views share no element.
 */
export interface HeadViews extends Record<keyof typeof headFields, number> {}

/** The uniforms of such views. */
export const headFields = {
  q_first: "u32",
  q_row: "u32",
  q_head: "u32",
  k_first: "u32",
  v_first: "u32",
  kv_row: "u32",
  kv_head: "u32",
} as const;

/** Whether the views begin, and go on, at whole vec4. */
export function wholeVectors(params: Readonly<Record<string, number>>): boolean {
  return Object.keys(headFields).every((name) => params[name] % 4 === 0);
}

/** A row holds one head's q, k and v after another, [H, 3, K]: GPT-NeoX. */
export function interleavedHeads(H: number, K: number): HeadViews {
  const [row, head] = [3 * H * K, 3 * K];
  return { q_first: 0, q_row: row, q_head: head, k_first: K, v_first: 2 * K, kv_row: row, kv_head: head };
}

/** A row holds all queries, then all keys, then all values, [H + 2 KV, K]: one projection for all three. */
export function rowsOfHeads(H: number, KV: number, K: number): HeadViews {
  const row = (H + 2 * KV) * K;
  const [k_first, v_first] = [H * K, (H + KV) * K];
  return { q_first: 0, q_row: row, q_head: K, k_first, v_first, kv_row: row, kv_head: K };
}

/**
 * All rows of queries, [rows, H, K], then of keys and of values, [rows, KV, K] each, from multiples of 64 elements on, where a plan's
 * views may begin: three projections, each with a tensor of its own in one slot. The slot ends with the values.
 */
export function planesOfHeads(rows: number, H: number, KV: number, K: number): HeadViews {
  const padded = (size: number) => 64 * Math.ceil(size / 64);
  const k_first = padded(rows * H * K);
  const v_first = k_first + padded(rows * KV * K);
  return { q_first: 0, q_row: H * K, q_head: K, k_first, v_first, kv_row: KV * K, kv_head: K };
}
