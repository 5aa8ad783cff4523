/** The small graphs of `bench --clustering --size small`, by name. */
import {
  barbell,
  connectedCavemen,
  fourGroups,
  gridOfCliques,
  relaxedCavemen,
  ringOfCliques,
  separateCliques,
} from "./small-graphs";
import type { TruthGraph } from "./truth-graph";

const RINGS = [
  [6, 8],
  [10, 6],
  [30, 5],
  [50, 8],
  [20, 12],
] as const;

const GRIDS = [
  [3, 3, 8],
  [5, 6, 6],
] as const;

const BARS = [8, 15, 30].flatMap((size) => [0, 1, 4].map((path) => [size, path] as const));

/** A name, what it is made with, and how. */
export interface SmallGraph {
  readonly name: string;
  readonly parameters: object;
  readonly make: () => TruthGraph;
}

export const SMALL_GRAPHS: readonly SmallGraph[] = [
  ...RINGS.map(([count, size]) => ring(`ring-${count}x${size}`, new Array<number>(count).fill(size))),
  ring("ring-5-to-30", [5, 30, 8, 20, 12, 6, 25, 10]),
  ...GRIDS.map(([rows, cols, size]) => ({
    name: `grid-${rows}x${cols}x${size}`,
    parameters: { rows, cols, size },
    make: () => gridOfCliques(rows, cols, size),
  })),
  ...BARS.map(([size, path]) => ({
    name: path === 0 ? `barbell-${size}` : `barbell-${size}-path-${path}`,
    parameters: { size, path },
    make: () => barbell(size, path),
  })),
  // The first has 72 % and 87 % of the volume.
  separate("components-30-11-11-11", [30, 11, 11, 11]),
  separate("components-40-12-8-6", [40, 12, 8, 6]),
  separate("components-10-10", [10, 10]),
  {
    name: "caveman-8x8",
    parameters: { caves: 8, size: 8 },
    make: () => connectedCavemen(8, 8),
  },
  ...[0.1, 0.3].map((moved) => {
    const parameters = { caves: 12, size: 12, moved, seed: 1 };
    return { name: `relaxed-caveman-12x12-p${moved}`, parameters, make: () => relaxedCavemen(parameters) };
  }),
  ...[2, 4, 6].map((outside) => {
    const parameters = { inside: 16 - outside, outside, seed: 1 };
    return { name: `four-groups-z${outside}`, parameters, make: () => fourGroups(parameters) };
  }),
];

function ring(name: string, sizes: readonly number[]): SmallGraph {
  return { name, parameters: { sizes }, make: () => ringOfCliques(sizes) };
}

function separate(name: string, sizes: readonly number[]): SmallGraph {
  return { name, parameters: { sizes }, make: () => separateCliques(sizes) };
}
