/** Factorizations of tall dense matrices, f64. A matrix [m, n] is n columns of m values each: column-major. */

/** Householder's QR of a tall matrix: the reflections, and R. */
export interface Reflections {
  readonly m: number;
  readonly n: number;
  /** [m, n] column-major: column j holds reflection j from row j on, of norm sqrt(2), or 0 where there is none. */
  readonly vectors: Float64Array;
  /** [n, n] row-major, upper triangle. */
  readonly R: Float64Array;
}

/** A = Q R, for m >= n. The input is overwritten by the reflections (Golub and Van Loan, Matrix Computations, 5.2). */
export function reflect(A: Float64Array, m: number, n: number): Reflections {
  const R = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const own = A.subarray(j * m, (j + 1) * m);
    for (let k = 0; k < j; k++) apply(A.subarray(k * m, (k + 1) * m), own, k);
    for (let k = 0; k < j; k++) {
      R[k * n + j] = own[k];
      own[k] = 0;
    }
    const norm = lengthFrom(own, j);
    if (norm === 0) continue;
    const alpha = own[j] > 0 ? -norm : norm;
    R[j * n + j] = alpha;
    own[j] -= alpha;
    const scale = Math.SQRT2 / lengthFrom(own, j);
    for (let i = j; i < m; i++) own[i] *= scale;
  }
  return { m, n, vectors: A, R };
}

/** Q times columns [m, count], in place; Q is m × m. */
export function multiplyQ({ m, n, vectors }: Reflections, columns: Float64Array): Float64Array {
  for (let at = 0; at < columns.length; at += m) {
    const own = columns.subarray(at, at + m);
    for (let k = n - 1; k >= 0; k--) apply(vectors.subarray(k * m, (k + 1) * m), own, k);
  }
  return columns;
}

/** x -= h (h . x), from row `from` on. */
function apply(h: Float64Array, x: Float64Array, from: number): void {
  let dot = 0;
  for (let i = from; i < h.length; i++) dot += h[i] * x[i];
  if (dot !== 0) for (let i = from; i < h.length; i++) x[i] -= dot * h[i];
}

/** Norm of the values from `from` on, without overflow. */
function lengthFrom(x: Float64Array, from: number): number {
  let top = 0;
  for (let i = from; i < x.length; i++) top = Math.max(top, Math.abs(x[i]));
  if (top === 0) return 0;
  let squares = 0;
  for (let i = from; i < x.length; i++) squares += (x[i] / top) ** 2;
  return top * Math.sqrt(squares);
}

/** A = left diag(values) right', values descending. */
export interface ThinSvd {
  /** [n]. */
  readonly values: Float64Array;
  /** [m, n] column-major, orthonormal. */
  readonly left: Float64Array;
  /** [n, n] column-major, orthonormal where values are not 0, else columns of zeros. */
  readonly right: Float64Array;
}

const SWEEPS = 40;

/**
 * SVD of a tall matrix by QR and one-sided Jacobi rotations of R' (Drmač and Veselić, SIAM J. Matrix Anal. Appl. 29 (2008)): no
 * Gram matrix squares a small value away. The input is overwritten. m >= n.
 */
export function thinSvd(A: Float64Array, m: number, n: number): ThinSvd {
  const qr = reflect(A, m, n);
  // Columns of R' are rows of R: R' J = Z S gives R = J S Z'.
  const Z = qr.R;
  const J = new Float64Array(n * n);
  for (let i = 0; i < n; i++) J[i * n + i] = 1;
  const column = (of: Float64Array, j: number) => of.subarray(j * n, (j + 1) * n);
  for (let sweep = 0, turned = true; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    for (let p = 0; p < n - 1; p++)
      for (let q = p + 1; q < n; q++) {
        const [a, b] = [column(Z, p), column(Z, q)];
        let aa = 0;
        let bb = 0;
        let ab = 0;
        for (let i = 0; i < n; i++) {
          aa += a[i] * a[i];
          bb += b[i] * b[i];
          ab += a[i] * b[i];
        }
        if (Math.abs(ab) <= 1e-15 * Math.sqrt(aa) * Math.sqrt(bb) || ab === 0) continue;
        turned = true;
        const zeta = (bb - aa) / (2 * ab);
        const t = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        rotate(a, b, c, c * t);
        rotate(column(J, p), column(J, q), c, c * t);
      }
  }
  const norms = Float64Array.from({ length: n }, (_, j) => lengthFrom(column(Z, j), 0));
  const order = Array.from(norms.keys()).sort((i, j) => norms[j] - norms[i] || i - j);
  const left = new Float64Array(m * n);
  const right = new Float64Array(n * n);
  for (const [to, from] of order.entries()) {
    left.set(column(J, from), to * m);
    if (norms[from] > 0) column(right, to).set(column(Z, from).map((x) => x / norms[from]));
  }
  return { values: Float64Array.from(order, (j) => norms[j]), left: multiplyQ(qr, left), right };
}

function rotate(a: Float64Array, b: Float64Array, c: number, s: number): void {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], b[i]];
    a[i] = c * x - s * y;
    b[i] = s * x + c * y;
  }
}

/**
 * Gram-Schmidt of `count` columns of m values in their order, each against all before it and twice; in place. Columns that
 * depend on those before them become 0. Returns how many did not.
 */
export function orthonormalize(columns: Float64Array, m: number, count: number): number {
  let rank = 0;
  for (let j = 0; j < count; j++) {
    const own = columns.subarray(j * m, (j + 1) * m);
    const before = lengthFrom(own, 0);
    for (let pass = 0; pass < 2; pass++)
      for (let k = 0; k < j; k++) {
        const other = columns.subarray(k * m, (k + 1) * m);
        let dot = 0;
        for (let i = 0; i < m; i++) dot += own[i] * other[i];
        for (let i = 0; i < m; i++) own[i] -= dot * other[i];
      }
    const length = lengthFrom(own, 0);
    const kept = length > 1e-12 * before;
    if (kept) rank++;
    for (let i = 0; i < m; i++) own[i] = kept ? own[i] / length : 0;
  }
  return rank;
}
