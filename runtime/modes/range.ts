import { deriveKey, normals } from "../../kernels/philox/philox";
import { ThinProducts } from "../../kernels/products/products";
import { orthonormalize, thinSvd } from "./factor";
import type { LawOperator } from "./law-operator";

/**
 * The `count` largest singular values of T - sqrt(q) sqrt(q0)' with their vectors, column-major, by subspace iteration on tokens'
 * side: each round is one pass over the law, T'T times the directions, made orthonormal again; the last pass takes T times them,
 * whose SVD is exact within their span. Values below 1e-8 of the largest are not resolved, since rounds square them.
 */
export async function rangeOf(
  operator: LawOperator,
  count: number,
  options: { readonly seed?: number; readonly oversampling?: number; readonly iterations?: number },
): Promise<{ values: Float64Array; left: Float64Array; right: Float64Array }> {
  const { contexts: N, tokens: V, q0 } = operator;
  const { seed = 0, oversampling = 16, iterations = 3 } = options;
  const width = Math.max(1, Math.min(count + oversampling, N, V));
  const products = new ThinProducts(V, width);
  let basis = normals(deriveKey("modes of a law", seed), 0, width * V);
  for (let j = 0; j < width; j++) for (let y = 0; y < V; y++) if (q0[y] === 0) basis[j * V + y] = 0;
  orthonormalize(basis, V, width);
  // Directions that span all tokens need no round, and a round squares small values away.
  const rounds = width === V ? 0 : iterations;
  for (let round = 0; round < rounds; round++) {
    products.load(basis);
    products.clear();
    await operator.eachBlock((_, rows, T) => products.square({ rows, data: T }));
    basis = products.sums();
    orthonormalize(basis, V, width);
  }
  products.load(basis);
  const image = new Float64Array(N * width);
  await operator.eachBlock((from, rows, T) => {
    const part = products.project({ rows, data: T });
    for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) image[j * N + from + i] = part[i * width + j];
  });
  const { values, left, right: turn } = thinSvd(image, N, width);
  const right = new Float64Array(V * width);
  for (let j = 0; j < width; j++)
    for (let k = 0; k < width; k++) {
      const factor = turn[j * width + k];
      for (let y = 0; y < V; y++) right[j * V + y] += factor * basis[k * V + y];
    }
  return { values, left, right };
}
