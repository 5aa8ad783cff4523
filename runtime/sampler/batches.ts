import { deriveKey, philox4x32 } from "../../kernels/philox/philox";

/**
 * The sequences of a chain's minibatch at an update, with replacement, by Philox: a value depends on (seed, restriction,
 * chain, update) and on nothing else. Word b is of counter (b >> 2, update, 0, 0); the index is floor(word * pool / 2^32).
 */
export class Batches {
  private readonly keys: [number, number][];

  constructor(
    seed: number,
    restriction: string,
    chains: number,
    private readonly pool: number,
    private readonly size: number,
  ) {
    this.keys = Array.from({ length: chains }, (_, chain) => deriveKey(seed, restriction, chain, "batch"));
  }

  /** Sequence numbers, [chains, size]. */
  at(update: number): Uint32Array {
    const out = new Uint32Array(this.keys.length * this.size);
    this.keys.forEach((key, chain) => {
      for (let b = 0; b < this.size; b++) {
        const word = philox4x32(key, [b >> 2, update, 0, 0])[b & 3];
        out[chain * this.size + b] = Math.floor((word * this.pool) / 2 ** 32);
      }
    });
    return out;
  }
}

/** The keys of all chains for a purpose, [chains, 2] as the kernels want them. */
export function chainKeys(seed: number, restriction: string, chains: number, purpose: string): Uint32Array {
  return Uint32Array.from(
    Array.from({ length: chains }, (_, chain) => deriveKey(seed, restriction, chain, purpose)).flat(),
  );
}
