import { ThinProducts } from "../../kernels/products/products";

/** Inner products of functions [n, K], in L2 of `weights` [n], with columns of matrices [n, R]. */
export class Projector {
  readonly count: number;
  /** [n, K]: weights times functions. */
  private readonly weighted: Float64Array;
  private products?: ThinProducts;
  private readonly made = new WeakMap<Float64Array, Float64Array>();

  constructor(
    functions: Float64Array,
    private readonly weights: Float64Array,
  ) {
    this.count = functions.length / weights.length;
    this.weighted = weightedRows(functions, weights);
  }

  /** Sum over i of weight_i f_a(i) matrix_ir: [K, R]. Asked again of the same array, it is not made again. */
  of(matrix: Float64Array): Float64Array {
    const known = this.made.get(matrix);
    if (known) return known;
    const rows = this.weights.length;
    const cols = matrix.length / rows;
    if (this.products?.cols !== cols) this.products = new ThinProducts(cols, this.count);
    this.products.clear();
    this.products.pull({ rows, data: matrix }, this.weighted);
    const image = this.products.sums();
    this.made.set(matrix, image);
    return image;
  }

  /** Sum over i of weight_i f_a(i) values_i: [K]; by default of the constant 1. */
  ofValues(values?: Float64Array): Float64Array {
    const { count: K, weighted } = this;
    const sums = new Float64Array(K);
    for (let i = 0; i < this.weights.length; i++) {
      const value = values ? values[i] : 1;
      for (let a = 0; a < K; a++) sums[a] += value * weighted[i * K + a];
    }
    return sums;
  }
}

/** Rows [n, K] times their weights; `into` is taken where it has the size. */
export function weightedRows(rows: Float64Array, weights: Float64Array, into?: Float64Array): Float64Array {
  const K = rows.length / weights.length;
  const out = into?.length === rows.length ? into : new Float64Array(rows.length);
  for (let i = 0; i < weights.length; i++) for (let at = i * K; at < (i + 1) * K; at++) out[at] = rows[at] * weights[i];
  return out;
}
