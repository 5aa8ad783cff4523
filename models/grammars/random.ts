/**
 * A small counter-based generator: the n-th value of a stream is a hash of (seed, stream, n), so a sequence of the corpus
 * does not depend on which others were asked for. The mixer is the 32-bit finalizer family of MurmurHash3, applied
 * between the inputs; it is for making text, not for sampling posteriors (kernels/common has Philox for that).
 */

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32-bit hash of three unsigned integers below 2^32. */
export function hash(seed: number, stream: number, counter: number): number {
  return mix(mix(mix(seed ^ 0x9e3779b9) ^ stream) + Math.imul(counter, 0x9e3779b1));
}

/** The values of one stream, in order. */
export class Stream {
  private counter = 0;

  constructor(
    private readonly seed: number,
    private readonly stream: number,
  ) {}

  /** Integer in [0, n), n below 2^16 or so (the bias is n / 2^32). */
  below(n: number): number {
    return Math.floor((hash(this.seed, this.stream, this.counter++) / 2 ** 32) * n);
  }

  /** Integer in [low, high], both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return hash(this.seed, this.stream, this.counter++) / 2 ** 32 < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** The first `count` of a random permutation of `items`. */
  sample<T>(items: readonly T[], count: number): T[] {
    const pool = [...items];
    for (let i = 0; i < count; i++) {
      const j = this.between(i, pool.length - 1);
      [pool[i], pool[j]] = [pool[j] as T, pool[i] as T];
    }
    return pool.slice(0, count);
  }
}
