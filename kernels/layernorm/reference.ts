import type { Arrays, Dims, Params } from "../kernel";

type Shared = ReadonlySet<string>;

/** mean = 1/D sum x, rstd = 1 / sqrt(1/D sum (x - mean)^2 + eps), y = (x - mean) rstd weight + bias, row by row. */
export function forward({ x, weight, bias }: Arrays, { G, R, D }: Dims, params: Params, shared: Shared): Arrays {
  const eps = Math.fround(params.eps);
  const y = new Float64Array(G * R * D);
  const mean = new Float64Array(G * R);
  const rstd = new Float64Array(G * R);
  for (let row = 0; row < G * R; row++) {
    const g = Math.floor(row / R);
    const at = (shared.has("x") ? row % R : row) * D;
    let sum = 0;
    for (let d = 0; d < D; d++) sum += x[at + d];
    const m = sum / D;
    let squares = 0;
    for (let d = 0; d < D; d++) squares += (x[at + d] - m) ** 2;
    const s = 1 / Math.sqrt(squares / D + eps);
    for (let d = 0; d < D; d++) {
      const w = weight[(shared.has("weight") ? 0 : g * D) + d];
      y[row * D + d] = (x[at + d] - m) * s * w + bias[(shared.has("bias") ? 0 : g * D) + d];
    }
    mean[row] = m;
    rstd[row] = s;
  }
  return { y, mean, rstd };
}

/** dx = rstd (u - mean_d(u) - xhat mean_d(u xhat)) + add, u = dy weight, xhat = (x - mean) rstd. */
export function backward(inputs: Arrays, { G, R, D, Ga }: Dims, { use_add }: Params, shared: Shared): Arrays {
  const { dy, x, mean, rstd, weight, add } = inputs;
  const dx = new Float64Array(G * R * D);
  for (let row = 0; row < G * R; row++) {
    const g = Math.floor(row / R);
    const u = (d: number) => dy[row * D + d] * weight[(shared.has("weight") ? 0 : g * D) + d];
    const xhat = (d: number) => (x[(shared.has("x") ? row % R : row) * D + d] - mean[row]) * rstd[row];
    let sumU = 0;
    let sumUx = 0;
    for (let d = 0; d < D; d++) {
      sumU += u(d);
      sumUx += u(d) * xhat(d);
    }
    for (let d = 0; d < D; d++) {
      dx[row * D + d] = rstd[row] * (u(d) - sumU / D - (xhat(d) * sumUx) / D);
      if (use_add) dx[row * D + d] += add[(Ga === 1 ? row % R : row) * D + d];
    }
  }
  return { dx };
}

/** dweight = sum_r dy xhat, dbias = sum_r dy. */
export function backwardParams({ dy, x, mean, rstd }: Arrays, { G, R, D }: Dims, _: Params, shared: Shared): Arrays {
  const dweight = new Float64Array(G * D);
  const dbias = new Float64Array(G * D);
  for (let row = 0; row < G * R; row++) {
    const g = Math.floor(row / R);
    for (let d = 0; d < D; d++) {
      const xhat = (x[(shared.has("x") ? row % R : row) * D + d] - mean[row]) * rstd[row];
      dweight[g * D + d] += dy[row * D + d] * xhat;
      dbias[g * D + d] += dy[row * D + d];
    }
  }
  return { dweight, dbias };
}
