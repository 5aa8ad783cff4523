/** Data with a known answer: Gaussian clusters, with or without a body and heavy tails, for tests. */
import { makeRandom } from "../../runtime/cluster/random";
import { scoreSets } from "../../runtime/cluster/score";

export interface PlantedOptions {
  seed: number;
  /** Sizes of the planted clusters. */
  sizes: readonly number[];
  /** Points of the body, N(0, I), truth -1. */
  body: number;
  dims: number;
  /** Standard deviation of the cluster centers in each dimension. */
  centers: number;
  /** Standard deviation inside a cluster in each dimension. */
  spread: number;
  /** Degrees of freedom of a Student t scale for each point; nothing for Gaussian points. */
  tail?: number;
}

/** `[rows, cols]` row-major values with the planted cluster of each row, -1 for the body. */
export function plantClusters(options: PlantedOptions): {
  rows: number;
  cols: number;
  data: Float64Array;
  truth: Int32Array;
} {
  const { sizes, body, dims, centers, spread, tail } = options;
  const { normal } = makeRandom(options.seed);
  const rows = body + sizes.reduce((a, b) => a + b, 0);
  const data = new Float64Array(rows * dims);
  const truth = new Int32Array(rows).fill(-1);
  let row = 0;
  const fill = (center: Float64Array, scale: number) => {
    let stretch = 1;
    if (tail) {
      let chi2 = 0;
      for (let i = 0; i < tail; i++) chi2 += normal() ** 2;
      stretch = 1 / Math.sqrt(chi2 / tail);
    }
    for (let d = 0; d < dims; d++) data[row * dims + d] = center[d] + scale * stretch * normal();
    row++;
  };
  for (let c = 0; c < sizes.length; c++) {
    const center = Float64Array.from({ length: dims }, () => centers * normal());
    for (let i = 0; i < sizes[c]; i++) {
      truth[row] = c;
      fill(center, spread);
    }
  }
  const origin = new Float64Array(dims);
  for (let i = 0; i < body; i++) fill(origin, 1);
  return { rows, cols: dims, data, truth };
}

/** Points of the body of `plantedInBody`. */
export const BODY = 4000;
export const PLANTED = 25;

/** 25 clusters of 30 to 300 (centres N(0, 1.6^2 I), spread 0.35) in a body of 4,000 points N(0, I), 32 dimensions. */
export function plantedInBody(seed: number): ReturnType<typeof plantClusters> {
  const { uniform } = makeRandom(1000 + seed);
  const sizes = Array.from({ length: PLANTED }, () => Math.round(30 * 10 ** uniform()));
  return plantClusters({ seed, sizes, body: BODY, dims: 32, centers: 1.6, spread: 0.35 });
}

/** How many planted clusters are there with an F1 above 0.8, and what share of the body lies in clusters. */
export function foundInBody(
  clusters: readonly { readonly members: number[] }[],
  truth: Int32Array,
): { found: number; body: number } {
  const found = scoreSets(clusters, truth).perLabel.filter(({ bestF1 }) => bestF1 > 0.8).length;
  const inside = clusters.flatMap(({ members }) => members).filter((row) => truth[row] < 0).length;
  return { found, body: inside / BODY };
}
