/**
 * Split R-hat (Gelman et al., Bayesian Data Analysis, 3rd ed., 11.4) of a scalar: every chain is cut into halves, and the
 * variance between halves is held against that within. `values` is [draws, chains]. Undefined with fewer than 4 draws.
 */
export function splitRHat(values: ArrayLike<number>, draws: number, chains: number): number | undefined {
  const half = Math.floor(draws / 2);
  if (half < 2) return undefined;
  const means: number[] = [];
  const variances: number[] = [];
  for (let m = 0; m < chains; m++) {
    for (const from of [0, draws - half]) {
      let mean = 0;
      for (let s = 0; s < half; s++) mean += values[(from + s) * chains + m] / half;
      let squares = 0;
      for (let s = 0; s < half; s++) squares += (values[(from + s) * chains + m] - mean) ** 2;
      means.push(mean);
      variances.push(squares / (half - 1));
    }
  }
  const grand = means.reduce((a, b) => a + b, 0) / means.length;
  const between = (half / (means.length - 1)) * means.reduce((sum, mean) => sum + (mean - grand) ** 2, 0);
  const within = variances.reduce((a, b) => a + b, 0) / variances.length;
  if (within === 0) return undefined;
  return Math.sqrt(((half - 1) / half) * 1 + between / (half * within));
}
