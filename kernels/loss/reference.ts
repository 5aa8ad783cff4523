import type { Arrays, Dims, Params } from "../kernel";

/** Reads a strided [G?, rows, columns] binding that may be shared by all groups. */
function rowOf(rows: number, columns: number, shared: boolean): (g: number, r: number) => number {
  return (g, r) => ((shared ? 0 : g * rows) + r) * columns;
}

/** Softmax of one token row: its probabilities and its log-sum-exp. */
function softmaxRow(
  inputs: Arrays,
  dims: Dims,
  xi: number,
  wi: number,
): { p: Float64Array; logits: Float64Array; lse: number } {
  const { V, D } = dims;
  const logits = new Float64Array(V);
  let maximum = Number.NEGATIVE_INFINITY;
  for (let v = 0; v < V; v++) {
    let logit = 0;
    for (let d = 0; d < D; d++) logit += inputs.x[xi + d] * inputs.w[wi + v * D + d];
    logits[v] = logit;
    maximum = Math.max(maximum, logit);
  }
  let sum = 0;
  for (let v = 0; v < V; v++) sum += Math.exp(logits[v] - maximum);
  const lse = maximum + Math.log(sum);
  return { p: logits.map((logit) => Math.exp(logit - lse)), logits, lse };
}

/** Losses and log-sum-exps of a part of the vocabulary, f64: the definition of `loss/forward`. */
export function forward(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { G, R, V, D } = dims;
  const x = rowOf(R, D, shared.has("x"));
  const w = rowOf(V, D, shared.has("w"));
  const target = rowOf(R, 1, shared.has("targets"));
  const losses = new Float64Array(G * R);
  const lse = new Float64Array(G * R);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const row = softmaxRow(inputs, dims, x(g, r), w(g, 0));
      lse[g * R + r] = row.lse;
      // Another part's target has no logit here.
      losses[g * R + r] = row.lse - (row.logits[inputs.targets[target(g, r)] - params.first] ?? 0);
    }
  }
  return { losses, lse };
}

/** Losses, log-sum-exps and the gradient in x, f64: the definition of `loss/forward_backward`. */
export function forwardBackward(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { G, R, V, D } = dims;
  const { losses, lse } = forward(inputs, dims, { first: 0 }, shared);
  const x = rowOf(R, D, shared.has("x"));
  const w = rowOf(V, D, shared.has("w"));
  const target = rowOf(R, 1, shared.has("targets"));
  const dx = new Float64Array(G * R * D);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const y = inputs.targets[target(g, r)];
      const row = softmaxRow(inputs, dims, x(g, r), w(g, 0));
      for (let v = 0; v < V; v++) {
        const weight = params.scale * (row.p[v] - (v === y ? 1 : 0));
        for (let d = 0; d < D; d++) dx[(g * R + r) * D + d] += weight * inputs.w[w(g, v) + d];
      }
    }
  }
  return { losses, lse, dx };
}

/** What a part of the vocabulary adds to the gradient in x, f64: the definition of `loss/backward_input`. */
export function backwardInput(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { G, R, V, D } = dims;
  const x = rowOf(R, D, shared.has("x"));
  const w = rowOf(V, D, shared.has("w"));
  const target = rowOf(R, 1, shared.has("targets"));
  const dx = params.use_add ? Float64Array.from(inputs.add) : new Float64Array(G * R * D);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const y = inputs.targets[target(g, r)] - params.first;
      const { logits } = softmaxRow(inputs, dims, x(g, r), w(g, 0));
      for (let v = 0; v < V; v++) {
        const weight = params.scale * (Math.exp(logits[v] - inputs.lse[g * R + r]) - (v === y ? 1 : 0));
        for (let d = 0; d < D; d++) dx[(g * R + r) * D + d] += weight * inputs.w[w(g, v) + d];
      }
    }
  }
  return { dx };
}

/** The gradient in w of a part of the vocabulary, f64: the definition of `loss/backward_weight`. */
export function backwardWeight(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { G, R, V, D } = dims;
  const x = rowOf(R, D, shared.has("x"));
  const w = rowOf(V, D, shared.has("w"));
  const target = rowOf(R, 1, shared.has("targets"));
  const dw = new Float64Array(G * V * D);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const y = inputs.targets[target(g, r)] - params.first;
      const { logits } = softmaxRow(inputs, dims, x(g, r), w(g, 0));
      for (let v = 0; v < V; v++) {
        const weight = params.scale * (Math.exp(logits[v] - inputs.lse[g * R + r]) - (v === y ? 1 : 0));
        for (let d = 0; d < D; d++) dw[(g * V + v) * D + d] += weight * inputs.x[x(g, r) + d];
      }
    }
  }
  return { dw };
}

/** Losses and log-sum-exps of two neighboring parts joined, f64: the definition of `loss/merge`. */
export function merge(inputs: Arrays, { G, R }: Dims, { first }: Params, shared: ReadonlySet<string>): Arrays {
  const target = rowOf(R, 1, shared.has("targets"));
  const losses = new Float64Array(G * R);
  const lse = new Float64Array(G * R);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const i = g * R + r;
      const p = inputs.targets[target(g, r)] >= first ? "b" : "a";
      const [a, b] = [inputs.lse_a[i], inputs.lse_b[i]];
      lse[i] = Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
      losses[i] = inputs[`losses_${p}`][i] + (lse[i] - inputs[`lse_${p}`][i]);
    }
  }
  return { losses, lse };
}
