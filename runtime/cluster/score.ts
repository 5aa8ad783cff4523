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

/** Scores disjoint labels against the truth. Negative labels on either side count as singletons. */
export function scorePartition(labels: ArrayLike<number>, truth: ArrayLike<number>): PartitionScores {
  lengths(labels, truth);
  const n = labels.length;
  const cells = new Map<string, number>();
  const left = new Map<string, number>();
  const right = new Map<string, number>();
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const best = new Map<number, number>();
  const inCluster = new Map<string, number>();
  let assigned = 0;
  for (let i = 0; i < n; i++) {
    const a = labels[i] < 0 ? `single ${i}` : `${labels[i]}`;
    const b = truth[i] < 0 ? `single ${i}` : `${truth[i]}`;
    count(left, a);
    count(right, b);
    count(cells, `${a}|${b}`);
    if (labels[i] < 0) continue;
    assigned++;
    const key = `${labels[i]}|${truth[i]}`;
    count(inCluster, key);
    best.set(labels[i], Math.max(best.get(labels[i]) ?? 0, inCluster.get(key) ?? 0));
  }
  const pairs = (map: Map<string, number>) => {
    let sum = 0;
    for (const c of map.values()) sum += (c * (c - 1)) / 2;
    return sum;
  };
  const entropy = (map: Map<string, number>) => {
    let sum = 0;
    for (const c of map.values()) sum -= (c / n) * Math.log(c / n);
    return sum;
  };
  const all = (n * (n - 1)) / 2;
  const [together, a, b] = [pairs(cells), pairs(left), pairs(right)];
  const expected = all > 0 ? (a * b) / all : 0;
  const most = (a + b) / 2;
  const [ha, hb] = [entropy(left), entropy(right)];
  const mutual = Math.max(0, ha + hb - entropy(cells));
  let pure = 0;
  for (const c of best.values()) pure += c;
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
  const share = (sum: number) => (perLabel.length > 0 ? sum / perLabel.length : 0);
  return {
    meanBestF1: share(perLabel.reduce((sum, entry) => sum + entry.bestF1, 0)),
    shareAboveHalf: share(perLabel.filter((entry) => entry.bestF1 > 0.5).length),
    perLabel,
  };
}
