/** y = intercept + slope x, and the share of the variance that it explains. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
  /** 1 for points on a line; 1 too where all y are equal. */
  readonly r2: number;
}

/** The least-squares line through two or more points of different x. */
export function straightLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const n = points.length;
  const mean = (of: (point: readonly [number, number]) => number) => points.reduce((sum, p) => sum + of(p), 0) / n;
  const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)];
  const sxx = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  if (!(sxx > 0)) throw new RangeError(`a line needs points of different x: ${JSON.stringify(points)}`);
  const slope = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / sxx;
  const intercept = my - slope * mx;
  const total = points.reduce((sum, [, y]) => sum + (y - my) ** 2, 0);
  const rest = points.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0);
  return { intercept, slope, r2: total > 0 ? 1 - rest / total : 1 };
}
