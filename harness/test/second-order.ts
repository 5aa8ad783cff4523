/**
 * chi of a narrow posterior, from derivatives of the losses at w*. To second order in S = Lambda^-1, Lambda = n_beta
 * H_C + gamma I, and to first in n_beta, with g, H, T the first to third derivatives, C those of L, b those of l_xy -
 * L, and T:S the vector sum_jk T_ijk S_jk:
 *
 * chi = -[ (g_C + H_C m)' S (g_b + H_b m) + 1/2 tr(H_C S H_b S) + 1/2 (T_C:S)' S g_b + 1/2 g_C' S (T_b:S) ],
 *
 * where m = -n_beta Lambda^-1 g_C is how far from w* the posterior lies. What is left out is smaller by S once more.
 * Without m and T it is the covariance of two quadratics around w*: the first order in S where L has a slope, but at a
 * minimum of L, where nothing of first order is left, the term of T_C is as large as the trace.
 *
 * @param lr steps of lr have the covariance S = (Lambda - lr/4 Lambda^2)^-1; 0: the posterior itself
 */
export function secondOrderChi(
  losses: readonly Derivatives[],
  n_beta: number,
  localization: number,
  lr = 0,
): { readonly chi: Float64Array; readonly quadratic: Float64Array } {
  const mean = meanOf(losses);
  const Lambda = mean.H.map((row, i) => row.map((value, j) => n_beta * value + (i === j ? localization : 0)));
  const square = product(Lambda, Lambda);
  const S = inverse(Lambda.map((row, i) => row.map((value, j) => value - (lr / 4) * square[i][j])));
  const m = times(inverse(Lambda), mean.g).map((value) => -n_beta * value);
  const here = plus(mean.g, times(mean.H, m));
  const contracted = contract(mean.T, S);
  const chi = new Float64Array(losses.length);
  const quadratic = new Float64Array(losses.length);
  losses.forEach((own, t) => {
    const b = minus(own, mean);
    const trace = product(product(mean.H, S), product(b.H, S)).reduce((sum, row, i) => sum + row[i], 0);
    const cubic = dot(contracted, times(S, b.g)) + dot(mean.g, times(S, contract(b.T, S)));
    chi[t] = -(dot(here, times(S, plus(b.g, times(b.H, m)))) + trace / 2 + cubic / 2);
    quadratic[t] = -(dot(mean.g, times(S, b.g)) + trace / 2);
  });
  return { chi, quadratic };
}

type Vector = readonly number[];
type Matrix = readonly Vector[];

/** Derivatives of a loss in P weights: [P], [P, P], [P, P, P]. */
export interface Derivatives {
  readonly g: Vector;
  readonly H: Matrix;
  readonly T: readonly Matrix[];
}

/**
 * Derivatives of every token's loss at w*, by central differences of f64 losses: g and the diagonal of H good to
 * step^4, the rest to step^2.
 *
 * @param lossesAt losses [points, tokens] at points [points, P]
 */
export async function differentiate(
  lossesAt: (points: number[]) => Promise<Float64Array>,
  center: Vector,
  tokens: number,
  step = 5e-3,
): Promise<Derivatives[]> {
  const axes = center.map((_, i) => i);
  const side = 5;
  const points: number[] = [];
  for (let p = 0; p < side ** axes.length; p++) {
    for (const axis of axes) points.push(center[axis] + ((Math.floor(p / side ** axis) % side) - 2) * step);
  }
  const losses = await lossesAt(points);
  const middle = axes.reduce((sum, axis) => sum + 2 * side ** axis, 0);
  return Array.from({ length: tokens }, (_, token) => {
    const at = (offset: number) => losses[(middle + offset) * tokens + token];
    const first = (i: number, f = at, offset = 0) => (f(offset + side ** i) - f(offset - side ** i)) / (2 * step);
    const second = (i: number, f = at, offset = 0) =>
      (f(offset + side ** i) - 2 * f(offset) + f(offset - side ** i)) / step ** 2;
    /** One axis twice by neighbors, so that a third derivative reaches no farther than two points. */
    const third = ([i, j, k]: Vector) => {
      if (i === j) return first(k, (offset) => second(i, at, offset));
      return first(i, (offset) => second(j === k ? j : k, at, offset));
    };
    // From differences over one and over two steps the error of second order cancels.
    const [near, far] = [4 / 3, 1 / 3];
    return {
      g: axes.map((i) => near * first(i) - (far * (at(2 * side ** i) - at(-2 * side ** i))) / (4 * step)),
      H: axes.map((i) =>
        axes.map((j) => {
          if (i !== j) return first(i, (offset) => first(j, at, offset));
          return near * second(i) - (far * (at(2 * side ** i) - 2 * at(0) + at(-2 * side ** i))) / (4 * step ** 2);
        }),
      ),
      T: axes.map((i) => axes.map((j) => axes.map((k) => third([i, j, k].sort())))),
    };
  });
}

/** Mean over tokens. */
export function meanOf(losses: readonly Derivatives[]): Derivatives {
  const axes = losses[0].g.map((_, i) => i);
  const mean = (part: (own: Derivatives) => number) => losses.reduce((sum, own) => sum + part(own) / losses.length, 0);
  return {
    g: axes.map((i) => mean(({ g }) => g[i])),
    H: axes.map((i) => axes.map((j) => mean(({ H }) => H[i][j]))),
    T: axes.map((i) => axes.map((j) => axes.map((k) => mean(({ T }) => T[i][j][k])))),
  };
}

function minus(a: Derivatives, b: Derivatives): Derivatives {
  return {
    g: a.g.map((value, i) => value - b.g[i]),
    H: a.H.map((row, i) => row.map((value, j) => value - b.H[i][j])),
    T: a.T.map((m, i) => m.map((row, j) => row.map((value, k) => value - b.T[i][j][k]))),
  };
}

function contract(T: readonly Matrix[], S: Matrix): number[] {
  return T.map((m) => m.reduce((sum, row, j) => sum + dot(row, S[j]), 0));
}

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function plus(a: Vector, b: Vector): number[] {
  return a.map((value, i) => value + b[i]);
}

function times(m: Matrix, x: Vector): number[] {
  return m.map((row) => dot(row, x));
}

function product(a: Matrix, b: Matrix): number[][] {
  return a.map((row) => b[0].map((_, j) => row.reduce((sum, value, i) => sum + value * b[i][j], 0)));
}

/** Of a symmetric matrix of one or two rows. */
export function inverse(m: Matrix): number[][] {
  if (m.length === 1) return [[1 / m[0][0]]];
  const determinant = m[0][0] * m[1][1] - m[0][1] ** 2;
  return [
    [m[1][1] / determinant, -m[0][1] / determinant],
    [-m[0][1] / determinant, m[0][0] / determinant],
  ];
}
