/** Points in plain shapes, the ones that clusterings are shown on, drawn by ourselves. Rows come group by group. */
import { makeRandom } from "../../../runtime/cluster/random";
import type { Matrix } from "../../../runtime/statistics/matrix";

/** Points with the group that each was drawn from. */
export interface TruthPoints {
  /** [points, dimensions]. */
  readonly points: Matrix & { data: Float64Array };
  /** `[points]` group ids from 0. */
  readonly truth: Int32Array;
}

/** A matrix with its truth, made when it is asked for. */
export interface PointSet {
  readonly name: string;
  /** What it was drawn with, or where it is from. */
  readonly parameters: object;
  readonly make: () => TruthPoints;
}

export interface ShapeOptions {
  /** Points of each group. */
  sizes: readonly number[];
  seed: number;
}

/** One point of a group, in every coordinate; `uniform` and `normal` are the only sources of chance. */
type Draw = (group: number, random: ReturnType<typeof makeRandom>) => readonly number[];

function drawn({ sizes, seed }: ShapeOptions, draw: Draw): TruthPoints {
  const random = makeRandom(seed);
  const rows: (readonly number[])[] = [];
  const truth: number[] = [];
  for (const [group, size] of sizes.entries()) {
    for (let i = 0; i < size; i++) {
      rows.push(draw(group, random));
      truth.push(group);
    }
  }
  const points = { rows: rows.length, cols: rows[0].length, data: Float64Array.from(rows.flat()) };
  return { points, truth: Int32Array.from(truth) };
}

export interface BlobOptions extends ShapeOptions {
  dims: number;
  /** Distance of neighboring centres, in units of a standard deviation of 1. */
  distance: number;
  /** Standard deviation of each group; 1 where nothing is said. */
  widths?: readonly number[];
  /** Factor by which all points are stretched along the diagonal of the first two dimensions, after which `distance` no longer holds. */
  stretch?: number;
}

/**
 * Normal groups: centres on the corners of a regular polygon whose side is `distance`, or, where there are as many dimensions
 * as groups and more than two, each on an axis of its own, all `distance` apart.
 */
export function blobs(options: BlobOptions): TruthPoints {
  const { sizes, dims, distance, widths, stretch = 1 } = options;
  const count = sizes.length;
  const radius = distance / (2 * Math.sin(Math.PI / count));
  const centre = (group: number, dim: number) => {
    if (dims > 2 && dims >= count) return dim === group ? distance / Math.SQRT2 : 0;
    const angle = (2 * Math.PI * group) / count;
    return dim === 0 ? radius * Math.cos(angle) : dim === 1 ? radius * Math.sin(angle) : 0;
  };
  return drawn(options, (group, { normal }) => {
    const at = Array.from({ length: dims }, (_, dim) => centre(group, dim) + (widths?.[group] ?? 1) * normal());
    const along = ((stretch - 1) * (at[0] + at[1])) / 2;
    at[0] += along;
    at[1] += along;
    return at;
  });
}

/** Two half circles of radius 1, each with its end in the other's middle, with normal noise. */
export const moons = (options: ShapeOptions & { noise: number }): TruthPoints =>
  drawn(options, (group, { uniform, normal }) => {
    const angle = Math.PI * uniform();
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    const noise = () => options.noise * normal();
    return group === 0 ? [x + noise(), y + noise()] : [1 - x + noise(), 0.5 - y + noise()];
  });

/** Circles about one centre, of radius 1, 2, ... over their number, with normal noise. */
export const circles = (options: ShapeOptions & { noise: number }): TruthPoints =>
  drawn(options, (group, { uniform, normal }) => {
    const radius = (group + 1) / options.sizes.length;
    const angle = 2 * Math.PI * uniform();
    return [radius * Math.cos(angle) + options.noise * normal(), radius * Math.sin(angle) + options.noise * normal()];
  });

/** Arms of spirals from one centre, uniform in their length, with normal noise; arms are `2 pi / their number` apart along a ray. */
export const spirals = (options: ShapeOptions & { turns: number; noise: number }): TruthPoints =>
  drawn(options, (group, { uniform, normal }) => {
    const swept = alongSpiral(uniform, 1, 2 * Math.PI * options.turns);
    const angle = swept + (2 * Math.PI * group) / options.sizes.length;
    return [swept * Math.cos(angle) + options.noise * normal(), swept * Math.sin(angle) + options.noise * normal()];
  });

/** Two rolled sheets, one in the other's gaps, in three dimensions: pi apart everywhere. */
export const rolledSheets = (options: ShapeOptions & { height: number; noise: number }): TruthPoints =>
  drawn(options, (group, { uniform, normal }) => {
    const angle = alongSpiral(uniform, 1.5 * Math.PI, 4.5 * Math.PI);
    const radius = angle + group * Math.PI;
    const noise = () => options.noise * normal();
    return [
      radius * Math.cos(angle) + noise(),
      options.height * uniform() + noise(),
      radius * Math.sin(angle) + noise(),
    ];
  });

/** An angle of the spiral r = angle, about uniform in the length of the arc: its density goes with the radius. */
const alongSpiral = (uniform: () => number, from: number, to: number) =>
  Math.sqrt(from * from + uniform() * (to * to - from * from));
