/**
 * The jackknife's standard error of each of `count` values, from the values with each of M independent parts left out in turn;
 * NaN without two parts (Efron and Tibshirani, An Introduction to the Bootstrap, 11.2).
 */
export function jackknifeErrors(leftOut: readonly ArrayLike<number>[], count: number): Float64Array {
  const M = leftOut.length;
  const errors = new Float64Array(count).fill(Number.NaN);
  if (M < 2) return errors;
  for (let i = 0; i < count; i++) {
    let mean = 0;
    for (const values of leftOut) mean += values[i] / M;
    let squares = 0;
    for (const values of leftOut) squares += (values[i] - mean) ** 2;
    errors[i] = Math.sqrt(((M - 1) / M) * squares);
  }
  return errors;
}
