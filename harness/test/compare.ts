import type { Tolerance } from "../../kernels/kernel";

/** How far a tensor is from what was expected. */
export interface Comparison {
  maxError: number;
  /** Flat index of the largest share. */
  at: number;
  /** max |error| / (absolute + relative * max|expected|): above 1 is a failure. */
  share: number;
  relativeL2: number;
}

/** Compares element by element; a NaN or infinity that was not expected counts as an infinite error. */
export function compare(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance): Comparison {
  if (actual.length !== expected.length)
    throw new RangeError(`expected ${expected.length} elements, got ${actual.length}`);
  let scale = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]));
  const allowed = tolerance.absolute + tolerance.relative * scale;
  let maxError = 0;
  let at = 0;
  let errors = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    const error = Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY;
    if (error > maxError) {
      maxError = error;
      at = i;
    }
    errors += error * error;
    norm += expected[i] * expected[i];
  }
  return { maxError, at, share: maxError === 0 ? 0 : maxError / allowed, relativeL2: Math.sqrt(errors / (norm || 1)) };
}

/** One line: `dx: max error 1.2e-7 at 17, 24 % of tolerance`. */
export function describe(name: string, c: Comparison): string {
  return `${name}: max error ${c.maxError.toExponential(1)} at ${c.at}, ${(100 * c.share).toFixed(0)} % of tolerance`;
}
