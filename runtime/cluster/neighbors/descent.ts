/**
 * Approximate neighbors: a forest of random projections, then neighbor descent, `kernels/knn/assembly/{forest,descent}.ts`. The
 * same ids for any number of threads; how many are right is measured (`recall.ts`), not promised.
 */
import {
  type DescentSettings,
  FRESH,
  planDescent,
  reorder,
  setItems,
  treeDepth,
  writeDescent,
} from "../../../kernels/knn/descent";
import { Arena, knnWasm } from "../../../kernels/knn/memory";
import type { Matrix } from "../../statistics/matrix";
import { openPool } from "../../threads/pool";
import { defaultThreads } from "../../threads/threads";
import { checkSearch } from "./points";
import type { Progress } from "./slices";

export interface DescentOptions {
  readonly threads?: number;
  readonly seed?: number;
  readonly progress?: Progress;
  readonly settings?: Partial<DescentSettings>;
  /** Rounds of descent at most; two or three are usual. */
  readonly rounds?: number;
}

const MOST_ROUNDS = 12;
/** A round that finds less than this share of the entries new is the last. */
const FEW = 0.01;

/**
 * A leaf's pairs are compared in tiles at a tenth of the price of one of a round's: many trees of large leaves, then two or
 * three rounds. On 200,000 points in 40 dimensions, half of them without clusters, 32 trees of 2,048 give a recall of 0.978, 24
 * trees of 1,024 give 0.949 in the same time.
 */
function settingsFor(rows: number, k: number, given: Partial<DescentSettings> = {}): DescentSettings {
  const length = Math.min(rows - 1, k + Math.max(5, Math.ceil(k / 4)));
  return { length, sample: Math.min(length, 20), trees: 32, leaf: Math.max(2048, 4 * length), ...given };
}

/** @returns `[rows, k]` ids by ascending distance in f64, ties by id: distinct, never the point itself */
export async function descentNeighbors(points: Matrix, k: number, options: DescentOptions = {}): Promise<Uint32Array> {
  checkSearch(points, k);
  const { rows } = points;
  const threads = options.threads ?? defaultThreads();
  const settings = settingsFor(rows, k, options.settings);
  const arena = new Arena();
  const places = planDescent(arena, points, settings, threads);
  const pages = arena.pages(`approximate neighbors of ${rows} x ${points.cols} points`);
  const pool = await openPool(knnWasm, { pages, maxPages: pages, threads });
  try {
    const { memory } = pool;
    const phase = (name: string, items: number, args: (thread: number) => readonly number[]) => {
      setItems(memory, 0, items);
      return pool.run(name, args);
    };
    const steps = settings.trees + 3;
    let step = 0;
    const advance = () => options.progress?.(Math.min(++step, steps), steps);
    writeDescent(memory, places, points, options.seed ?? 1);
    await phase("plant", 1, (thread) => [places.marks[thread]]);
    const order = reorder(memory, places);
    await phase("plant", settings.trees, (thread) => [places.marks[thread]]);
    const depth = treeDepth(rows, settings.leaf);
    for (let tree = 0; tree < settings.trees; tree++) {
      await phase("join", 2 ** depth, (thread) => [tree, depth, places.scratch[thread]]);
      advance();
    }
    const offsets = new Uint32Array(memory.buffer, places.offsets, rows + 1);
    const cursors = new Uint32Array(memory.buffer, places.cursors, rows + 1);
    for (let round = 0; round < (options.rounds ?? MOST_ROUNDS); round++) {
      offsets.fill(0);
      await phase("snapshot", rows, () => []);
      for (let i = 0; i < rows; i++) offsets[i + 1] += offsets[i];
      cursors.set(offsets);
      await phase("turn", rows, () => []);
      await phase("tidy", rows, () => []);
      for (const marks of places.marks) new Uint32Array(memory.buffer, marks, rows).fill(0);
      const fresh = await phase("descend", rows, (thread) => [places.marks[thread]]);
      advance();
      if (fresh.reduce((a, b) => a + b, 0) < FEW * rows * settings.sample) break;
    }
    const lists = new Uint32Array(memory.buffer, places.ids, rows * settings.length);
    return rank(points, k, lists, order);
  } finally {
    await pool.close();
  }
}

/** The k nearest of each list by the definition's distance; list i belongs to row `order[i]`, and so do its entries. */
function rank({ rows, cols, data }: Matrix, k: number, lists: Uint32Array, order: Uint32Array): Uint32Array {
  const length = lists.length / rows;
  const ids = new Uint32Array(rows * k);
  const distances = new Float64Array(length);
  const names = new Uint32Array(length);
  for (let i = 0; i < rows; i++) {
    const row = order[i];
    for (let n = 0; n < length; n++) {
      const id = order[lists[i * length + n] & ~FRESH];
      let distance = 0;
      for (let c = 0, a = row * cols, b = id * cols; c < cols; c++) distance += (data[a + c] - data[b + c]) ** 2;
      let at = n;
      for (; at > 0 && (distances[at - 1] > distance || (distances[at - 1] === distance && names[at - 1] > id)); at--) {
        distances[at] = distances[at - 1];
        names[at] = names[at - 1];
      }
      distances[at] = distance;
      names[at] = id;
    }
    ids.set(names.subarray(0, k), row * k);
  }
  return ids;
}
