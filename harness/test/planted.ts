/** Data with a known answer: Gaussian clusters, with or without a body and heavy tails, for tests. */
import { makeRandom } from "../../runtime/cluster/random";

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
