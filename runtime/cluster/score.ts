import { SpectroscopeError } from "../../kernels/errors";

/** Anything with members: an accepted cluster or a candidate. */
export interface TokenSet {
  members: ArrayLike<number>;
}

export interface PartitionScores {
  /** Adjusted Rand index; a negative label is a singleton of its own. */
  ari: number;
  /** Normalized mutual information by the arithmetic mean of the entropies; negative labels are singletons. */
  nmi: number;
  /** Size-weighted share of the most frequent truth in each cluster, over assigned tokens; 0 when none is. */
  purity: number;
  /** Share of tokens with a label. */
  assigned: number;
}

/** Share of a match's labels with a best F1 above a limit; 0 without labels. */
export function shareAbove({ perLabel }: MatchScores, limit: number): number {
  return perLabel.length > 0 ? perLabel.filter(({ bestF1 }) => bestF1 > limit).length / perLabel.length : 0;
}

export interface MatchScores {
  /** Mean over the truth labels with at least `minCount` tokens of the best F1 of any set. */
  meanBestF1: number;
  /** Share of those labels with a best F1 above 0.5. */
  shareAboveHalf: number;
  /** One entry for each of those labels, ascending; `set` is -1 when no set meets the label. */
  perLabel: { label: number; count: number; bestF1: number; set: number }[];
}

const lengths = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  if (a.length !== b.length || a.length === 0)
    throw new SpectroscopeError(`score: ${a.length} labels against ${b.length} truths`, {
      hint: "give one of each for every token",
    });
};

/** How often each value occurs among labels that are not negative, by place in `kinds`; and how many are negative. */
function tally(labels: ArrayLike<number>): { kinds: Map<number, number>; counts: number[]; singles: number } {
  const kinds = new Map<number, number>();
  const counts: number[] = [];
  let singles = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] < 0) {
      singles++;
      continue;
    }
    let kind = kinds.get(labels[i]);
    if (kind === undefined) {
      kind = counts.length;
      kinds.set(labels[i], kind);
      counts.push(0);
    }
    counts[kind]++;
  }
  return { kinds, counts, singles };
}

/** Scores disjoint labels against the truth. Negative labels on either side count as singletons. */
export function scorePartition(labels: ArrayLike<number>, truth: ArrayLike<number>): PartitionScores {
  lengths(labels, truth);
  const n = labels.length;
  const left = tally(labels);
  const right = tally(truth);
  const width = right.counts.length;
  const cells = new Map<number, number>();
  /** Rows that are alone in their cell of the table for want of a label on either side. */
  let alone = 0;
  /** Assigned rows without a truth, by cluster: they agree with each other as any label would. */
  const unknown = new Float64Array(left.counts.length);
  for (let i = 0; i < n; i++) {
    const a = left.kinds.get(labels[i]);
    const b = right.kinds.get(truth[i]);
    if (a !== undefined && b !== undefined) {
      const cell = a * width + b;
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    } else {
      alone++;
      if (a !== undefined) unknown[a]++;
    }
  }
  const pairs = (counts: Iterable<number>) => {
    let sum = 0;
    for (const c of counts) sum += (c * (c - 1)) / 2;
    return sum;
  };
  const entropy = (counts: Iterable<number>, singles: number) => {
    let sum = (singles / n) * Math.log(n);
    for (const c of counts) sum -= (c / n) * Math.log(c / n);
    return sum;
  };
  const all = (n * (n - 1)) / 2;
  const [together, a, b] = [pairs(cells.values()), pairs(left.counts), pairs(right.counts)];
  const expected = all > 0 ? (a * b) / all : 0;
  const most = (a + b) / 2;
  const [ha, hb] = [entropy(left.counts, left.singles), entropy(right.counts, right.singles)];
  const mutual = Math.max(0, ha + hb - entropy(cells.values(), alone));
  const best = unknown;
  for (const [cell, count] of cells) {
    const cluster = Math.floor(cell / width);
    best[cluster] = Math.max(best[cluster], count);
  }
  const assigned = n - left.singles;
  const pure = best.reduce((sum, count) => sum + count, 0);
  return {
    ari: most === expected ? 1 : (together - expected) / (most - expected),
    nmi: ha + hb > 0 ? Math.min(1, (2 * mutual) / (ha + hb)) : 1,
    purity: assigned > 0 ? pure / assigned : 0,
    assigned: assigned / n,
  };
}

/**
 * For every truth label with at least `minCount` tokens, the best F1 of any of the sets, which may overlap.
 * @param truth `[tokens]`; negative values belong to no label
 */
export function scoreSets(sets: readonly TokenSet[], truth: ArrayLike<number>, minCount = 10): MatchScores {
  const counts = new Map<number, number>();
  for (let i = 0; i < truth.length; i++) if (truth[i] >= 0) counts.set(truth[i], (counts.get(truth[i]) ?? 0) + 1);
  const best = new Map<number, { f1: number; set: number }>();
  for (let s = 0; s < sets.length; s++) {
    const { members } = sets[s];
    const shared = new Map<number, number>();
    for (let i = 0; i < members.length; i++) {
      const label = truth[members[i]];
      if (label === undefined)
        throw new SpectroscopeError(`score: set ${s} has token ${members[i]}, but there are ${truth.length} truths`, {
          hint: "give the truth of the tokens that were clustered",
        });
      if (label >= 0) shared.set(label, (shared.get(label) ?? 0) + 1);
    }
    for (const [label, both] of shared) {
      const f1 = (2 * both) / (members.length + (counts.get(label) ?? 0));
      if (f1 > (best.get(label)?.f1 ?? 0)) best.set(label, { f1, set: s });
    }
  }
  const perLabel = [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a], [b]) => a - b)
    .map(([label, count]) => ({
      label,
      count,
      bestF1: best.get(label)?.f1 ?? 0,
      set: best.get(label)?.set ?? -1,
    }));
  const total = perLabel.reduce((sum, entry) => sum + entry.bestF1, 0);
  const match = { meanBestF1: perLabel.length > 0 ? total / perLabel.length : 0, shareAboveHalf: 0, perLabel };
  return { ...match, shareAboveHalf: shareAbove(match, 0.5) };
}
