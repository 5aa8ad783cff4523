/** Searches from seeds until every node is held by enough sets or has been a seed itself. */
import type { Graph } from "../../kernels/graph/csr";
import { GraphKernel } from "../../kernels/graph/graph";
import { BATCH, GraphMemory, graphSource } from "../../kernels/graph/memory";
import type { FoundSet, SearchOptions } from "../../kernels/graph/reference";
import { defaultThreads, openPool, type WasmPool } from "../threads/pool";

/** Below this many nodes starting threads costs more than they save. */
export const FEW_NODES = 3000;

/** What a graph needs of memory. */
type Extent = Pick<Graph, "n" | "neighbors" | "unit">;

/** A pool for a graph of that size, on `threads` threads, by default as many as there are cores. */
function poolFor(graph: Extent, threads: number | undefined, begun?: () => void): Promise<WasmPool> {
  const count = graph.n === 0 ? 1 : (threads ?? (graph.n < FEW_NODES ? 1 : defaultThreads()));
  return openPool(graphSource, { pages: new GraphMemory(graph, count).pages, threads: count, begun });
}

/**
 * Runs `body` while the threads for `withKernel` start, which takes as long as to put a large graph in order. They are closed at
 * the end.
 */
export async function whileStarting<T>(
  graph: Extent,
  threads: number | undefined,
  body: (pool: Promise<WasmPool>) => Promise<T>,
): Promise<T> {
  let begun = () => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const pool = poolFor(graph, threads, begun);
  await Promise.race([started, pool]);
  try {
    return await body(pool);
  } finally {
    await (await pool).close();
  }
}

/**
 * Runs `body` with a kernel on `threads` threads, by default as many as there are cores. The threads change no result.
 * @param started threads that `whileStarting` has started
 */
export async function withKernel<T>(
  graph: Graph,
  threads: number | undefined,
  body: (kernel: GraphKernel) => Promise<T>,
  started?: Promise<WasmPool>,
): Promise<T> {
  const pool = await (started ?? poolFor(graph, threads));
  try {
    return await body(new GraphKernel(graph, pool));
  } finally {
    await pool.close();
  }
}

/** Walks over whole graphs take long: few are begun before their results count. */
const FIRST_BATCH = 16;
/** Members of sets that are allocated at a time. */
const MEMBERS_BLOCK = 1 << 16;

export interface Searches {
  /** Distinct sets, in the order in which they were found. */
  sets: FoundSet[];
  /** First seed of each set. */
  seeds: number[];
  /** Searches that found exactly this set. */
  votes: number[];
  /** Every seed that was tried, and the index of the last set that it found, -1 for none. */
  tried: number[];
  outcome: number[];
  /** With `every` of the options: see `SearchResult`. */
  measures: { conductance: number; volume: number }[];
}

/**
 * Takes seeds from `order` in batches, passing over nodes for which `maxHits` seeds stand already: those of their sets, with
 * what the polish took away, and without a set the nodes nearest to them, so that a body without structure is sampled and not
 * searched node by node.
 * Batches double from 16 seeds to 256, and none begins after `maxPushes` pushes in all.
 * @param progress told how many nodes of `order` need no search any more
 */
export async function searchSeeds(
  kernel: GraphKernel,
  order: Uint32Array,
  options: SearchOptions,
  maxHits: number,
  progress?: (done: number, total: number) => void,
  maxPushes = Infinity,
): Promise<Searches> {
  const hits = new Uint16Array(kernel.graph.n);
  const found: Searches = { sets: [], seeds: [], votes: [], tried: [], outcome: [], measures: [] };
  const known = new KnownSets();
  const most = Math.min(maxHits, 0xffff);
  const seen = new Uint32Array(kernel.graph.n);
  let run = 1;
  const hit = (nodes: Uint32Array) => {
    for (let i = 0; i < nodes.length; i++) {
      const v = nodes[i];
      if (seen[v] === run || hits[v] === 0xffff) continue;
      seen[v] = run;
      hits[v]++;
    }
  };
  let next = 0;
  let pushes = 0;
  let size = FIRST_BATCH;
  while (next < order.length && pushes < maxPushes) {
    const batch: number[] = [];
    for (; next < order.length && batch.length < size; next++) if (hits[order[next]] < most) batch.push(order[next]);
    if (batch.length === 0) break;
    size = Math.min(2 * size, BATCH);
    const results = await kernel.searchMany(Uint32Array.from(batch), options);
    for (let i = 0; i < batch.length; i++) {
      const { sets, measures, footprint } = results[i];
      for (const measure of measures) found.measures.push(measure);
      pushes += results[i].pushes;
      let last = -1;
      for (const set of sets) last = known.record(found, set, batch[i]);
      hit(footprint);
      if (last >= 0) hit(found.sets[last].members);
      run++;
      found.tried.push(batch[i]);
      found.outcome.push(last);
    }
    progress?.(next, order.length);
  }
  return found;
}

/** Sets by their members, which are kept side by side: whoever goes over all sets goes over memory in order. */
class KnownSets {
  /** Last set of each hash, and the one of the same hash before each. */
  private readonly last = new Map<number, number>();
  private readonly before: number[] = [];
  private block = new Uint32Array(0);
  private used = 0;

  /** Index of the set, which is new or gets one vote more. */
  record(found: Searches, set: FoundSet, seed: number): number {
    const { members } = set;
    let hash = 0x811c9dc5;
    for (let i = 0; i < members.length; i++) hash = Math.imul(hash ^ members[i], 0x01000193);
    const like = this.last.get(hash) ?? -1;
    for (let index = like; index >= 0; index = this.before[index]) {
      if (!equal(found.sets[index].members, members)) continue;
      found.votes[index]++;
      return index;
    }
    const index = found.sets.length;
    this.last.set(hash, index);
    this.before.push(like);
    found.sets.push({ ...set, members: this.keep(members) });
    found.seeds.push(seed);
    found.votes.push(1);
    return index;
  }

  private keep(members: Uint32Array): Uint32Array {
    if (this.used + members.length > this.block.length) {
      this.block = new Uint32Array(Math.max(MEMBERS_BLOCK, members.length));
      this.used = 0;
    }
    const kept = this.block.subarray(this.used, this.used + members.length);
    kept.set(members);
    this.used += members.length;
    return kept;
  }
}

function equal(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
