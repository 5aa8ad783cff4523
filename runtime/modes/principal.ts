import { thinSvd } from "./factor";
import { InnerProducts, type Measure } from "./inner-products";
import type { PairChi, PairColumn, PairColumns } from "./pair-chi";
import { halvesOf } from "./random-shares";

/**
 * Shares of chi's squared norm in the first k principal components of the [pairs, components] matrix, about 0 and in L2(q × q0),
 * through the inner products of its columns: [components]. With four chains or more also of directions that are fitted to half of
 * the chains, in products of two chains of the other half (the first two): the mean of both ways.
 */
export async function principalShares(
  columns: PairColumns,
  measure: Measure,
  chains: number,
  products = new InnerProducts(measure),
): Promise<{ plain: Float64Array; heldOut?: Float64Array }> {
  const gather = async (chosen: (column: PairColumn) => PairChi) => {
    const out: PairChi[] = [];
    for await (const column of columns) out.push(chosen(column));
    return out;
  };
  const all = products.between(await gather((column) => column.all));
  const C = Math.sqrt(all.length);
  const plain = sharesAlong(eigenvectors(all, C), all, C);
  if (chains < 4) return { plain };
  const halves: { fit: Float64Array; trial: Float64Array }[] = [];
  for (const side of [0, 1] as const) {
    const [first, second] = [
      await gather((column) => halvesOf(column.chains!)[side][0]),
      await gather((column) => halvesOf(column.chains!)[side][1]),
    ];
    // Of the sum, for the mean of both: its scale does not turn its eigenvectors.
    const { sums, cross } = products.ofSums(first, second);
    halves.push({ fit: sums, trial: cross });
  }
  const ways = [0, 1].map((side) => sharesAlong(eigenvectors(halves[side].fit, C), halves[1 - side].trial, C));
  return { plain, heldOut: ways[0].map((share, k) => (share + ways[1][k]) / 2) };
}

/** Of a symmetric matrix with no negative values: columns, the largest value first. */
const eigenvectors = (gram: Float64Array, C: number): Float64Array => thinSvd(gram.slice(), C, C).left;

/** Sum over the first k columns e of e' G e, as a share of the trace. */
function sharesAlong(columns: Float64Array, gram: Float64Array, C: number): Float64Array {
  let trace = 0;
  for (let c = 0; c < C; c++) trace += gram[c * C + c];
  let sum = 0;
  return Float64Array.from({ length: C }, (_, k) => {
    for (let c = 0; c < C; c++)
      for (let d = 0; d < C; d++) sum += columns[k * C + c] * gram[c * C + d] * columns[k * C + d];
    return sum / trace;
  });
}
