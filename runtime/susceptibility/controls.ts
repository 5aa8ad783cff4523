import { deriveKey, philox4x32 } from "../../kernels/philox/philox";

/** A stream of integers by Philox, for permutations. */
function integers(seed: number, ...purpose: (string | number)[]): (below: number) => number {
  const key = deriveKey(seed, ...purpose);
  let counter = 0;
  let block: Uint32Array = new Uint32Array();
  return (below) => {
    if ((counter & 3) === 0) block = philox4x32(key, [counter >>> 2, 0, 0, 0]);
    const word = block[counter & 3];
    counter++;
    return Math.floor((word * below) / 2 ** 32);
  };
}

/** A permutation of 0 to n - 1 without fixed points when n > 1 (Sattolo's: one cycle). */
export function cyclicPermutation(n: number, next: (below: number) => number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = next(i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** For every chain, the draw whose phi is paired with each draw's losses in the shuffled-draws control. */
export function shuffledPairing(seed: number, component: string, chains: number, draws: number): number[][] {
  return Array.from({ length: chains }, (_, chain) =>
    cyclicPermutation(draws, integers(seed, component, chain, "shuffled draws")),
  );
}

/**
 * Traces with the draws of every token permuted on their own, within each chain: every token keeps its own values, and
 * what tokens share is gone. [draws, chains, tokens] in and out.
 */
export function shuffledTraces(
  traces: Float32Array,
  shape: { draws: number; chains: number; tokens: number },
  seed: number,
  component: string,
): Float32Array {
  const { draws, chains, tokens } = shape;
  const out = new Float32Array(traces.length);
  for (let m = 0; m < chains; m++) {
    const next = integers(seed, component, m, "shuffled traces");
    for (let i = 0; i < tokens; i++) {
      const order = cyclicPermutation(draws, next);
      for (let s = 0; s < draws; s++) out[(s * chains + m) * tokens + i] = traces[(order[s] * chains + m) * tokens + i];
    }
  }
  return out;
}
