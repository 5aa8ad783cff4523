/** `bench --clustering --planted`: clusters planted in a body, and matrices without structure, by the defaults of `cluster --matrix`. */
import type { TokenClustering } from "../../../runtime/cluster/cluster";
import { gaussianMatrix, shuffledColumns } from "../../../runtime/cluster/controls";
import { clusterEach } from "../../../runtime/cluster/many";
import type { Matrix } from "../../../runtime/statistics/matrix";
import { foundInBody, PLANTED, plantedInBody } from "../../test/planted";

/** Largest share of the body that may lie in clusters. */
export const MOST_BODY = 0.02;

/** Seeds of the planted matrices: those of `harness/cli/planted.test.ts` are 1 and 2. */
const SEEDS = Array.from({ length: 10 }, (_, i) => 3 + i);

/** Gaussian nulls: rows, columns and how many. */
const SHAPES: readonly (readonly [rows: number, cols: number, count: number])[] = [
  ...[500, 1000, 2000].flatMap((rows) => [8, 16, 32, 40].map((cols) => [rows, cols, 4] as const)),
  [1000, 29, 6],
  [6000, 32, 6],
];

/** One planted matrix. */
export interface PlantedRow {
  readonly seed: number;
  /** Planted clusters that a cluster matches with an F1 above 0.8. */
  readonly found: number;
  readonly of: number;
  readonly clusters: number;
  /** Share of the body's points that lie in clusters. */
  readonly body: number;
}

/** Matrices without structure of one kind. */
export interface NullRow {
  readonly kind: string;
  readonly count: number;
  /** Matrices in which a cluster was found. */
  readonly withClusters: number;
  /** Clusters in all of them. */
  readonly clusters: number;
}

export interface PlantedBench {
  readonly planted: PlantedRow[];
  readonly nulls: NullRow[];
  readonly passed: boolean;
}

/** What has to hold of the rows: all planted clusters found, the body left alone, nothing in nulls. */
export const holds = (planted: readonly PlantedRow[], nulls: readonly NullRow[]): boolean =>
  planted.every(({ found, of, body }) => found === of && body <= MOST_BODY) &&
  nulls.every(({ clusters }) => clusters === 0);

/** Kinds of matrices without structure, each made when it is its turn. */
function nullKinds(): { kind: string; matrices: (() => Matrix)[] }[] {
  const gaussian = SHAPES.map(([rows, cols, count], shape) => ({
    kind: `Gaussian, ${rows} x ${cols}`,
    matrices: Array.from({ length: count }, (_, i) => () => gaussianMatrix(rows, cols, 100 * (shape + 1) + i)),
  }));
  const shuffled = SEEDS.map((seed) => () => shuffledColumns(plantedInBody(seed), seed));
  return [...gaussian, { kind: "planted, columns shuffled", matrices: shuffled }];
}

/** Each matrix on one thread, as many side by side as there are threads: results do not depend on it. */
function clusterAll(matrices: readonly (() => Matrix)[], threads?: number): Promise<TokenClustering[]> {
  const jobs = matrices.map((make) => () => ({ matrix: make(), options: { profiles: false } }));
  return clusterEach(0, jobs, { threads });
}

/** Runs it all; `print` gets lines as they come. */
export async function benchPlanted(threads: number | undefined, print: (line: string) => void): Promise<PlantedBench> {
  const found = await clusterAll(
    SEEDS.map((seed) => () => plantedInBody(seed)),
    threads,
  );
  const planted = found.map(({ clusters }, i): PlantedRow => {
    const { truth } = plantedInBody(SEEDS[i]);
    return { seed: SEEDS[i], of: PLANTED, clusters: clusters.length, ...foundInBody(clusters, truth) };
  });
  for (const row of planted) print(plantedLine(row));
  const nulls: NullRow[] = [];
  for (const { kind, matrices } of nullKinds()) {
    const sizes = (await clusterAll(matrices, threads)).map(({ clusters }) => clusters.length);
    const row = {
      kind,
      count: sizes.length,
      withClusters: sizes.filter((size) => size > 0).length,
      clusters: sizes.reduce((a, b) => a + b, 0),
    };
    nulls.push(row);
    print(nullLine(row));
  }
  const passed = holds(planted, nulls);
  print(
    passed
      ? "passed"
      : `FAILED: ${PLANTED} of ${PLANTED}, at most ${100 * MOST_BODY} % of the body, no clusters in nulls`,
  );
  return { planted, nulls, passed };
}

const plantedLine = ({ seed, found, of, clusters, body }: PlantedRow) =>
  `planted, seed ${seed}: ${found} of ${of} in ${clusters} clusters, ${(100 * body).toFixed(2)} % of the body`;

const nullLine = ({ kind, count, withClusters, clusters }: NullRow) =>
  `${kind}: ${clusters} clusters in ${withClusters} of ${count}`;
