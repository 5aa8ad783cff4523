/**
 * Counter-based random numbers, host side: the definition that the WGSL chunk `common/philox.wgsl` follows.
 *
 * Everything needed to reproduce a run's noise elsewhere, for instance in Python:
 *
 * 1. Key. Parts (by convention run seed, restriction, chain, purpose) are written as text, numbers as decimal integers
 *    without a leading `+` or zeros, joined with U+001F, encoded as UTF-8, and hashed with FNV-1a, 64 bits
 *    (h = 0xcbf29ce484222325; for each byte: h = ((h xor byte) * 0x100000001b3) mod 2^64).
 *    key = (h mod 2^32, h div 2^32).
 * 2. Words. Element e of step s is word `e mod 4` of Philox4x32-10 (Salmon et al., SC 2011; the round and key constants
 *    of Random123) with counter (e div 4, s, 0, 0).
 * 3. Normals. u_i = ((word_i div 2^9) + 0.5) * 2^-23, which is exact in f32 and in (0, 1). The four words of a block give
 *    z_0 = sqrt(-2 ln u_0) cos(2 pi u_1), z_1 = sqrt(-2 ln u_0) sin(2 pi u_1), and z_2, z_3 likewise from u_2, u_3.
 *
 * Words are exact everywhere; f32 normals of the GPU are within 2e-6 of the f64 ones here.
 */
import { SpectroscopeError } from "../errors";

export type Key = readonly [number, number];
export type Counter = readonly [number, number, number, number];

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;
const SEPARATOR = "\u001f";

/** High 32 bits of the product of two unsigned 32-bit integers; every sum stays below 2^32. */
function high(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const cross = a1 * b0 + ((a0 * b0) >>> 16);
  const middle = a0 * b1 + (cross & 0xffff);
  return (a1 * b1 + (cross >>> 16) + (middle >>> 16)) >>> 0;
}

/** Writes the four words of a block into `out`, from `at` on. */
function block(out: Uint32Array, at: number, [key0, key1]: Key, c0: number, c1: number, c2: number, c3: number): void {
  let k0 = key0;
  let k1 = key1;
  for (let round = 0; round < ROUNDS; round++) {
    const h0 = high(MULTIPLIERS[0], c0);
    const l0 = Math.imul(MULTIPLIERS[0], c0) >>> 0;
    const h1 = high(MULTIPLIERS[1], c2);
    const l1 = Math.imul(MULTIPLIERS[1], c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + WEYL[0]) >>> 0;
    k1 = (k1 + WEYL[1]) >>> 0;
  }
  out[at] = c0;
  out[at + 1] = c1;
  out[at + 2] = c2;
  out[at + 3] = c3;
}

/** One block of Philox4x32-10: four words, exact. */
export function philox4x32(key: Key, [c0, c1, c2, c3]: Counter): Uint32Array {
  const out = new Uint32Array(4);
  block(out, 0, key, c0, c1, c2, c3);
  return out;
}

/** Words of elements `from` up to, not including, `to` of a step. */
export function wordsBetween(key: Key, step: number, from: number, to: number): Uint32Array {
  const first = Math.floor(from / 4);
  const blocks = Math.ceil(to / 4) - first;
  const out = new Uint32Array(4 * Math.max(0, blocks));
  for (let i = 0; i < blocks; i++) block(out, 4 * i, key, first + i, step, 0, 0);
  return out.subarray(from - 4 * first, Math.max(from, to) - 4 * first);
}

/** Words of elements 0 to `elements - 1` of a step. */
export function words(key: Key, step: number, elements: number): Uint32Array {
  return wordsBetween(key, step, 0, elements);
}

/** Standard normals of elements 0 to `elements - 1` of a step, in f64. */
export function normals(key: Key, step: number, elements: number): Float64Array {
  const out = new Float64Array(elements);
  for (let block = 0; 4 * block < elements; block++) {
    const u = Array.from(philox4x32(key, [block, step, 0, 0]), (word) => ((word >>> 9) + 0.5) * 2 ** -23);
    for (let i = 0; i < 4 && 4 * block + i < elements; i++) {
      const radius = Math.sqrt(-2 * Math.log(u[i & 2]));
      const angle = 2 * Math.PI * u[(i & 2) + 1];
      out[4 * block + i] = radius * (i & 1 ? Math.sin(angle) : Math.cos(angle));
    }
  }
  return out;
}

/**
 * The key of a purpose. Different parts give different keys, up to a 64-bit hash. Errors: code `bad-input` for a number
 * that is no safe integer and for text that holds the separator U+001F, either of which would make two purposes one.
 */
export function deriveKey(...parts: readonly (string | number)[]): [number, number] {
  const text = parts.map((part, i) => {
    if (typeof part === "number" && !Number.isSafeInteger(part)) {
      throw new SpectroscopeError(`noise key, part ${i}: ${part} is not a whole number below 2^53`);
    }
    const written = typeof part === "number" ? (part + 0).toFixed(0) : part;
    if (written.includes(SEPARATOR)) {
      throw new SpectroscopeError(`noise key, part ${i}: text may not hold the separator U+001F`);
    }
    return written;
  });
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text.join(SEPARATOR))) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}
