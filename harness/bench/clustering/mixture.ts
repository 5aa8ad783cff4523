import { makeRandom } from "../../../runtime/cluster/random";
import type { Matrix } from "../../../runtime/statistics/matrix";
import { groupSizes, shuffledGroups } from "./sizes";

export interface MixtureOptions {
  n: number;
  /** Dimensions. */
  cols: number;
  /** Sizes of the components: uniform in the logarithm between these. */
  smallest: number;
  largest: number;
  /** Standard deviation of the components' centres in each dimension; a component's own is about 1. */
  spread: number;
  /** A component's own standard deviation is uniform in [1 - scatter, 1 + scatter]. */
  scatter: number;
  seed: number;
}

/** A mixture of isotropic normal components; `truth` is the component each row was drawn from. */
export function mixturePoints(options: MixtureOptions): { points: Matrix & { data: Float64Array }; truth: Int32Array } {
  const { n, cols, smallest, largest, spread, scatter } = options;
  const { uniform, normal } = makeRandom(options.seed);
  const sizes = groupSizes(uniform, n, 1, smallest, largest);
  const truth = shuffledGroups(uniform, sizes);
  const centres = Float64Array.from({ length: sizes.length * cols }, () => spread * normal());
  const widths = sizes.map(() => 1 + scatter * (2 * uniform() - 1));
  const data = new Float64Array(n * cols);
  for (let i = 0; i < n; i++) {
    const at = truth[i] * cols;
    for (let c = 0; c < cols; c++) data[i * cols + c] = centres[at + c] + widths[truth[i]] * normal();
  }
  return { points: { rows: n, cols, data }, truth };
}
