import { SpectroscopeError } from "../../kernels/errors";
import type { Basis } from "./basis";
import { toFunctions } from "./basis";
import { orthonormalize, thinSvd } from "./factor";
import type { Law } from "./law";
import { LawOperator } from "./law-operator";
import { rangeOf } from "./range";

/** Modes of a law, the trivial one first: s_0 = 1, v_0 = u_0 = 1 exactly. */
export interface Modes extends Basis {
  readonly contexts: number;
  readonly tokens: number;
  /** K: modes, the trivial one too. Fewer than asked for where the law has no more with a value above 1e-12. */
  readonly count: number;
  /** [K], descending. */
  readonly values: Float64Array;
  /** Sum of all squared singular values but the trivial one: the law's mean chi-square distance from q0. */
  readonly total: number;
  /** Share of `total` that the K modes hold; 1 where the law does not depend on its context. */
  readonly held: number;
  /** Tokens that no context allows, ascending: u is 0 there. */
  readonly absent: readonly number[];
  /** Whole SVD, or the leading part by random projection. */
  readonly method: "dense" | "randomized";
}

export interface ModesOptions {
  /** K; by default 64, at most min(N, V). */
  readonly count?: number;
  /** q(x), [N], positive, sum 1; by default 1 / N. */
  readonly weights?: ArrayLike<number>;
  /** Of the random projection. */
  readonly seed?: number;
  /** Further directions of the random projection, 16, and its power iterations, 3. */
  readonly oversampling?: number;
  readonly iterations?: number;
  /** By default dense where the smaller of N and V is at most 400 and N × V at most 2^22. */
  readonly method?: "dense" | "randomized";
}

const DENSE_SIDE = 400;
const DENSE_VALUES = 2 ** 22;
/** Singular values below are rounding: the trivial one is 1. */
const LEAST = 1e-12;

/**
 * SVD of T(x, y) = sqrt(q(x)) q(y|x) / sqrt(q0(y)), q0(y) = sum_x q(x) q(y|x), less its trivial mode, which is known:
 * T - sqrt(q) sqrt(q0)'. Small laws are decomposed whole, by QR and one-sided Jacobi; others by subspace iteration from a seeded
 * random start (Halko, Martinsson and Tropp, SIAM Review 53 (2011)), going over the law's contexts iterations + 2 times and holding
 * (N + V)(K + oversampling) values. A mode's sign is such that the first of its largest |u| is positive; modes of equal values are
 * any orthonormal ones of their space. @throws SpectroscopeError for sizes, weights or rows of the law that are not what they must be
 */
export async function modesOf(law: Law, options: ModesOptions = {}): Promise<Modes> {
  const { contexts: N, tokens: V } = law;
  const least = Math.min(N, V);
  const count = Math.min(options.count ?? 64, least);
  if (!(Number.isInteger(count) && count >= 1))
    throw new SpectroscopeError(`modes: count ${options.count} of a law of ${N} contexts and ${V} tokens`, {
      hint: `give 1 .. ${least}`,
    });
  const operator = await LawOperator.open(law, weightsOf(N, options.weights));
  const { q, q0 } = operator;
  const small = least <= DENSE_SIDE && N * V <= DENSE_VALUES;
  const method = options.method ?? (small ? "dense" : "randomized");
  const { values, left, right } =
    method === "dense" ? await denseSvd(operator) : await rangeOf(operator, count - 1, options);
  let kept = 0;
  while (kept < Math.min(count - 1, values.length) && values[kept] > LEAST) kept++;
  const v = side(left.subarray(0, N * kept), q, kept);
  const u = side(right.subarray(0, V * kept), q0, kept);
  fixSigns(u, v, kept + 1);
  let held = 0;
  for (let a = 0; a < kept; a++) held += values[a] ** 2;
  const total = operator.total;
  return {
    contexts: N,
    tokens: V,
    count: kept + 1,
    values: Float64Array.from({ length: kept + 1 }, (_, a) => (a === 0 ? 1 : Math.min(1, values[a - 1]))),
    total,
    held: total > LEAST ** 2 ? Math.min(1, held / total) : 1,
    absent: Array.from(q0.keys()).filter((y) => q0[y] === 0),
    method,
    ...{ q, q0, v, u },
  };
}

function weightsOf(contexts: number, weights: ArrayLike<number> | undefined): Float64Array {
  if (!weights) return new Float64Array(contexts).fill(1 / contexts);
  const q = Float64Array.from(weights);
  const sum = q.reduce((a, b) => a + b, 0);
  if (q.length !== contexts || !q.every((x) => x > 0) || !(Math.abs(sum - 1) < 1e-9))
    throw new SpectroscopeError(`modes: ${q.length} weights of sum ${sum} for ${contexts} contexts`, {
      hint: "give a positive one for each context, 1 in sum, and leave out contexts of weight 0",
    });
  return q.map((x) => x / sum);
}

/** The SVD of the whole matrix, its longer side down the columns. */
async function denseSvd(
  operator: LawOperator,
): Promise<{ values: Float64Array; left: Float64Array; right: Float64Array }> {
  const { contexts: N, tokens: V } = operator;
  const tall = N >= V;
  const A = new Float64Array(N * V);
  await operator.eachBlock((from, rows, T) => {
    for (let i = 0; i < rows; i++)
      for (let y = 0; y < V; y++) A[tall ? y * N + from + i : (from + i) * V + y] = T[i * V + y];
  });
  const { values, left, right } = tall ? thinSvd(A, N, V) : thinSvd(A, V, N);
  return tall ? { values, left, right } : { values, left: right, right: left };
}

/** Functions [n, kept + 1] of singular vectors, orthogonal to the constant to rounding, which comes first. */
function side(columns: Float64Array, weights: Float64Array, kept: number): Float64Array {
  const n = weights.length;
  const all = new Float64Array(n * (kept + 1));
  for (let i = 0; i < n; i++) all[i] = Math.sqrt(weights[i]);
  all.set(columns, n);
  orthonormalize(all, n, kept + 1);
  const functions = toFunctions(all, weights);
  for (let i = 0; i < n; i++) functions[i * (kept + 1)] = weights[i] > 0 ? 1 : 0;
  return functions;
}

/** The first u whose size is within 1e-6 of the largest is made positive: rounding does not choose among equal ones. */
function fixSigns(u: Float64Array, v: Float64Array, K: number): void {
  for (let a = 1; a < K; a++) {
    let most = 0;
    for (let at = a; at < u.length; at += K) most = Math.max(most, Math.abs(u[at]));
    let first = a;
    while (Math.abs(u[first]) < (1 - 1e-6) * most) first += K;
    if (u[first] >= 0) continue;
    for (let at = a; at < u.length; at += K) u[at] = -u[at];
    for (let at = a; at < v.length; at += K) v[at] = -v[at];
  }
}
