import { SpectroscopeError } from "../../kernels/errors";
import { deriveKey, normals } from "../../kernels/philox/philox";
import { multiplyQ, orthonormalize, reflect, thinSvd } from "./factor";

/**
 * Functions v_a of contexts, orthonormal in L2(q), and u_b of tokens, orthonormal in L2(q0); as many of either as there are columns.
 * Where q or q0 is 0, functions are 0: such a place has no part in L2.
 */
export interface Basis {
  /** [N], sum 1. */
  readonly q: Float64Array;
  /** [V], sum 1. */
  readonly q0: Float64Array;
  /** [N, Ka] row-major. */
  readonly v: Float64Array;
  /** [V, Kb] row-major. */
  readonly u: Float64Array;
}

/** How many functions of contexts, and of tokens. */
export const sizeOf = ({ q, q0, v, u }: Basis): { a: number; b: number } => ({
  a: v.length / q.length,
  b: u.length / q0.length,
});

/** The first functions of either side. */
export function firstOf(basis: Basis, a: number, b = a): Basis {
  const size = sizeOf(basis);
  const chosen = (count: number) => Array.from({ length: count }, (_, j) => j);
  return {
    ...basis,
    v: pick(basis.v, size.a, chosen(Math.min(a, size.a))),
    u: pick(basis.u, size.b, chosen(Math.min(b, size.b))),
  };
}

function pick(values: Float64Array, count: number, chosen: readonly number[]): Float64Array {
  const out = new Float64Array((values.length / count) * chosen.length);
  for (let i = 0; i < values.length / count; i++)
    for (const [j, from] of chosen.entries()) out[i * chosen.length + j] = values[i * count + from];
  return out;
}

/** Functions [n, K] row-major as vectors sqrt(weight) f, column-major: orthonormal in the plain sense. */
function toColumns(functions: Float64Array, weights: Float64Array): Float64Array {
  const n = weights.length;
  const K = functions.length / n;
  const out = new Float64Array(n * K);
  for (let i = 0; i < n; i++) for (let j = 0; j < K; j++) out[j * n + i] = Math.sqrt(weights[i]) * functions[i * K + j];
  return out;
}

/** Vectors sqrt(weight) f, column-major, as functions [n, K] row-major; 0 where the weight is. */
export function toFunctions(columns: Float64Array, weights: Float64Array): Float64Array {
  const n = weights.length;
  const K = columns.length / n;
  const out = new Float64Array(n * K);
  for (let i = 0; i < n; i++) {
    const scale = weights[i] > 0 ? 1 / Math.sqrt(weights[i]) : 0;
    for (let j = 0; j < K; j++) out[i * K + j] = scale * columns[j * n + i];
  }
  return out;
}

/**
 * The basis made complete: as many functions of contexts as have q > 0, of tokens as have q0 > 0; given ones stay first. For
 * identities, with N and V small: it takes (N² + V²) doubles.
 */
export function completeBasis(basis: Basis): Basis {
  return { ...basis, v: completed(basis.v, basis.q), u: completed(basis.u, basis.q0) };
}

function completed(functions: Float64Array, weights: Float64Array): Float64Array {
  const n = weights.length;
  const K = functions.length / n;
  const places = Array.from(weights.keys()).filter((i) => weights[i] > 0);
  const m = places.length;
  if (K > m)
    throw new SpectroscopeError(`complete basis: ${K} functions of ${m} places`, { hint: "give at most one a place" });
  const given = new Float64Array(m * K);
  for (const [i, place] of places.entries())
    for (let j = 0; j < K; j++) given[j * m + i] = Math.sqrt(weights[place]) * functions[place * K + j];
  const qr = reflect(given, m, K);
  const rest = new Float64Array(m * (m - K));
  for (let j = K; j < m; j++) rest[(j - K) * m + j] = 1;
  multiplyQ(qr, rest);
  const out = new Float64Array(n * m);
  for (const [i, place] of places.entries()) {
    for (let j = 0; j < K; j++) out[place * m + j] = functions[place * K + j];
    for (let j = K; j < m; j++) out[place * m + j] = rest[(j - K) * m + i] / Math.sqrt(weights[place]);
  }
  return out;
}

/** Random functions after the constant one, uniform among all orthonormal ones: Gaussian vectors made orthonormal. */
export function randomBasis(q: Float64Array, q0: Float64Array, count: number, seed: number): Basis {
  const side = (weights: Float64Array, name: string) => {
    const n = weights.length;
    const K = Math.min(
      count,
      weights.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0),
    );
    const columns = normals(deriveKey("random basis", name, seed), 0, n * K);
    for (let i = 0; i < n; i++) {
      columns[i] = Math.sqrt(weights[i]);
      if (weights[i] === 0) for (let j = 0; j < K; j++) columns[j * n + i] = 0;
    }
    orthonormalize(columns, n, K);
    return toFunctions(columns, weights);
  };
  return { q, q0, v: side(q, "contexts"), u: side(q0, "tokens") };
}

/**
 * Angles between two subspaces of functions [n, Ka] and [n, Kb] in the inner product of `weights` [n], radians, ascending; as many
 * as the smaller has. Small ones come from sines (Björck and Golub, Math. Comp. 27 (1973)), so that 1e-12 is told from 0.
 */
export function principalAngles(first: Float64Array, second: Float64Array, weights: Float64Array): Float64Array {
  const n = weights.length;
  const [A, B] = [first, second].map((functions) => toColumns(functions, weights)).sort((a, b) => b.length - a.length);
  const [ka, kb] = [A.length / n, B.length / n];
  const ranks = [orthonormalize(A, n, ka), orthonormalize(B, n, kb)];
  if (ranks[0] < ka || ranks[1] < kb)
    throw new SpectroscopeError(`principal angles: ${ka} and ${kb} functions of rank ${ranks}`, {
      hint: "leave out functions that depend on others, or that are 0",
    });
  const products = new Float64Array(ka * kb);
  const rest = B.slice();
  for (let b = 0; b < kb; b++)
    for (let a = 0; a < ka; a++) {
      let dot = 0;
      for (let i = 0; i < n; i++) dot += A[a * n + i] * B[b * n + i];
      products[b * ka + a] = dot;
      for (let i = 0; i < n; i++) rest[b * n + i] -= dot * A[a * n + i];
    }
  const cosines = thinSvd(products, ka, kb).values;
  const sines = thinSvd(rest, n, kb).values.reverse();
  return cosines.map((cosine, i) =>
    cosine * cosine < 0.5 ? Math.acos(Math.min(1, cosine)) : Math.asin(Math.min(1, sines[i])),
  );
}
