/** What is said of repeated times: the middle, and how far the middle half lies around it. */

/** Milliseconds, or whatever was measured. */
export interface Spread {
  readonly median: number;
  /** Ends of the middle half of the samples. */
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
  readonly samples: number;
}

/** The value below which a share of the samples lies, linear between neighbors. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/** Sums up one or more samples. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    min: sorted[0],
    max: sorted[sorted.length - 1],
    samples: sorted.length,
  };
}

/** Times one piece of work as `sampleTurns` does. */
export async function sampleWall(work: () => Promise<unknown>, budgetMs: number): Promise<Spread> {
  const [spread] = await sampleTurns([work], budgetMs);
  return spread;
}

/**
 * Milliseconds of pieces of work that take turns, so that what slows the machine falls on all of them: a round that does not count,
 * then rounds until `budgetMs` a piece is used, 3 to 50.
 */
export async function sampleTurns(pieces: readonly (() => Promise<unknown>)[], budgetMs: number): Promise<Spread[]> {
  for (const work of pieces) await work();
  const times: number[][] = pieces.map(() => []);
  const start = performance.now();
  for (let round = 0; round < 3 || (round < 50 && performance.now() - start < budgetMs * pieces.length); round++) {
    for (const [i, work] of pieces.entries()) {
      const since = performance.now();
      await work();
      times[i].push(performance.now() - since);
    }
  }
  return times.map(spreadOf);
}
