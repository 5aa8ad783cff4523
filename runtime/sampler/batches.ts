import { deriveKey, philox4x32 } from "../../kernels/philox/philox";
import type { Memory } from "../plan/memory";
import type { View } from "../plan/plan";
import type { TextOnDevice } from "./laboratory";

/**
 * The sequences of a chain's minibatch at an update, with replacement, by Philox: a value depends on (seed, restriction,
 * chain, update) and on nothing else. Word b is of counter (b >> 2, update, 0, 0); the index is floor(word * pool / 2^32).
 * A size of 0 is every sequence of the pool once, in order.
 */
export class Batches {
  private readonly keys: [number, number][];

  constructor(
    seed: number,
    restriction: string,
    chains: readonly number[],
    private readonly pool: number,
    private readonly size: number,
  ) {
    this.keys = chains.map((chain) => deriveKey(seed, restriction, chain, "batch"));
  }

  /** Whether every update has the same: the whole pool. */
  get whole(): boolean {
    return this.size === 0;
  }

  /** Sequence numbers, [chains, size]. */
  at(update: number): Uint32Array {
    if (this.whole) return Uint32Array.from({ length: this.keys.length * this.pool }, (_, i) => i % this.pool);
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

/** Where the minibatches of all chains lie on the device: rows of the pool and what they read and predict, [chains, R] each. */
export interface MinibatchViews {
  readonly indices: View;
  readonly batchInputs: View;
  readonly batchTargets: View;
}

/** Puts minibatches of a pool on the device. */
export class Minibatches {
  private written = false;

  constructor(
    private readonly pool: TextOnDevice,
    private readonly batches: Batches,
  ) {}

  /** Those of an update; the whole pool is written once. */
  write(memory: Memory, { indices, batchInputs, batchTargets }: MinibatchViews, update: number): void {
    if (this.written && this.batches.whole) return;
    this.written = true;
    const { inputs, targets, rows } = this.pool;
    const T = rows.positions;
    const sequences = this.batches.at(update);
    const places = new Uint32Array(sequences.length * T);
    for (let i = 0; i < sequences.length; i++) {
      for (let t = 0; t < T; t++) places[i * T + t] = sequences[i] * T + t;
    }
    memory.write(indices, places);
    memory.write(
      batchInputs,
      places.map((row) => inputs[row]),
    );
    memory.write(
      batchTargets,
      places.map((row) => targets[row]),
    );
  }
}

/** The keys of chains for a purpose, [chains, 2] as the kernels want them. */
export function chainKeys(
  seed: number,
  restriction: string,
  chains: readonly number[],
  purpose: string,
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(chains.flatMap((chain) => deriveKey(seed, restriction, chain, purpose)));
}
