/** The graphs of the clustering benchmark: what they are made of, by size. Every parameter and seed stands here. */
import type { Graph } from "../../../kernels/graph/csr";
import { exactNeighbors } from "../../../runtime/cluster/neighbors/exact";
import { symmetrize } from "../../../runtime/cluster/symmetrize";
import type { Matrix } from "../../../runtime/statistics/matrix";
import { type BlockModelOptions, blockModel } from "./block-model";
import { type LfrOptions, lfr } from "./lfr";
import { type MixtureOptions, mixturePoints } from "./mixture";
import { SMALL_GRAPHS } from "./small-catalogue";
import { type SpatialOptions, spatialNeighbors } from "./spatial";
import type { TruthGraph } from "./truth-graph";

export const SIZES = ["small", "10k", "100k", "1m"] as const;
export type Size = (typeof SIZES)[number];

/** A graph with its truth and, beside the first kNN graph of points, the points. */
export interface BenchGraph {
  readonly name: string;
  readonly graph: TruthGraph;
  readonly points?: Matrix;
}

/** One drawing of points or edges; a mixture makes two graphs of the same points. */
export interface BenchGraphs {
  readonly name: string;
  /** Names of the graphs that it makes. */
  readonly graphs: readonly string[];
  readonly parameters: object;
  make(): Promise<BenchGraph[]>;
}

/** Neighbors of the kNN graphs. */
export const BENCH_K = 15;

/**
 * 24 dimensions, components of 50 or 100 to 500 points. The spread is set so that at 100k Leiden's ARI is about 0.65 on the
 * union graph and 0.74 on the mutual one, at 10k 0.68 and 0.7: a graph that is neither trivial nor hopeless.
 */
export const MIXTURES: Record<"10k" | "100k", MixtureOptions> = {
  "10k": { n: 10_000, cols: 24, smallest: 50, largest: 500, spread: 1, scatter: 0, seed: 1 },
  "100k": { n: 100_000, cols: 24, smallest: 100, largest: 500, spread: 1.5, scatter: 0, seed: 1 },
};

/** Leiden's ARI is about 1 at 10k and 0.94 at 100k: there it merges blocks. */
export const blockModelOptions = (n: number): BlockModelOptions => ({
  n,
  smallest: 50,
  largest: 800,
  degree: 12,
  mixing: 0.2,
  seed: 1,
});

/** Communities of 10 to 50 at mean degree 5, of 20 to 100 at 15. */
export const lfrOptions = (n: number, degree: 5 | 15, mu: number): LfrOptions => ({
  n,
  mu,
  degree,
  maxDegree: degree === 5 ? 25 : 50,
  degreeExponent: 2.5,
  smallest: degree === 5 ? 10 : 20,
  largest: degree === 5 ? 50 : 100,
  sizeExponent: 1.5,
  seed: 1,
});

/** A kNN graph of points in space, for scaling: a million nodes without minutes of kNN. */
export const spatialOptions = (n: number): SpatialOptions => ({
  n,
  k: BENCH_K,
  smallest: 100,
  largest: 1600,
  distance: 4,
  seed: 1,
});

/** The drawings of a size. */
export function catalogue(size: Size): BenchGraphs[] {
  if (size === "small") {
    return SMALL_GRAPHS.map(({ name, parameters, make }) => drawn(name, parameters, make));
  }
  if (size === "1m") return [spatial(`spatial-${size}`, spatialOptions(1_000_000))];
  const n = MIXTURES[size].n;
  return [mixture(`mixture-${size}`, MIXTURES[size]), blocks(`block-${size}`, blockModelOptions(n)), ...lfrs(size, n)];
}

/** The graphs of `goldens/clustering/lgc.json`: small enough that a test draws them again. */
export function parityGraphs(): BenchGraphs[] {
  return [
    mixture("mixture-4k", { ...MIXTURES["10k"], n: 4000 }),
    spatial("spatial-20k", spatialOptions(20_000)),
    blocks("block-10k", blockModelOptions(10_000)),
    drawn("lfr-10k-d15-mu0.2", lfrOptions(10_000, 15, 0.2), lfr),
    drawn("lfr-10k-d5-mu0.1", lfrOptions(10_000, 5, 0.1), lfr),
  ];
}

function lfrs(size: Size, n: number): BenchGraphs[] {
  return ([5, 15] as const).flatMap((degree) =>
    [0.1, 0.2, 0.3, 0.4].map((mu) => drawn(`lfr-${size}-d${degree}-mu${mu}`, lfrOptions(n, degree, mu), lfr)),
  );
}

const blocks = (name: string, options: BlockModelOptions) => drawn(name, options, blockModel);

function drawn<O extends object>(name: string, parameters: O, draw: (options: O) => TruthGraph): BenchGraphs {
  return { name, graphs: [name], parameters, make: async () => [{ name, graph: draw(parameters) }] };
}

function mixture(name: string, options: MixtureOptions): BenchGraphs {
  return {
    name,
    graphs: bothNames(name),
    parameters: { ...options, k: BENCH_K },
    async make() {
      const { points, truth } = mixturePoints(options);
      const neighbors = await exactNeighbors(points, BENCH_K);
      return bothGraphs(name, neighbors, truth, points);
    },
  };
}

function spatial(name: string, options: SpatialOptions): BenchGraphs {
  return {
    name,
    graphs: bothNames(name),
    parameters: options,
    async make() {
      const { neighbors, truth } = spatialNeighbors(options);
      return bothGraphs(name, neighbors, truth);
    },
  };
}

const RULES = ["union", "mutual"] as const;
const bothNames = (name: string) => RULES.map((rule) => `${name}-${rule}`);

function bothGraphs(name: string, neighbors: Uint32Array, truth: Int32Array, points?: Matrix): BenchGraph[] {
  return RULES.map((rule, i) => ({
    name: bothNames(name)[i],
    graph: { n: truth.length, ends: edgesOf(symmetrize(neighbors, truth.length, rule)), truth },
    // What sees the points is asked once, beside the first graph.
    points: i === 0 ? points : undefined,
  }));
}

/** Each edge of a graph once, the smaller end first. */
export function edgesOf({ n, offsets, neighbors }: Graph): Uint32Array {
  const ends = new Uint32Array(neighbors.length);
  let at = 0;
  for (let v = 0; v < n; v++) {
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      if (neighbors[e] < v) continue;
      ends[at++] = v;
      ends[at++] = neighbors[e];
    }
  }
  return ends;
}
