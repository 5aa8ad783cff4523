/** Scaling by powers of two, which changes no digit of a number that stays in range: what is too large or too small to square is moved first. */

const view = new DataView(new ArrayBuffer(8));

/** The e with 2^e <= |value| < 2^(e + 1), exactly; `value` is finite and not 0. */
export function exponentOf(value: number): number {
  const small = Math.abs(value) < 2 ** -1022;
  view.setFloat64(0, small ? value * 2 ** 54 : value);
  return ((view.getUint32(0) >>> 20) & 0x7ff) - 1023 - (small ? 54 : 0);
}

/** value * 2^exponent, also where that power itself is out of range. */
export function timesPowerOfTwo(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}

/** The largest magnitude; 0 without values. */
export function largestMagnitude(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size > largest) largest = size;
  }
  return largest;
}

/** Times 2^exponent, in place. */
export function scale(values: Float64Array, exponent: number): void {
  if (exponent !== 0) for (let i = 0; i < values.length; i++) values[i] = timesPowerOfTwo(values[i], exponent);
}

/**
 * Brings the largest magnitude into [1, 2), in place, and returns the exponent that was added; zeros stay, and so do values
 * whose largest has an exponent of at most `ordinary` either way.
 */
export function toCommonScale(values: Float64Array, ordinary = 0): number {
  const largest = largestMagnitude(values);
  const exponent = largest === 0 ? 0 : -exponentOf(largest);
  if (Math.abs(exponent) <= ordinary) return 0;
  scale(values, exponent);
  return exponent;
}
