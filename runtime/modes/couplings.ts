import { SpectroscopeError } from "../../kernels/errors";
import { ThinProducts } from "../../kernels/products/products";
import { jackknifeErrors } from "../statistics/jackknife";
import { type Basis, sizeOf } from "./basis";
import type { PairChi, PairColumn } from "./pair-chi";
import { Projector } from "./projector";

/** chi_ab of a component, nats squared, and its error. */
export interface Couplings {
  readonly name: string;
  /** [Ka, Kb]: a of the context's function, b of the token's. */
  readonly values: Float64Array;
  /** [Ka, Kb]: the jackknife's standard error over chains; NaN with one chain. */
  readonly errors: Float64Array;
}

/** Pairs of a context and a token: pair i is (contexts[i], tokens[i]). */
export interface Pairs {
  readonly contexts: ArrayLike<number>;
  readonly tokens: ArrayLike<number>;
}

/** Coefficients in one basis, of many components after each other. */
export class CouplingMaker {
  private readonly left: Projector;
  private readonly right: Projector;
  private readonly constant: Float64Array;
  private readonly made = new WeakMap<PairChi, Float64Array>();
  private products?: ThinProducts;
  /** What lies in `products`. */
  private loaded?: Float64Array;

  constructor(private readonly basis: Basis) {
    this.left = new Projector(basis.v, basis.q);
    this.right = new Projector(basis.u, basis.q0);
    this.constant = this.right.ofValues();
  }

  /** Kb. */
  get width(): number {
    return this.right.count;
  }

  /** chi_ab = sum over x and y of q(x) q0(y) v_a(x) u_b(y) chi_xy: [Ka, Kb]. Asked again of the same chi, it is not made again. */
  of(chi: PairChi): Float64Array {
    const known = this.made.get(chi);
    if (known) return known;
    checkSizes(chi, this.basis);
    const A = this.left.of(chi.left);
    const offset = this.left.ofValues(chi.offset);
    const B = this.right.of(chi.right);
    const Kb = this.right.count;
    if (this.products?.cols !== chi.rank) {
      this.products = new ThinProducts(chi.rank, Kb);
      this.loaded = undefined;
    }
    if (this.loaded !== B) this.products.load(B);
    this.loaded = B;
    const out = this.products.project({ rows: this.left.count, data: A });
    for (let a = 0; a < this.left.count; a++)
      for (let b = 0; b < Kb; b++) out[a * Kb + b] += offset[a] * this.constant[b];
    this.made.set(chi, out);
    return out;
  }

  ofColumn({ name, all, without }: PairColumn): Couplings {
    const values = this.of(all);
    const leftOut = without.map((chi) => this.of(chi));
    return { name, values, errors: jackknifeErrors(leftOut, values.length) };
  }
}

/** Couplings of one component. For many, a `CouplingMaker` prepares the basis once. */
export const couplings = (column: PairColumn, basis: Basis): Couplings => new CouplingMaker(basis).ofColumn(column);

/** chi at pairs: [pairs]. */
export function pairValues(chi: PairChi, pairs: Pairs): Float64Array {
  const { offset, left, right, rank, contexts, tokens } = chi;
  checkPairs(pairs, contexts, tokens);
  const out = new Float64Array(pairs.contexts.length);
  for (let i = 0; i < out.length; i++) {
    const x = pairs.contexts[i];
    const y = pairs.tokens[i];
    let sum = offset[x];
    for (let r = 0; r < rank; r++) sum += left[x * rank + r] * right[y * rank + r];
    out[i] = sum;
  }
  return out;
}

/** Sum over a and b of values_ab v_a(x) u_b(y) at pairs, a and b below `k` where it is given: [pairs]. */
export function expand(values: ArrayLike<number>, basis: Basis, pairs: Pairs, k = Infinity): Float64Array {
  const { v, u } = basis;
  const { a: Ka, b: Kb } = sizeOf(basis);
  if (values.length !== Ka * Kb)
    throw new SpectroscopeError(`expansion: ${values.length} couplings for ${Ka} × ${Kb} functions`, {
      hint: "give the couplings of this basis",
    });
  checkPairs(pairs, basis.q.length, basis.q0.length);
  const [na, nb] = [Math.min(k, Ka), Math.min(k, Kb)];
  // Of every token once: pairs have far fewer tokens than they are.
  const places = new Map<number, number>();
  for (let i = 0; i < pairs.tokens.length; i++)
    if (!places.has(pairs.tokens[i])) places.set(pairs.tokens[i], places.size);
  const own = new Float64Array(places.size * nb);
  for (const [y, place] of places) for (let b = 0; b < nb; b++) own[place * nb + b] = u[y * Kb + b];
  const cut = new Float64Array(na * nb);
  for (let a = 0; a < na; a++) for (let b = 0; b < nb; b++) cut[a * nb + b] = values[a * Kb + b];
  const products = new ThinProducts(nb, na);
  products.load(cut);
  const ofTokens = products.project({ rows: places.size, data: own });
  const out = new Float64Array(pairs.contexts.length);
  for (let i = 0; i < out.length; i++) {
    const x = pairs.contexts[i] * Ka;
    const y = places.get(pairs.tokens[i])! * na;
    let sum = 0;
    for (let a = 0; a < na; a++) sum += v[x + a] * ofTokens[y + a];
    out[i] = sum;
  }
  return out;
}

/** Expansions cut at `k` of many components at pairs: rows for clustering, [pairs, components] row-major. */
export function expansionRows(
  components: readonly Couplings[],
  basis: Basis,
  pairs: Pairs,
  k: number,
): { rows: number; cols: number; data: Float64Array } {
  const rows = pairs.contexts.length;
  const cols = components.length;
  const data = new Float64Array(rows * cols);
  for (const [c, { values }] of components.entries()) {
    const column = expand(values, basis, pairs, k);
    for (let i = 0; i < rows; i++) data[i * cols + c] = column[i];
  }
  return { rows, cols, data };
}

/** @throws SpectroscopeError where chi is not of the basis's contexts and tokens, or its arrays not of its sizes */
export function checkSizes(chi: PairChi, { q, q0 }: Pick<Basis, "q" | "q0">): void {
  const { contexts, tokens, rank, offset, left, right } = chi;
  if (contexts !== q.length || tokens !== q0.length)
    throw new SpectroscopeError(
      `chi of ${contexts} contexts and ${tokens} tokens, modes of ${q.length} and ${q0.length}`,
      {
        hint: "take the modes of the contexts that were measured, in their order",
      },
    );
  if (offset.length !== contexts || left.length !== contexts * rank || right.length !== tokens * rank)
    throw new SpectroscopeError(
      `chi of ${contexts} contexts, ${tokens} tokens and rank ${rank} has ${offset.length}, ${left.length} and ${right.length} values`,
      { hint: "offset is [N], left [N, R], right [V, R]" },
    );
}

function checkPairs({ contexts, tokens }: Pairs, N: number, V: number): void {
  let bad = contexts.length === tokens.length ? -1 : Math.min(contexts.length, tokens.length);
  for (let i = 0; bad < 0 && i < contexts.length; i++)
    if (!(contexts[i] >= 0 && contexts[i] < N && tokens[i] >= 0 && tokens[i] < V)) bad = i;
  if (bad >= 0)
    throw new SpectroscopeError(`pair ${bad} is (${contexts[bad]}, ${tokens[bad]}) of ${N} contexts and ${V} tokens`, {
      hint: "give as many tokens as contexts, both within their ranges",
    });
}
