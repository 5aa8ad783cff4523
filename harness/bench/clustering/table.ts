/** The rows of the clustering benchmark as text. */
import type { KnnBench } from "../knn";
import type { MethodRow } from "./compare";
import type { SeedRow } from "./per-seed";
import { type Change, LOSS } from "./regressions";
import type { ScalingRow } from "./scaling";

type Cell = string | number | undefined;

/** Cells to columns: the first `left` columns are words, the others numbers. */
function line(cells: readonly Cell[], widths: readonly number[], left: number): string {
  return cells
    .map((cell, i) => (i < left ? String(cell ?? "").padEnd(widths[i]) : String(cell ?? "-").padStart(widths[i])))
    .join(" ")
    .trimEnd();
}

const seconds = (s?: number) => s?.toPrecision(3);
const fixed = (x: number | undefined, digits: number) => x?.toFixed(digits);
const percent = (x?: number) => (x === undefined ? undefined : `${(100 * x).toFixed(0)} %`);
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

const METHOD_WIDTHS = [28, 21, 8, 8, 6, 6, 8, 8, 6, 1];
export const METHOD_HEADER = line(
  ["graph", "method", "seconds", "/ ours", "ARI", "NMI", "clusters", "covered", "rounds"],
  METHOD_WIDTHS,
  2,
);

export function methodLine(row: MethodRow): string {
  if (row.failure) return line([row.graph, row.method, row.failure], [28, 21, 0], 3);
  return line(
    [
      row.graph,
      row.method,
      seconds(row.seconds),
      fixed(row.ratio, 2),
      fixed(row.ari, 3),
      fixed(row.nmi, 3),
      row.clusters,
      percent(row.covered),
      row.rounds,
      row.ariRange && row.ariRange[0] < row.ariRange[1]
        ? `ARI ${row.ariRange.map((x) => fixed(x, 3)).join(" to ")}`
        : "",
    ],
    METHOD_WIDTHS,
    2,
  );
}

const SEED_WIDTHS = [28, 10, 10, 8, 12];
export const SEED_HEADER = line(
  ["push and sweep of one seed", "ours, us", "LGC, us", "LGC / us", "edge pass, us"],
  SEED_WIDTHS,
  1,
);

export function seedLine(row: SeedRow): string {
  return line(
    [row.graph, fixed(row.ours, 0), fixed(row.lgc, 0), fixed(row.ratio, 2), fixed(row.lgcEdgePass, 0)],
    SEED_WIDTHS,
    1,
  );
}

const SCALING_WIDTHS = [28, 9, 9, 8, 8, 8, 8, 6, 9];
export const SCALING_HEADER = line(
  ["threads", "nodes", "edges", "threads", "seconds", "speedup", "clusters", "ARI", "peak"],
  SCALING_WIDTHS,
  1,
);

export function scalingLine(row: ScalingRow): string {
  return line(
    [
      row.graph,
      row.nodes,
      row.edges,
      row.threads,
      seconds(row.seconds),
      fixed(row.speedup, 2),
      row.clusters,
      fixed(row.ari, 3),
      megabytes(row.peakBytes),
    ],
    SCALING_WIDTHS,
    1,
  );
}

export function knnLine({ rows, cols, k, threads, seconds: ours, oneThread, peer }: KnnBench): string {
  const theirs = peer
    ? `; ${peer.name}: ${peer.seconds.toPrecision(3)} s, ${peer.ratio.toFixed(2)} times ours, ${peer.sameIds ? "the same ids" : "OTHER ids"}`
    : "";
  return `exact neighbors, ${rows} x ${cols}, k ${k}: ${ours.toPrecision(3)} s with ${threads} threads, ${oneThread.toPrecision(3)} s with one${theirs}`;
}

const CHANGE_WIDTHS = [28, 21, 8, 8, 8, 9, 9];

/** ARI before and now with processor time, and how many are worse. */
export function changeLines(changes: readonly Change[]): string[] {
  const worse = changes.filter((change) => change.worse).length;
  const lines = changes.map((change) =>
    line(
      [
        change.graph,
        change.method,
        fixed(change.before, 3),
        fixed(change.now, 3),
        fixed(change.now - change.before, 3),
        seconds(change.busyBefore),
        seconds(change.busyNow),
        change.worse ? "worse" : "",
      ],
      [...CHANGE_WIDTHS, 6],
      2,
    ),
  );
  const header = line(
    ["beside the earlier run", "method", "before", "now", "change", "busy, s", "now, s"],
    CHANGE_WIDTHS,
    2,
  );
  return [header, ...lines, `${changes.length} compared, ${worse} lost more than ${LOSS} ARI`];
}
