/**
 * Exact neighbors on a GPU: `knn/forward` gives each point's k nearest and some more in f32, the host ranks them by the
 * definition and proves that no other point can belong; queries for which it cannot go to the host's search.
 */
import { SpectroscopeError } from "../../../kernels/errors";
import { forward } from "../../../kernels/knn/forward";
import { frameOf, LEAST_EXPONENT } from "../../../kernels/knn/frame";
import type { Device } from "../../plan/device";
import type { BoundPlan, Memory } from "../../plan/memory";
import { tensor, type View } from "../../plan/plan";
import type { Matrix } from "../../statistics/matrix";
import { exactNeighbors } from "./exact";
import { checkSearch } from "./points";
import { inSlices, type Progress } from "./slices";

export interface GpuOptions {
  readonly threads?: number;
  readonly progress?: Progress;
}

/** Candidates beyond k: what f32 may rank wrongly, several times over. */
const SPARE = 16;
/** A dispatch's queries are a multiple of this, two workgroups of either variant. */
const GRAIN = 128;

/**
 * What `nearestNeighbors` gives, bit for bit.
 * @returns `[rows, k]` ids, nearest first
 */
export async function gpuNeighbors(
  device: Device,
  points: Matrix,
  k: number,
  options: GpuOptions = {},
): Promise<Uint32Array> {
  checkSearch(points, k);
  const { rows, cols } = points;
  const frame = rounded(points);
  if (!frame) return exactNeighbors(points, k, options);
  checkRoom(device, points);
  const held = Math.min(rows - 1, k + SPARE);
  const ids = new Uint32Array(rows * k);
  const doubtful: number[] = [];
  await device.within(`neighbors of ${rows} x ${cols} points`, async () => {
    const memory = device.openMemory();
    try {
      const x = tensor("points", [rows, cols], "kept");
      memory.write(x, frame.x);
      await inSlices(rows, GRAIN, options.progress, async (from, to) => {
        const search = await openSearch(memory, x, { from, queries: to - from, held });
        search.plan.submit();
        const [names, far] = await memory.read([search.indices, search.distances]);
        search.close();
        for (let q = 0; q < to - from; q++) {
          const list = (names as Uint32Array).subarray(q * held, (q + 1) * held);
          const last = far[(q + 1) * held - 1];
          if (!rank(points, frame, from + q, list, last, ids.subarray((from + q) * k, (from + q + 1) * k)))
            doubtful.push(from + q);
        }
      });
    } finally {
      memory.destroy();
    }
  });
  if (doubtful.length > 0) {
    const queries = Uint32Array.from(doubtful);
    const exact = await exactNeighbors(points, k, { queries, threads: options.threads });
    for (const [q, row] of doubtful.entries()) ids.set(exact.subarray(q * k, (q + 1) * k), row * k);
  }
  return ids;
}

/** One slice of the queries, ready to run. */
interface Search {
  readonly plan: BoundPlan;
  /** Ids of each query's nearest, and their squared distances, [queries, held]. */
  readonly indices: View;
  readonly distances: View;
  close(): void;
}

async function openSearch(
  memory: Memory,
  x: View,
  { from, queries, held }: { readonly from: number; readonly queries: number; readonly held: number },
): Promise<Search> {
  const indices = tensor("nearest", [queries, held], "kept", "u32");
  const distances = tensor("their distances", [queries, held], "kept");
  const tensors = { x, indices, distances };
  const call = { label: "neighbors", kernel: forward, tensors, params: { first: from } };
  const plan = await memory.bind({ name: "neighbors", calls: [call] });
  const close = () => {
    plan.destroy();
    for (const { slot } of [indices, distances]) memory.release(slot);
  };
  return { plan, indices, distances, close };
}

/** @throws SpectroscopeError when the device cannot be given the points whole */
function checkRoom({ facts, bindingBytes }: Device, { rows, cols }: Matrix): void {
  const bytes = 4 * rows * cols;
  if (bytes <= bindingBytes) return;
  throw new SpectroscopeError(`neighbors: ${rows} x ${cols} take ${bytes} bytes, ${facts.name} binds ${bindingBytes}`, {
    code: "gpu",
    hint: "search without the GPU",
  });
}

/** The points as the GPU gets them: moved, scaled to at most 1, rounded to f32. */
interface Rounded {
  readonly x: Float32Array;
  /** Squared distances of `x` are those of the points times this. */
  readonly scale: number;
  /** Greatest squared length in `x`. */
  readonly longest: number;
}

/** Nothing where the definition's squares underflow: what f32 says of such points is worth nothing. */
function rounded(points: Matrix): Rounded | undefined {
  const { rows, cols, data } = points;
  const { center, exponent } = frameOf(points);
  if (exponent < LEAST_EXPONENT) return undefined;
  const factor = 2 ** -exponent;
  const x = new Float32Array(rows * cols);
  let longest = 0;
  for (let i = 0, at = 0; i < rows; i++) {
    let square = 0;
    for (let c = 0; c < cols; c++, at++) {
      x[at] = (data[at] - center[c]) * factor;
      square += x[at] ** 2;
    }
    longest = Math.max(longest, square);
  }
  return { x, scale: factor * factor, longest };
}

/**
 * Writes the k nearest of `list` by the definition; false when a point outside the list may be as near.
 *
 * A point outside has an f32 distance of at least `last`. That differs from the definition's by a relative (n + 8) u of n
 * differences, squares and sums (WebGPU rounds these correctly to within an ulp; n + 8 counts each twice over), and by what
 * the rounding of coordinates moved: 4 u (A + B) <= 8 u `longest`; see `kernels/knn/assembly/fine.ts`.
 */
function rank(points: Matrix, frame: Rounded, row: number, list: Uint32Array, last: number, ids: Uint32Array): boolean {
  const { rows, cols, data } = points;
  const { length: k } = ids;
  const distances = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (const id of list) {
    let distance = 0;
    for (let c = 0, a = row * cols, b = id * cols; c < cols; c++) distance += (data[a + c] - data[b + c]) ** 2;
    let at = k;
    for (; at > 0 && (distances[at - 1] > distance || (distances[at - 1] === distance && ids[at - 1] > id)); at--) {
      if (at === k) continue;
      distances[at] = distances[at - 1];
      ids[at] = ids[at - 1];
    }
    if (at === k) continue;
    distances[at] = distance;
    ids[at] = id;
  }
  if (list.length === rows - 1) return true;
  const unit = 2 ** -23;
  const nearest = last * (1 - (cols + 8) * unit) - 8 * unit * frame.longest - cols * 2 ** -120;
  return distances[k - 1] * frame.scale < nearest;
}
