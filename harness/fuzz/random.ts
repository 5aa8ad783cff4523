/** Random choices of one input: the same for the same seed, target and number, on every machine. */

/** Small hash of a text, for seeds. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Numbers at which programs break. */
const EDGES = [0, 1, -1, 2, 7, 8, 63, 64, 127, 128, 255, 256, 32767, 32768, 65535, 65536];
const LARGE = [
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2e9,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  1e18,
];

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d = 1;

  constructor(seed: number, target: string, index: number) {
    this.a = (seed ^ 0x9e3779b9) >>> 0;
    this.b = hash(target);
    this.c = index >>> 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 32 bits, by the generator sfc32. */
  next(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  /** From 0 to below `n`. */
  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n);
  }

  /** From `low` to `high`, both included. */
  from(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(share: number): boolean {
    return this.next() < share * 2 ** 32;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  list<T>(count: number, item: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => item(i));
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.next() & 255);
  }

  /** A double, mostly of few digits, now and then any bits but NaN's. */
  double(): number {
    if (this.chance(0.7)) return this.from(-1000, 1000) / this.pick([1, 2, 8, 10]);
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, this.next());
    view.setUint32(4, this.next());
    const value = view.getFloat64(0);
    return Number.isFinite(value) ? value : 0;
  }

  /** A whole number at which programs break. */
  edge(): number {
    return this.chance(0.5) ? this.pick(EDGES) : this.pick(LARGE) * (this.chance(0.1) ? -1 : 1);
  }

  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
}
