/** Searches from seeds until every node is held by enough sets or has been a seed itself. */
import type { Graph } from "../../kernels/graph/csr";
import { GraphKernel } from "../../kernels/graph/graph";
import { BATCH, GraphMemory, graphSource } from "../../kernels/graph/memory";
import type { FoundSet, SearchOptions } from "../../kernels/graph/reference";
import { defaultThreads, openPool } from "../threads/pool";

/** Below this many nodes starting threads costs more than they save. */
export const FEW_NODES = 3000;

/** Runs `body` with a kernel on `threads` threads, by default as many as there are cores. The threads change no result. */
export async function withKernel<T>(
  graph: Graph,
  threads: number | undefined,
  body: (kernel: GraphKernel) => Promise<T>,
): Promise<T> {
  const count = threads ?? (graph.n < FEW_NODES ? 1 : defaultThreads());
  const pool = await openPool(graphSource, { pages: new GraphMemory(graph, count).pages, threads: count });
  try {
    return await body(new GraphKernel(graph, pool));
  } finally {
    await pool.close();
  }
}

/** Walks over whole graphs take long: few are begun before their results count. */
const FIRST_BATCH = 16;

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
  const known = new Map<number, number[]>();
  const most = Math.min(maxHits, 0xffff);
  const seen = new Uint32Array(kernel.graph.n);
  let run = 1;
  const hit = (nodes: Uint32Array) => {
    for (const v of nodes) {
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
      for (const set of sets) last = record(found, known, set, batch[i]);
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

/** Index of the set, which is new or gets one vote more. */
function record(found: Searches, known: Map<number, number[]>, set: FoundSet, seed: number): number {
  let hash = 0x811c9dc5;
  for (const v of set.members) hash = Math.imul(hash ^ v, 0x01000193);
  const like = known.get(hash) ?? [];
  for (const index of like) {
    const { members } = found.sets[index];
    if (members.length === set.members.length && members.every((v, i) => v === set.members[i])) {
      found.votes[index]++;
      return index;
    }
  }
  known.set(hash, [...like, found.sets.length]);
  found.sets.push(set);
  found.seeds.push(seed);
  found.votes.push(1);
  return found.sets.length - 1;
}
