import type { Arrays, Dims } from "../kernel";

/** Squared Euclidean distance of rows i and j, f64. */
export function squaredDistance(x: ArrayLike<number>, D: number, i: number, j: number): number {
  let sum = 0;
  for (let d = 0; d < D; d++) sum += (x[i * D + d] - x[j * D + d]) ** 2;
  return sum;
}

/** k nearest neighbors by full sorting, f64, ties by lower index: the definition of `knn/forward`. */
export function forward(inputs: Arrays, { N, D, Kn }: Dims): Arrays {
  const indices = new Uint32Array(N * Kn);
  const distances = new Float64Array(N * Kn);
  for (let i = 0; i < N; i++) {
    const others = Array.from({ length: N }, (_, j) => ({ j, distance: squaredDistance(inputs.x, D, i, j) }));
    others.splice(i, 1);
    others.sort((a, b) => a.distance - b.distance || a.j - b.j);
    for (let n = 0; n < Kn; n++) {
      indices[i * Kn + n] = others[n].j;
      distances[i * Kn + n] = others[n].distance;
    }
  }
  return { indices, distances };
}
