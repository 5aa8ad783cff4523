import { scorePartition } from "../cluster/score";
import { columnAgreement } from "../susceptibility/agreement";
import type { ChiTable } from "../susceptibility/chi-table";

/** What two runs are compared by. */
export interface Findings {
  readonly chi: ChiTable;
  /** Cluster of every token, -1 for none. */
  readonly labels: ArrayLike<number>;
}

/** How alike two runs over the same tokens are. */
export interface Agreement {
  /** Components that both have, with the correlations of their columns of chi over tokens. */
  readonly columns: readonly { readonly name: string; readonly pearson: number; readonly spearman: number }[];
  readonly medianPearson: number;
  readonly medianSpearman: number;
  readonly lowestSpearman: number;
  /** Adjusted Rand index of the clusters, and normalized mutual information; tokens in none are singletons. NaN where neither run has one. */
  readonly ari: number;
  readonly nmi: number;
}

/** Compares two runs over the same tokens, column by column and cluster by cluster. */
export function agreementOf(a: Findings, b: Findings): Agreement {
  const shared = a.chi.components.filter((name) => b.chi.components.includes(name));
  const pick = ({ chi: { tokens: rows, components, chi: data } }: Findings) => {
    const cols = components.length;
    const places = shared.map((name) => components.indexOf(name));
    const out = new Float64Array(rows * shared.length);
    for (let i = 0; i < rows; i++) {
      for (const [c, place] of places.entries()) out[i * shared.length + c] = data[i * cols + place];
    }
    return { rows, cols: shared.length, data: out };
  };
  const { pearson, spearman } = columnAgreement(pick(a), pick(b));
  const ascending = (values: Float64Array) => values.filter((value) => !Number.isNaN(value)).sort();
  const clustered = ({ labels }: Findings) => Array.from(labels).some((label) => label >= 0);
  const none = { ari: Number.NaN, nmi: Number.NaN };
  const { ari, nmi } = clustered(a) || clustered(b) ? scorePartition(a.labels, b.labels) : none;
  return {
    columns: shared.map((name, c) => ({ name, pearson: pearson[c], spearman: spearman[c] })),
    medianPearson: median(ascending(pearson)),
    medianSpearman: median(ascending(spearman)),
    lowestSpearman: ascending(spearman)[0] ?? Number.NaN,
    ari,
    nmi,
  };
}

/** Of ascending numbers; NaN of none. */
function median(sorted: ArrayLike<number>): number {
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
