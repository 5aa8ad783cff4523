/** How well a token's nearest neighbors tell its known label: a score that needs no clustering. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Device } from "../plan/device";
import type { Matrix } from "../statistics/matrix";
import { nearestNeighbors } from "./knn";
import { findNeighbors } from "./neighbors/find";

/** Differences up to which plain loops are quicker than threads are begun; the ids are the same. */
const PLAIN = 2 ** 26;
/** Neighbors that vote. */
export const SCORED_NEIGHBORS = 8;

/** Labels that are known, and of how many tokens one needs to be scored. */
export interface KnownLabels {
  /** [tokens]; negative values belong to no label. */
  readonly numbers: ArrayLike<number>;
  readonly minCount: number;
}

export interface NeighborScores {
  /** Share of tokens whose label most of their neighbors have; of equally many, the label of the nearest of these wins. */
  readonly accuracy: number;
  /** Mean share of the neighbors that have the token's label. */
  readonly purity: number;
}

/**
 * Leave-one-out scores of the 8 nearest neighbors (of fewer tokens, all others), by Euclidean distance with ties by token. Tokens and
 * neighbors are those of labels with at least `minCount` tokens; undefined with fewer than two of them, and for points of no dimension.
 * @throws SpectroscopeError where points and truths are not equally many
 */
export async function scoreNeighbors(
  points: Matrix,
  { numbers: truth, minCount }: KnownLabels,
  options: { readonly device?: Device; readonly threads?: number } = {},
): Promise<NeighborScores | undefined> {
  if (truth.length !== points.rows) {
    throw new SpectroscopeError(`neighbor scores: ${points.rows} points against ${truth.length} truths`, {
      hint: "give one of each for every token",
    });
  }
  const counts = new Map<number, number>();
  for (let i = 0; i < truth.length; i++) if (truth[i] >= 0) counts.set(truth[i], (counts.get(truth[i]) ?? 0) + 1);
  const kept: number[] = [];
  for (let i = 0; i < truth.length; i++) if ((counts.get(truth[i]) ?? 0) >= minCount) kept.push(i);
  const { cols } = points;
  if (kept.length < 2 || cols === 0) return undefined;
  const k = Math.min(SCORED_NEIGHBORS, kept.length - 1);
  const data = new Float64Array(kept.length * cols);
  for (const [at, i] of kept.entries()) data.set(points.data.subarray(i * cols, (i + 1) * cols), at * cols);
  const known = { rows: kept.length, cols, data };
  const plain = kept.length ** 2 * cols <= PLAIN;
  const ids = plain ? nearestNeighbors(known, k) : (await findNeighbors(known, k, options)).ids;
  let right = 0;
  let same = 0;
  for (const [at, i] of kept.entries()) {
    const votes = new Map<number, number>();
    for (let j = 0; j < k; j++) {
      const label = truth[kept[ids[at * k + j]]];
      votes.set(label, (votes.get(label) ?? 0) + 1);
    }
    // A map keeps the order in which labels were met, nearest first.
    let best = -1;
    for (const [label, count] of votes) if (count > (votes.get(best) ?? 0)) best = label;
    if (best === truth[i]) right++;
    same += votes.get(truth[i]) ?? 0;
  }
  return { accuracy: right / kept.length, purity: same / (k * kept.length) };
}
