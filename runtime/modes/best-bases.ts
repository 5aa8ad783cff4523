import { deriveKey, normals } from "../../kernels/philox/philox";
import { ThinProducts } from "../../kernels/products/products";
import { type Basis, toFunctions } from "./basis";
import { orthonormalize, thinSvd } from "./factor";
import { crossGram, leftRows, type Measure, rightRows, sameFactor } from "./inner-products";
import type { PairChi } from "./pair-chi";

/** Goes through the chi of all components, one at a time. */
export type EachChi = (take: (chi: PairChi) => void) => Promise<void>;

const OVERSAMPLING = 8;
const ITERATIONS = 3;

/**
 * The bases that hold the most of chi's variance, all components together: leading eigenvectors of sum_C chi_C chi_C' in L2(q) and of
 * sum_C chi_C' chi_C in L2(q0), those of the higher-order SVD (De Lathauwer, De Moor and Vandewalle, SIAM J. Matrix Anal. Appl.
 * 21 (2000)), by subspace iteration through the factors of chi. Not the constant function first; the largest first.
 */
export async function bestBasis(each: EachChi, measure: Measure, count: number, seed = 0): Promise<Basis> {
  const { q, q0 } = measure;
  const last: LastGram = {};
  const made = new WeakMap<PairChi, Float64Array>();
  const rowsOf = (chi: PairChi) => {
    const rows = made.get(chi) ?? leftRows(chi);
    made.set(chi, rows);
    return rows;
  };
  const v = await leading(q, count, deriveKey("best basis", "contexts", seed), async (apply) => {
    await each((chi) => apply(rowsOf(chi), rightGram(chi, q0, last)));
  });
  // Components that share a right factor are one term.
  const terms: { right: Float64Array; rows: Float64Array; gram: Float64Array }[] = [];
  await each((chi) => {
    const left = rowsOf(chi);
    const gram = crossGram(left, left, q);
    const found = terms.find(({ right }) => sameFactor(right, chi.right));
    if (found) for (let i = 0; i < gram.length; i++) found.gram[i] += gram[i];
    else terms.push({ right: chi.right, rows: rightRows(chi), gram });
  });
  const u = await leading(q0, count, deriveKey("best basis", "tokens", seed), async (apply) => {
    for (const { rows, gram } of terms) apply(rows, gram);
  });
  return { q, q0, v, u };
}

interface LastGram {
  right?: Float64Array;
  gram?: Float64Array;
}

function rightGram(chi: PairChi, q0: Float64Array, last: LastGram): Float64Array {
  if (!(last.gram && last.right && sameFactor(last.right, chi.right))) {
    const rows = rightRows(chi);
    last.right = chi.right;
    last.gram = crossGram(rows, rows, q0);
  }
  return last.gram!;
}

/** Leading eigenvectors, as functions [n, count], of the sum of F W F' over terms (F [n, r], W [r, r]) in L2 of the weights. */
async function leading(
  weights: Float64Array,
  count: number,
  key: [number, number],
  terms: (apply: (F: Float64Array, W: Float64Array) => void) => Promise<void>,
): Promise<Float64Array> {
  const n = weights.length;
  const places = weights.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0);
  const width = Math.min(count + OVERSAMPLING, places);
  const root = weights.map(Math.sqrt);
  const basis = normals(key, 0, n * width);
  for (let j = 0; j < width; j++) for (let i = 0; i < n; i++) if (root[i] === 0) basis[j * n + i] = 0;
  orthonormalize(basis, n, width);
  let products: ThinProducts | undefined;
  const image = new Float64Array(n * width);
  const [part, sum, rows] = [0, 1, 2].map(() => new Float64Array(n * width));
  for (let round = 0; ; round++) {
    // Rows of the basis with the weights' roots, [n, width].
    for (let j = 0; j < width; j++) for (let i = 0; i < n; i++) rows[i * width + j] = root[i] * basis[j * n + i];
    sum.fill(0);
    await terms((F, W) => {
      const r = F.length / n;
      if (products?.cols !== r) products = new ThinProducts(r, width);
      products.clear();
      products.pull({ rows: n, data: F }, rows);
      products.load(timesSquare(products.sums(), W, r));
      products.project({ rows: n, data: F }, part);
      for (let at = 0; at < part.length; at++) sum[at] += part[at];
    });
    for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) image[j * n + i] = root[i] * sum[i * width + j];
    if (round === ITERATIONS) break;
    basis.set(image);
    orthonormalize(basis, n, width);
  }
  const inner = new Float64Array(width * width);
  for (let j = 0; j < width; j++)
    for (let k = 0; k < width; k++)
      for (let i = 0; i < n; i++) inner[j * width + k] += basis[j * n + i] * image[k * n + i];
  const { left: turn } = thinSvd(inner, width, width);
  const kept = Math.min(count, width);
  const out = new Float64Array(n * kept);
  for (let j = 0; j < kept; j++)
    for (let k = 0; k < width; k++)
      for (let i = 0; i < n; i++) out[j * n + i] += turn[j * width + k] * basis[k * n + i];
  return toFunctions(out, weights);
}

/** rows [m, r] × W [r, r], W symmetric. */
function timesSquare(rows: Float64Array, W: Float64Array, r: number): Float64Array {
  const out = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += r)
    for (let c = 0; c < r; c++) {
      const factor = rows[at + c];
      for (let d = 0; d < r; d++) out[at + d] += factor * W[c * r + d];
    }
  return out;
}
