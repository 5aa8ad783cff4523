/** Error function and exact GELU in f64, for references. Relative error below 1e-14 everywhere outside underflow. */

const SQRT_PI = Math.sqrt(Math.PI);

/** erf for |x| < 2 or so: 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!, whose terms all have one sign. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / SQRT_PI) * Math.exp(-x * x) * sum;
}

/** erfc for x >= 1: exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from its end. */
function fraction(x: number): number {
  let tail = 0;
  for (let k = 300; k >= 1; k--) tail = k / 2 / (x + tail);
  return Math.exp(-x * x) / SQRT_PI / (x + tail);
}

/** 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export function erf(x: number): number {
  if (Math.abs(x) < 1.5) return series(x);
  return x > 0 ? 1 - fraction(x) : fraction(-x) - 1;
}

/** 1 - erf(x) without cancellation for large x. */
export function erfc(x: number): number {
  if (x < 1.5) return 1 - erf(x);
  return fraction(x);
}

/** Standard normal distribution function. */
export function normalBelow(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}

/** x Phi(x): the GELU of `torch.nn.functional.gelu(x, approximate="none")`. */
export function gelu(x: number): number {
  return x * normalBelow(x);
}

/** Phi(x) + x phi(x). */
export function geluDerivative(x: number): number {
  return normalBelow(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}
