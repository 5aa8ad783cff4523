import type { Arrays, Dims, Params } from "../kernel";

/** Squared Euclidean distance of rows i and j, f64. */
export function squaredDistance(x: ArrayLike<number>, D: number, i: number, j: number): number {
  let sum = 0;
  for (let d = 0; d < D; d++) sum += (x[i * D + d] - x[j * D + d]) ** 2;
  return sum;
}

/** k nearest neighbors of Q points from `first` on by full sorting, f64, ties by lower index: the definition of `knn/forward`. */
export function forward(inputs: Arrays, { N, D, Q, Kn }: Dims, { first }: Params): Arrays {
  const indices = new Uint32Array(Q * Kn);
  const distances = new Float64Array(Q * Kn);
  for (let i = 0; i < Q; i++) {
    const others = Array.from({ length: N }, (_, j) => ({ j, distance: squaredDistance(inputs.x, D, first + i, j) }));
    others.splice(first + i, 1);
    others.sort((a, b) => a.distance - b.distance || a.j - b.j);
    for (let n = 0; n < Kn; n++) {
      indices[i * Kn + n] = others[n].j;
      distances[i * Kn + n] = others[n].distance;
    }
  }
  return { indices, distances };
}
