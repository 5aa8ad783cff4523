import type { Arrays, Dims, Params } from "../kernel";

/** One draw added in f64, where a sum needs no compensation: the definition of `moments/covariance`. */
export function covariance(inputs: Arrays, { G, N }: Dims): Arrays {
  const sum_d = new Float64Array(G * N);
  const sum_phi_d = new Float64Array(G * N);
  for (let g = 0; g < G; g++) {
    for (let n = 0; n < N; n++) {
      const i = g * N + n;
      const d = inputs.losses[i] - inputs.baseline[n];
      sum_d[i] = inputs.sum_d[i] + inputs.c_d[i] + d;
      sum_phi_d[i] = inputs.sum_phi_d[i] + inputs.c_phi_d[i] + inputs.phi[g] * d;
    }
  }
  return { sum_d, sum_phi_d, c_d: new Float64Array(G * N), c_phi_d: new Float64Array(G * N) };
}

/** One draw's share of the squared deviations of d - phi, in f64: the definition of `moments/deviation`. */
export function deviation(inputs: Arrays, { G, N }: Dims, { draws }: Params): Arrays {
  const m2 = new Float64Array(G * N);
  for (let g = 0; g < G; g++) {
    for (let n = 0; n < N; n++) {
      const i = g * N + n;
      const mean = (inputs.sum_d[i] + inputs.c_d[i]) / Math.max(1, draws) - inputs.phi_mean[g];
      const delta = inputs.losses[i] - inputs.baseline[n] - inputs.phi[g] - mean;
      m2[i] = inputs.m2[i] + inputs.c_m2[i] + (delta ** 2 * draws) / (draws + 1);
    }
  }
  return { m2, c_m2: new Float64Array(G * N) };
}
