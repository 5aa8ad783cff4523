/** ARI of ours now beside that of an earlier `bench --clustering --json`. */
import { readFileSync } from "node:fs";
import { SpectroscopeError } from "../../../kernels/errors";
import { type MethodRow, OURS, OURS_FROM_POINTS } from "./compare";

/** ARI that a graph may lose before it counts as worse. */
export const LOSS = 0.01;

/** One method of ours on one graph, then and now. */
export interface Change {
  readonly graph: string;
  readonly method: string;
  readonly before: number;
  readonly now: number;
  /** Seconds of processor time, where both runs have them. */
  readonly busyBefore?: number;
  readonly busyNow?: number;
  /** Lost more than `LOSS`. */
  readonly worse: boolean;
}

/** Rows of an earlier run's JSON. @throws SpectroscopeError where the file is none */
export function readEarlier(path: string): MethodRow[] {
  let rows: unknown;
  try {
    rows = JSON.parse(readFileSync(path, "utf8")).rows;
  } catch (cause) {
    throw new SpectroscopeError(`--compare ${path}: ${(cause as Error).message}`, { hint: REMEDY, cause });
  }
  if (!Array.isArray(rows) || !rows.every((row) => typeof row?.graph === "string" && typeof row.method === "string"))
    throw new SpectroscopeError(`--compare ${path}: holds no rows of graphs and methods`, { hint: REMEDY });
  return rows;
}

const REMEDY = "give what bench --clustering --json wrote";

/**
 * What changed, for every graph and method of ours that both runs scored; a method that has no result any more counts as
 * ARI NaN, and as worse.
 */
export function changesOf(earlier: readonly MethodRow[], rows: readonly MethodRow[]): Change[] {
  const changes: Change[] = [];
  for (const row of rows) {
    if (row.method !== OURS && row.method !== OURS_FROM_POINTS) continue;
    const old = earlier.find(({ graph, method }) => graph === row.graph && method === row.method);
    if (old?.ari === undefined) continue;
    const now = row.ari ?? Number.NaN;
    changes.push({
      graph: row.graph,
      method: row.method,
      before: old.ari,
      now,
      ...(old.busy !== undefined && row.busy !== undefined ? { busyBefore: old.busy, busyNow: row.busy } : {}),
      worse: !(now >= old.ari - LOSS),
    });
  }
  return changes;
}
