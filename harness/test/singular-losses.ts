import type { Target } from "./target-chains";

/**
 * Losses whose set of minima is singular, with known learning coefficients: what n * E[L] under exp(-n L) tends to, and
 * the multiplicity m of the first correction, -(m - 1) / log n.
 */
export interface SingularLoss extends Target {
  readonly name: string;
  readonly learningCoefficient: number;
  readonly multiplicity: number;
  /** The trace of the Hessian of L at w[at], ... */
  laplacian(w: ArrayLike<number>, at: number): number;
  /** n E[L] under exp(-n L - gamma/2 |w - w*|^2), by quadrature. */
  expectation(n: number, gamma: number): number;
}

/**
 * Points x > 0, even in log x, from where no n up to 1e13 has anything left to say to where no pull of 1 lets weights
 * go.
 */
function logGrid(): Float64Array {
  const [points, first, last] = [28000, -60, 8];
  return Float64Array.from({ length: points }, (_, i) => Math.exp(first + ((last - first) * (i + 0.5)) / points));
}

/** A ratio of two integrals over x > 0, as sums over a grid of log x: `density` is with respect to dx. */
function meanOver(density: (x: number) => number, value: (x: number) => number): number {
  let [top, bottom] = [0, 0];
  for (const here of logGrid()) {
    const weight = here * density(here);
    top += weight * value(here);
    bottom += weight;
  }
  return top / bottom;
}

/** L = 1/2 (u v^k)^2 around w* = 0: lambda = 1/2 with multiplicity 2 for k = 1, else 1 / (2 k) with multiplicity 1. */
export function monomial(k: number): SingularLoss {
  return {
    name: `1/2 (u v^${k})^2`,
    dims: 2,
    center: [0, 0],
    learningCoefficient: 1 / (2 * k),
    multiplicity: k === 1 ? 2 : 1,
    loss: (w, at) => 0.5 * w[at] ** 2 * w[at + 1] ** (2 * k),
    gradient: (w, at, out) => {
      const [u, v] = [w[at], w[at + 1]];
      out[at] = u * v ** (2 * k);
      out[at + 1] = k * u * u * v ** (2 * k - 1);
    },
    laplacian: (w, at) => {
      const [u, v] = [w[at], w[at + 1]];
      return v ** (2 * k) + k * (2 * k - 1) * u * u * v ** (2 * k - 2);
    },
    // Given v, u is Gaussian of precision n v^2k + gamma.
    expectation: (n, gamma) =>
      meanOver(
        (v) => Math.exp((-gamma * v * v) / 2) / Math.sqrt(n * v ** (2 * k) + gamma),
        (v) => (0.5 * n * v ** (2 * k)) / (n * v ** (2 * k) + gamma),
      ),
  };
}

/**
 * The learning coefficient of reduced-rank regression y = B A x with Gaussian x, and its multiplicity (Aoyagi and
 * Watanabe, Neural Networks 18, 2005): M inputs, N outputs, H hidden units, a true map of rank r.
 */
export function aoyagiWatanabe(M: number, N: number, H: number, r: number): { lambda: number; multiplicity: number } {
  const middle = N + r <= M + H && M + r <= N + H && H + r <= M + N;
  if (middle) {
    const odd = (M + N + H + r) % 2;
    const sum = -((H + r) ** 2) - M * M - N * N + 2 * (H + r) * M + 2 * (H + r) * N + 2 * M * N;
    return { lambda: (sum + odd) / 8, multiplicity: 1 + odd };
  }
  if (M + H < N + r) return { lambda: (H * M - H * r + N * r) / 2, multiplicity: 1 };
  if (N + H < M + r) return { lambda: (H * N - H * r + M * r) / 2, multiplicity: 1 };
  return { lambda: (M * N) / 2, multiplicity: 1 };
}

