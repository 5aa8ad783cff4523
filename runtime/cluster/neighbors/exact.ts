/** Exact neighbors on the host: WebAssembly SIMD on all cores, `kernels/knn/assembly/exact.ts`. */
import { Arena, FIELD, knnWasm, planExact, writeExact } from "../../../kernels/knn/memory";
import type { Matrix } from "../../statistics/matrix";
import { openPool } from "../../threads/pool";
import { defaultThreads } from "../../threads/threads";
import { checkSearch } from "./points";
import { inSlices, type Progress } from "./slices";

export interface ExactOptions {
  readonly threads?: number;
  /** Rows whose neighbors are wanted; by default all, in order. */
  readonly queries?: Uint32Array;
  readonly progress?: Progress;
}

/**
 * Exact k nearest neighbors by squared Euclidean distance in f64, ties by id; what `nearestNeighbors` gives, bit for bit, for
 * any number of threads. Throws SpectroscopeError when the points do not fit in 4 GiB with 12 bytes a value.
 * @returns `[queries, k]` ids, nearest first
 */
export async function exactNeighbors(points: Matrix, k: number, options: ExactOptions = {}): Promise<Uint32Array> {
  checkSearch(points, k);
  const queries = options.queries ?? Uint32Array.from({ length: points.rows }, (_, i) => i);
  const threads = options.threads ?? defaultThreads();
  const arena = new Arena();
  const places = planExact(arena, points, k, queries.length, threads);
  const pages = arena.pages(`exact neighbors of ${points.rows} x ${points.cols} points`);
  const pool = await openPool(knnWasm, { pages, maxPages: pages, threads });
  try {
    writeExact(pool.memory, places, points, k);
    new Uint32Array(pool.memory.buffer, places.queries, queries.length).set(queries);
    await inSlices(queries.length, places.group * pool.threads, options.progress, async (from, to) => {
      const header = new DataView(pool.memory.buffer);
      header.setUint32(FIELD.next, from, true);
      header.setUint32(FIELD.until, to, true);
      await pool.run("search", (thread) => [places.scratch[thread]]);
    });
    return new Uint32Array(pool.memory.buffer, places.ids, queries.length * k).slice();
  } finally {
    await pool.close();
  }
}
