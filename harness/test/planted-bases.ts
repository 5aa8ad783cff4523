/** Modes of a small law and couplings in them by plain sums in f64, for tests: what runtime/modes is held to. */
import { symmetricEigen } from "../../runtime/cluster/pca";

/** Complete orthonormal bases, in which the first functions are the law's modes, the trivial one first. */
export interface Bases {
  /** [N] and [V], sum 1. */
  readonly q: Float64Array;
  readonly q0: Float64Array;
  /** Singular values, [min(N, V)], descending. */
  readonly values: Float64Array;
  /** v_a(x), [N, N], and u_b(y), [V, V], a row for each x and y. */
  readonly v: Float64Array;
  readonly u: Float64Array;
}

/** Of a law q(x, y), [N, V]: eigenvectors of T T' and of T' T. */
export function basesOf(joint: Float64Array, tokens: number): Bases {
  const contexts = joint.length / tokens;
  const [q, q0] = [new Float64Array(contexts), new Float64Array(tokens)];
  joint.forEach((value, i) => {
    q[Math.floor(i / tokens)] += value;
    q0[i % tokens] += value;
  });
  const T = joint.map((value, i) => value / Math.sqrt(q[Math.floor(i / tokens)] * q0[i % tokens]));
  const ofContexts = grams(contexts, tokens, (x, y) => T[x * tokens + y]);
  const ofTokens = grams(tokens, contexts, (y, x) => T[x * tokens + y]);
  const functions = (vectors: Float64Array, weights: Float64Array) =>
    vectors.map((value, i) => value / Math.sqrt(weights[Math.floor(i / weights.length)]));
  return {
    ...{ q, q0, v: functions(ofContexts.vectors, q), u: functions(ofTokens.vectors, q0) },
    values: ofContexts.values.subarray(0, Math.min(contexts, tokens)).map((value) => Math.sqrt(Math.max(0, value))),
  };
}

function grams(n: number, inner: number, value: (i: number, k: number) => number) {
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) for (let k = 0; k < inner; k++) gram[i * n + j] += value(i, k) * value(j, k);
  }
  return symmetricEigen(gram, n);
}

/** chi_ab = sum q(x) q0(y) v_a(x) u_b(y) chi_xy of the first functions: [K, K]. */
export function couplingsOf(chi: Float64Array, { q, q0, v, u }: Bases, count: number): Float64Array {
  const [contexts, tokens] = [q.length, q0.length];
  const out = new Float64Array(count * count);
  for (let x = 0; x < contexts; x++) {
    for (let y = 0; y < tokens; y++) {
      const weighed = q[x] * q0[y] * chi[x * tokens + y];
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) out[a * count + b] += weighed * v[x * contexts + a] * u[y * tokens + b];
      }
    }
  }
  return out;
}

/** Angle in degrees of planted functions of norm 1 in L2 of the uniform law to the space of some of a basis's columns. */
export function angleTo(
  planted: readonly Float64Array[],
  basis: Float64Array,
  weights: Float64Array,
  columns: readonly number[],
): number {
  const n = weights.length;
  const cosines = planted.map((f) =>
    columns.map((c) => f.reduce((sum, value, i) => sum + value * basis[i * n + c] * Math.sqrt(weights[i] / n), 0)),
  );
  const gram = new Float64Array(planted.length ** 2);
  for (const [i, a] of cosines.entries()) {
    for (const [j, b] of cosines.entries()) gram[i * planted.length + j] = a.reduce((sum, c, k) => sum + c * b[k], 0);
  }
  const least = symmetricEigen(gram, planted.length).values[planted.length - 1];
  return (Math.acos(Math.min(1, Math.sqrt(Math.max(0, least)))) * 180) / Math.PI;
}
