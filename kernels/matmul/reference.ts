import type { Arrays, Dims, Params } from "../kernel";

/** First element of a group: 0 in a tensor that all groups share. */
function offsets(dims: Dims, shared: ReadonlySet<string>) {
  return (name: string, group: number, size: number) => (shared.has(name) || dims.G === 1 ? 0 : group * size);
}

/** y = x w^T, then bias and residual as their flags say, f64: the definition of `matmul/nt`. */
export function nt(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { G, M, N, K } = dims;
  const { x, w, bias, residual } = inputs;
  if (params.use_bias && dims.Nb !== N) throw new RangeError(`matmul/nt: bias has ${dims.Nb} elements for N = ${N}`);
  if (params.use_residual && (dims.Mr !== M || dims.Nr !== N)) {
    throw new RangeError(`matmul/nt: residual is ${dims.Mr} x ${dims.Nr} for M = ${M}, N = ${N}`);
  }
  const at = offsets(dims, shared);
  const y = new Float64Array(G * M * N);
  for (let g = 0; g < G; g++) {
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let value = 0;
        for (let k = 0; k < K; k++) value += x[at("x", g, M * K) + m * K + k] * w[at("w", g, N * K) + n * K + k];
        if (params.use_bias) value += bias[at("bias", g, N) + n];
        if (params.use_residual) value += residual[at("residual", g, M * N) + m * N + n];
        y[(g * M + m) * N + n] = value;
      }
    }
  }
  return { y };
}

/** dx = dy w (+ add), f64: the definition of `matmul/nn`. */
export function nn(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { G, M, N, K } = dims;
  const { dy, w, add } = inputs;
  if (params.use_add && (dims.Ga !== G || dims.Ma !== M || dims.Ka !== K)) {
    throw new RangeError(`matmul/nn: add is ${dims.Ga} x ${dims.Ma} x ${dims.Ka} for G = ${G}, M = ${M}, K = ${K}`);
  }
  const at = offsets(dims, shared);
  const dx = new Float64Array(G * M * K);
  for (let g = 0; g < G; g++) {
    for (let m = 0; m < M; m++) {
      for (let k = 0; k < K; k++) {
        const i = (g * M + m) * K + k;
        let value = params.use_add ? add[i] : 0;
        for (let n = 0; n < N; n++) value += dy[(g * M + m) * N + n] * w[at("w", g, N * K) + n * K + k];
        dx[i] = value;
      }
    }
  }
  return { dx };
}

/** dw = dy^T x, f64: the definition of `matmul/tn`. */
export function tn(inputs: Arrays, dims: Dims, _: Params, shared: ReadonlySet<string>): Arrays {
  const { G, M, N, K } = dims;
  const { dy, x } = inputs;
  const at = offsets(dims, shared);
  const dw = new Float64Array(G * N * K);
  for (let g = 0; g < G; g++) {
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        const d = dy[(g * M + m) * N + n];
        for (let k = 0; k < K; k++) dw[(g * N + n) * K + k] += d * x[at("x", g, M * K) + m * K + k];
      }
    }
  }
  return { dw };
}

/** dbias = sum over rows of dy, f64: the definition of `matmul/bias_backward`. */
export function biasBackward(inputs: Arrays, dims: Dims): Arrays {
  const { G, M, N } = dims;
  const dbias = new Float64Array(G * N);
  for (let g = 0; g < G; g++) {
    for (let m = 0; m < M; m++) for (let n = 0; n < N; n++) dbias[g * N + n] += inputs.dy[(g * M + m) * N + n];
  }
  return { dbias };
}
