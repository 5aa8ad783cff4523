/** The matrices of `bench --clustering --points`: shapes of our own, those of a folder, and those that scikit-learn carries. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SpectroscopeError } from "../../../kernels/errors";
import { exactNeighbors } from "../../../runtime/cluster/neighbors/exact";
import { symmetrize } from "../../../runtime/cluster/symmetrize";
import { fitLabels, readLabels } from "../../../runtime/formats/labels";
import { decodeNpy } from "../../../runtime/formats/npy";
import { BENCH_K, type BenchGraph, edgesOf } from "./catalogue";
import type { Peers } from "./peers";
import { blobs, circles, moons, type PointSet, rolledSheets, spirals, type TruthPoints } from "./shapes";

function shape<O extends object>(name: string, draw: (options: O) => TruthPoints, parameters: O): PointSet {
  return { name, parameters, make: () => draw(parameters) };
}

const equal = (groups: number, size: number) => new Array<number>(groups).fill(size);

/** Groups 15 standard deviations apart, few and large beside the whole. */
const FAR = [2, 3, 4].flatMap((groups) =>
  [40, 100, 400].flatMap((size) =>
    [2, 8].map((dims) => {
      const options = { sizes: equal(groups, size), dims, distance: 15, seed: 1 };
      return shape(`blobs-${groups}x${size}-d${dims}`, blobs, options);
    }),
  ),
);

export const SHAPES: readonly PointSet[] = [
  ...FAR,
  shape("blobs-unbalanced", blobs, { sizes: [950, 50], dims: 2, distance: 10, seed: 1 }),
  shape("blobs-varied", blobs, { sizes: equal(3, 500), dims: 2, distance: 9, widths: [1, 2.5, 0.5], seed: 1 }),
  shape("blobs-stretched", blobs, { sizes: equal(3, 500), dims: 2, distance: 9, stretch: 4, seed: 1 }),
  shape("moons", moons, { sizes: equal(2, 500), noise: 0.05, seed: 1 }),
  shape("circles", circles, { sizes: equal(2, 500), noise: 0.05, seed: 1 }),
  shape("spirals", spirals, { sizes: equal(3, 400), turns: 1.25, noise: 0.1, seed: 1 }),
  shape("rolled-sheets", rolledSheets, { sizes: equal(2, 1000), height: 10, noise: 0.1, seed: 1 }),
];

/**
 * Matrices of a folder: NAME.npy, two axes, with the labels of its rows in NAME.labels.txt or in a file of that kind whose name
 * begins NAME. A matrix without labels is passed over. @throws SpectroscopeError
 */
export function pointSetsOfFolder(folder: string): PointSet[] {
  if (!existsSync(folder)) {
    throw new SpectroscopeError(`--graphs ${folder}: no such folder`, {
      code: "usage",
      hint: "name a folder of .npy files",
    });
  }
  const files = readdirSync(folder).sort();
  const stems = files
    .filter((file) => file.endsWith(".labels.txt"))
    .map((file) => file.slice(0, -".labels.txt".length));
  return files.flatMap((file) => {
    if (!file.endsWith(".npy")) return [];
    const name = file.slice(0, -".npy".length);
    const stem = stems.filter((start) => name.startsWith(start)).sort((a, b) => b.length - a.length)[0];
    if (stem === undefined) return [];
    const labels = join(folder, `${stem}.labels.txt`);
    return [{ name, parameters: { file }, make: () => readPoints(join(folder, file), labels) }];
  });
}

function readPoints(path: string, labels: string): TruthPoints {
  const { shape: axes, data } = decodeNpy(readFileSync(path), path);
  const read = readLabels(readFileSync(labels), labels);
  const { numbers: truth } = fitLabels(read, { n: axes[0], unit: "rows" }).labels;
  if (axes.length !== 2 || axes[0] !== truth.length) {
    throw new SpectroscopeError(`${path}: has shape [${axes.join(", ")}], ${labels} has ${truth.length} labels`, {
      hint: "give a matrix with a label for each row",
    });
  }
  return { points: { rows: axes[0], cols: axes[1], data: Float64Array.from(data) }, truth };
}

/** Matrices of `only`'s names, with their union kNN graph: shapes, what a folder holds, and, where there are peers, theirs. */
export async function* pointBenches(
  only: RegExp,
  folder: string | undefined,
  peers: Peers | undefined,
  parameters: Record<string, object>,
): AsyncGenerator<BenchGraph> {
  const theirs = peers ? await peers.datasets() : [];
  const sets = [...(folder === undefined ? [] : pointSetsOfFolder(folder)), ...theirs, ...SHAPES];
  for (const set of sets) {
    if (!only.test(set.name)) continue;
    parameters[set.name] = set.parameters;
    const { points, truth } = set.make();
    const neighbors = await exactNeighbors(points, Math.min(BENCH_K, points.rows - 1));
    const ends = edgesOf(symmetrize(neighbors, points.rows, "union"));
    yield { name: set.name, graph: { n: points.rows, ends, truth }, points };
  }
}
