/** Two benches against each other, in the knowledge of their noise. */
import { type BenchRow, type HeaderRow, roofOf, timedRow } from "./lines";
import type { Roof } from "./roof";

/**
 * `same`: the medians differ by less than `SMALL`. `faster`, `slower`: by more than that and what the machine itself changed by, and
 * the middle halves of the samples do not touch. `unclear`: anything else.
 */
export type Judgement = "same" | "faster" | "slower" | "unclear";

export interface VerdictRow {
  readonly row: "verdict";
  readonly key: string;
  readonly before: number;
  readonly now: number;
  /** now / before: below 1 is faster. */
  readonly ratio: number;
  readonly judgement: Judgement;
}

/** Medians of a quiet machine repeat to about this. */
const SMALL = 0.05;

interface Middle {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** What can be said of two times; `drift`: the factor, from 1 on, by which the machine itself was faster or slower. */
export function judge(before: Middle, now: Middle, drift = 1): Judgement {
  const ratio = now.median / before.median;
  const change = Math.max(ratio, 1 / ratio);
  if (change <= 1 + SMALL) return "same";
  if (change > (1 + SMALL) * drift) {
    if (now.high < before.low) return "faster";
    if (now.low > before.high) return "slower";
  }
  return "unclear";
}

/** How much the measured roofs of two benches differ: a factor from 1 on. */
function driftOf(before: readonly BenchRow[], now: readonly BenchRow[]): number {
  const [old, fresh] = [roofOf(before), roofOf(now)];
  if (!old || !fresh) return 1;
  const ratios = [fresh.gflops / old.gflops, fresh.gbps / old.gbps];
  return Math.max(...ratios.map((ratio) => Math.max(ratio, 1 / ratio)));
}

/** Verdicts on the rows that both benches have, in the order of the new one. */
export function compareBenches(before: readonly BenchRow[], now: readonly BenchRow[]): VerdictRow[] {
  const known = new Map<string, Middle>();
  for (const row of before) {
    const timed = timedRow(row);
    if (timed) known.set(timed.key, timed);
  }
  const drift = driftOf(before, now);
  return now.flatMap((row) => {
    const timed = timedRow(row);
    const old = timed && known.get(timed.key);
    if (!timed || !old) return [];
    const { key, median } = timed;
    const judgement = judge(old, timed, drift);
    return [{ row: "verdict", key, before: old.median, now: median, ratio: median / old.median, judgement }];
  });
}

/** What a reader must know before reading verdicts: another adapter, another roof. */
export function compareNotes(before: readonly BenchRow[], now: readonly BenchRow[]): string[] {
  const notes: string[] = [];
  const [then, today] = [before[0], now[0]] as HeaderRow[];
  if (then.adapter !== today.adapter) {
    notes.push(`then on ${then.adapter}, now on ${today.adapter}: ratios compare adapters`);
  }
  const [old, fresh] = [roofOf(before), roofOf(now)];
  if (old && fresh) {
    const drift = driftOf(before, now);
    const text = (roof: Roof) => `${roof.gflops.toFixed(1)} GFLOP/s and ${roof.gbps.toFixed(1)} GB/s`;
    const warning =
      drift > 1.1 ? `: the machine itself changed by ${drift.toFixed(2)}, and less than that is unclear` : "";
    notes.push(`roofs then ${text(old)}, now ${text(fresh)}${warning}`);
  }
  return notes;
}
