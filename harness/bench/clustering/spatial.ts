/**
 * A kNN graph that needs no general search: points of many round groups in space, all of one density, and neighbors from
 * buckets of a grid. A million nodes take seconds, so that scaling is measured without minutes of kNN.
 */
import { makeRandom } from "../../../runtime/cluster/random";
import { groupSizes, shuffledGroups } from "./sizes";

export interface SpatialOptions {
  n: number;
  /** Neighbors of a point. */
  k: number;
  /** Group sizes: uniform in the logarithm between these. */
  smallest: number;
  largest: number;
  /** Mean distance of two groups' centres over the mean width of a group. */
  distance: number;
  seed: number;
}

/** Points of a bucket, about. */
const BUCKET = 4;

/** `[n, k]` ids of the exact nearest neighbors, nearest first, ties by id; and each point's group. */
export function spatialNeighbors(options: SpatialOptions): { neighbors: Uint32Array; truth: Int32Array } {
  const { n, k } = options;
  const { uniform, normal } = makeRandom(options.seed);
  const sizes = groupSizes(uniform, n, 1, options.smallest, options.largest);
  const truth = shuffledGroups(uniform, sizes);
  // Centres on a jittered lattice; the width of a group goes with the cube root of its size, so densities are equal.
  const side = Math.ceil(Math.cbrt(sizes.length));
  const mean = n / sizes.length;
  const centres = new Float64Array(sizes.length * 3);
  for (let g = 0; g < sizes.length; g++) {
    const cell = [g % side, Math.floor(g / side) % side, Math.floor(g / side / side)];
    for (let c = 0; c < 3; c++) centres[3 * g + c] = options.distance * (cell[c] + 0.6 * uniform());
  }
  const x = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const width = Math.cbrt(sizes[truth[i]] / mean);
    for (let c = 0; c < 3; c++) x[3 * i + c] = centres[3 * truth[i] + c] + width * normal();
  }
  return { neighbors: gridNeighbors(x, n, k), truth };
}

/** Points in the cells of a grid: cell `b` holds points `ids[starts[b] .. starts[b + 1])`, whose coordinates lie together. */
interface Grid {
  readonly edge: number;
  readonly cells: readonly number[];
  readonly starts: Uint32Array;
  readonly ids: Uint32Array;
  /** `[3 n]` in the order of `ids`. */
  readonly x: Float64Array;
}

function makeGrid(x: Float64Array, n: number): Grid {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < 3 * n; i++) {
    low[i % 3] = Math.min(low[i % 3], x[i]);
    high[i % 3] = Math.max(high[i % 3], x[i]);
  }
  const volume = high.reduce((product, top, c) => product * Math.max(top - low[c], 1e-12), 1);
  const edge = Math.cbrt((volume * BUCKET) / n);
  const cells = high.map((top, c) => Math.floor((top - low[c]) / edge) + 1);
  const starts = new Uint32Array(cells[0] * cells[1] * cells[2] + 1);
  const home = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < 3; c++) home[i] = home[i] * cells[c] + Math.floor((x[3 * i + c] - low[c]) / edge);
    starts[home[i] + 1]++;
  }
  for (let b = 1; b < starts.length; b++) starts[b] += starts[b - 1];
  const fill = starts.slice();
  const ids = new Uint32Array(n);
  const sorted = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const at = fill[home[i]]++;
    ids[at] = i;
    for (let c = 0; c < 3; c++) sorted[3 * at + c] = x[3 * i + c];
  }
  return { edge, cells, starts, ids, x: sorted };
}

/** The k nearest of one point so far, nearest first, ties by id. */
class Nearest {
  count = 0;
  readonly far: Float64Array;
  readonly near: Uint32Array;

  constructor(private readonly k: number) {
    this.far = new Float64Array(k);
    this.near = new Uint32Array(k);
  }

  /** Squared distance below which a point is still wanted. */
  get limit(): number {
    return this.count < this.k ? Infinity : this.far[this.k - 1];
  }

  add(id: number, d: number): void {
    const { far, near, k } = this;
    let p = this.count;
    if (p === k) {
      p--;
      if (d > far[p] || (d === far[p] && id > near[p])) return;
    } else this.count++;
    for (; p > 0 && (far[p - 1] > d || (far[p - 1] === d && near[p - 1] > id)); p--) {
      far[p] = far[p - 1];
      near[p] = near[p - 1];
    }
    far[p] = d;
    near[p] = id;
  }
}

/** Offers `best` the points of a cell other than the one at place `from`. */
function visit({ starts, ids, x }: Grid, cell: number, from: number, best: Nearest): void {
  const [ox, oy, oz] = [x[3 * from], x[3 * from + 1], x[3 * from + 2]];
  for (let s = starts[cell]; s < starts[cell + 1]; s++) {
    if (s === from) continue;
    const dx = x[3 * s] - ox;
    const dy = x[3 * s + 1] - oy;
    const dz = x[3 * s + 2] - oz;
    const d = dx * dx + dy * dy + dz * dz;
    if (d <= best.limit) best.add(ids[s], d);
  }
}

/** Exact kNN in three dimensions: rings of cells about a point until the k-th neighbor lies nearer than the next ring. */
export function gridNeighbors(points: Float64Array, n: number, k: number): Uint32Array {
  const grid = makeGrid(points, n);
  const { edge, cells, starts, ids } = grid;
  const out = new Uint32Array(n * k);
  const most = Math.max(...cells);
  for (let cell = 0; cell + 1 < starts.length; cell++) {
    const [ca, cb, cc] = [
      Math.floor(cell / cells[2] / cells[1]),
      Math.floor(cell / cells[2]) % cells[1],
      cell % cells[2],
    ];
    for (let from = starts[cell]; from < starts[cell + 1]; from++) {
      const best = new Nearest(k);
      for (let ring = 0; ring <= most && best.limit >= ((ring - 1) * edge) ** 2; ring++) {
        for (let a = Math.max(0, ca - ring); a <= Math.min(cells[0] - 1, ca + ring); a++) {
          for (let b = Math.max(0, cb - ring); b <= Math.min(cells[1] - 1, cb + ring); b++) {
            // Within the ring's hull only its two ends are new.
            const whole = Math.abs(a - ca) === ring || Math.abs(b - cb) === ring;
            for (let c = cc - ring; c <= cc + ring; c += whole || ring === 0 ? 1 : 2 * ring) {
              if (c >= 0 && c < cells[2]) visit(grid, (a * cells[1] + b) * cells[2] + c, from, best);
            }
          }
        }
      }
      out.set(best.near, ids[from] * k);
    }
  }
  return out;
}