/** L = 1/2 |B A - T|^2 with A [H, 2] before B [2, H] in w, T = B* A* and w* = (A*, B*). */
function reducedRank(H: number, rank: number, center: readonly number[], expectation: SingularLoss["expectation"]) {
  const side = 2;
  const { lambda, multiplicity } = aoyagiWatanabe(side, side, H, rank);
  const b = H * side;
  const product = (w: ArrayLike<number>, at: number, i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < H; k++) sum += w[at + b + i * H + k] * w[at + k * side + j];
    return sum;
  };
  const rest = (w: ArrayLike<number>, at: number, i: number, j: number) =>
    product(w, at, i, j) - product(center, 0, i, j);
  const target: SingularLoss = {
    name: `reduced rank, ${H} hidden, true rank ${rank}`,
    dims: 2 * b,
    center,
    learningCoefficient: lambda,
    multiplicity,
    loss: (w, at) => {
      let sum = 0;
      for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) sum += 0.5 * rest(w, at, i, j) ** 2;
      return sum;
    },
    gradient: (w, at, out) => {
      out.fill(0, at, at + 2 * b);
      for (let i = 0; i < side; i++) {
        for (let j = 0; j < side; j++) {
          const error = rest(w, at, i, j);
          for (let k = 0; k < H; k++) {
            out[at + k * side + j] += error * w[at + b + i * H + k];
            out[at + b + i * H + k] += error * w[at + k * side + j];
          }
        }
      }
    },
    laplacian: (w, at) => {
      let sum = 0;
      for (let e = 0; e < 2 * b; e++) sum += side * w[at + e] ** 2;
      return sum;
    },
    expectation,
  };
  return target;
}

/** One hidden unit and T = 0: lambda 1, multiplicity 2. Given A, B is Gaussian of precision n |A|^2 + gamma. */
export function oneHiddenUnit(): SingularLoss {
  return reducedRank(1, 0, [0, 0, 0, 0], (n, gamma) =>
    meanOver(
      (a) => (a * Math.exp((-gamma * a * a) / 2)) / (n * a * a + gamma),
      (a) => (n * a * a) / (n * a * a + gamma),
    ),
  );
}

/**
 * Two hidden units and T = 0: lambda 3/2, multiplicity 1. Given A, B is Gaussian, and only the eigenvalues x, y of A
 * A^T matter; for A of 2 x 2 normals their density is |x - y| / sqrt(x y) times exp(-gamma (x + y) / 2).
 */
export function twoHiddenUnits(): SingularLoss {
  return reducedRank(2, 0, [0, 0, 0, 0, 0, 0, 0, 0], (n, gamma) => {
    // Integrals over y < x, kept while x grows: of the density, times y, and each times its part of the value.
    let [one, y, value, valueY] = [0, 0, 0, 0];
    let [top, bottom] = [0, 0];
    for (const here of logGrid()) {
      const weight = (here * Math.exp((-gamma * here) / 2)) / Math.sqrt(here) / (n * here + gamma);
      const own = (n * here) / (n * here + gamma);
      bottom += weight * (here * one - y);
      top += weight * (own * (here * one - y) + here * value - valueY);
      one += weight;
      y += weight * here;
      value += weight * own;
      valueY += weight * here * own;
    }
    return top / bottom;
  });
}

/**
 * One hidden unit and a true map of rank 1: lambda 3/2, multiplicity 1. Given A, each row of B is Gaussian of precision
 * p = n |A|^2 + gamma around (n A t_i + gamma b*_i) / p; A is integrated in polar coordinates.
 */
export function trueRankOne(): SingularLoss {
  const [a0, a1, b0, b1] = [1, 0.5, 0.8, -0.6];
  return reducedRank(1, 1, [a0, a1, b0, b1], (n, gamma) => {
    const rows = [b0, b1].map((b) => ({ b, t: [b * a0, b * a1] }));
    const angles = 2000;
    const radii = 600;
    let [top, bottom] = [0, 0];
    for (let i = 0; i < radii; i++) {
      const radius = Math.exp(-5 + (8 * (i + 0.5)) / radii);
      for (let j = 0; j < angles; j++) {
        const angle = (2 * Math.PI * j) / angles;
        const a = [radius * Math.cos(angle), radius * Math.sin(angle)];
        const p = n * radius * radius + gamma;
        let exponent = -0.5 * gamma * ((a[0] - a0) ** 2 + (a[1] - a1) ** 2);
        let loss = 0;
        for (const { b, t } of rows) {
          const along = n * (a[0] * t[0] + a[1] * t[1]) + gamma * b;
          const mean = along / p;
          exponent += 0.5 * (along * mean - n * (t[0] ** 2 + t[1] ** 2) - gamma * b * b);
          loss += 0.5 * ((mean * a[0] - t[0]) ** 2 + (mean * a[1] - t[1]) ** 2 + (radius * radius) / p);
        }
        // Of dA = radius^2 d(log radius) d(angle), and a factor p^(-1/2) from each of two rows.
        const weight = (radius * radius * Math.exp(exponent)) / p;
        bottom += weight;
        top += weight * n * loss;
      }
    }
    return top / bottom;
  });
}
