/** Firings for tests, from a list of tokens for every feature. */
import type { Firings } from "../../runtime/sae/firings";

/** Lists may be in any order; each token counts once. */
export function firingsFrom(tokens: number, lists: readonly Iterable<number>[]): Firings {
  const ordered = lists.map((list) => [...new Set(list)].sort((a, b) => a - b));
  const starts = new Float64Array(lists.length + 1);
  for (const [f, list] of ordered.entries()) starts[f + 1] = starts[f] + list.length;
  return { tokens, features: lists.length, starts, members: Uint32Array.from(ordered.flat()) };
}

/** Tokens that a rule picks. */
export function tokensWhere(tokens: number, rule: (token: number) => boolean): number[] {
  return Array.from({ length: tokens }, (_, t) => t).filter(rule);
}
