/**
 * Local clustering kernels in WebAssembly behind typed calls; `reference.ts` and `partition.ts` define what they compute. Works in Node and in
 * browsers. Single calls are synchronous, on the calling thread; `searchMany` uses all threads of its host.
 */
import { SpectroscopeError } from "../errors";
import type { Graph } from "./csr";
import { BATCH, GraphMemory, graphSource, MAX_SCALES } from "./memory";
import type { ClusterTies, PiecesOptions, RelabelOptions } from "./partition";
import { readPieces, tieRecords, tiesOf, writeGammas, writeLabels, writeOrder } from "./partition-memory";
import {
  type PolishResult,
  type PushResult,
  type SearchOptions,
  type SearchResult,
  SWEEP_RULES,
  type SweepResult,
  type SweepRule,
} from "./reference";

interface Exports {
  heap(): number;
  attach(control: number, thread: number): void;
  begin(seed: number): void;
  grow(alpha: number, lazy: number, tolerance: number, maxPushes: number): void;
  sweep(rule: number, delta: number, minSize: number, maxVolume: number): void;
  conductance(count: number): number;
  polish(from: number, count: number, rounds: number, strictness: number, minSize: number, maxVolume: number): void;
  beginRelabel(count: number): void;
  placeRows(starts: number, count: number): void;
  relabelFlags(): number;
  relabelRound(share: number, gamma: number, joins: number, said: number): number;
  reachedCount: WebAssembly.Global;
  pushCount: WebAssembly.Global;
  sweptCount: WebAssembly.Global;
  chosenSize: WebAssembly.Global;
  closed: WebAssembly.Global;
  moveCount: WebAssembly.Global;
  polishedSize: WebAssembly.Global;
  polishedConductance: WebAssembly.Global;
  polishedVolume: WebAssembly.Global;
  polishedCapped: WebAssembly.Global;
  relabelCount: WebAssembly.Global;
  records(): number;
  ranks(): number;
  nodes(): number;
  order(): number;
  members(): number;
  profile(): number;
  volumes(): number;
}

/** Instances of the module over one memory: what `runtime/threads` opens, or `localHost`. */
export interface GraphHost {
  readonly memory: WebAssembly.Memory;
  readonly exports: WebAssembly.Exports;
  readonly threads: number;
  run(name: string, args: (thread: number) => readonly number[]): Promise<number[]>;
}

let compiled: WebAssembly.Module | undefined;

/** One instance with a memory of its own, on this thread. */
export function localHost(pages: number): GraphHost {
  compiled ??= new WebAssembly.Module(graphSource.single as BufferSource);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 });
  const abort = () => {
    throw new SpectroscopeError("graph: the WebAssembly module aborted", { code: "internal" });
  };
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory, abort } });
  const call = exports as unknown as Record<string, (...args: number[]) => number>;
  return { memory, exports, threads: 1, run: async (name, args) => [Number(call[name](...args(0)))] };
}

/** Words and 8-byte numbers of a walk record, `assembly/layout.ts`. */
const RECORD_F64 = 2;
/** Below this many moves in a round the next has too little to look at for threads. They change no result. */
const FORESEEN = 1000;

export class GraphKernel {
  graph: Graph;
  private readonly host: GraphHost;
  private readonly calls: Exports;
  private place: GraphMemory;
  private fresh = true;

  /**
   * Copies a checked graph into the host's memory; by default a memory of its own.
   * Throws SpectroscopeError `memory` when it does not fit in 4 GiB.
   */
  constructor(graph: Graph, host?: GraphHost) {
    this.place = new GraphMemory(graph, host?.threads ?? 1);
    this.host = host ?? localHost(this.place.pages);
    this.calls = this.host.exports as unknown as Exports;
    this.graph = graph;
    this.load(graph);
  }

  /** Takes another graph instead, in the same memory, which grows if it must. */
  load(graph: Graph, scales?: number): void {
    this.graph = graph;
    this.place = new GraphMemory(graph, this.host.threads, scales);
    const { memory } = this.host;
    const missing = this.place.pages - memory.buffer.byteLength / 65536;
    if (missing > 0) {
      try {
        memory.grow(missing);
      } catch (cause) {
        throw new SpectroscopeError(
          `graph: no memory for ${graph.n} nodes and ${graph.neighbors.length} neighbor entries`,
          {
            code: "memory",
            hint: "use fewer neighbors (k) or threads; the limit is 4 GiB",
            cause,
          },
        );
      }
    }
    this.place.write(memory.buffer, graph);
    this.calls.attach(this.place.control, this.host.threads > 1 ? this.host.threads : 0);
    this.fresh = this.host.threads > 1;
  }

  /** Personalized PageRank from `seed` on the lazy walk; see the reference. */
  push(seed: number, alpha: number, tolerance: number, maxPushes = Infinity): PushResult {
    this.walk(seed, alpha, tolerance, maxPushes);
    const nodes = this.u32(this.calls.nodes(), this.calls.reachedCount.value).slice();
    const records = this.f64(this.calls.records(), this.graph.n * RECORD_F64);
    const state = this.u32(this.calls.records(), this.graph.n * RECORD_F64 * 2);
    const ranks = this.f64(this.calls.ranks(), this.graph.n);
    return {
      nodes,
      p: Float64Array.from(nodes, (v) => ((state[v * 4 + 3] & 2) === 0 ? 0 : ranks[v])),
      residual: Float64Array.from(nodes, (v) => records[v * RECORD_F64]),
      pushes: this.calls.pushCount.value,
    };
  }

  /** A walk, left in memory for `sweep`. */
  walk(seed: number, alpha: number, tolerance: number, maxPushes = Infinity, lazy = true): void {
    this.checkNode(seed, "seed");
    checkWalk(alpha, tolerance);
    this.calls.begin(seed);
    this.calls.grow(alpha, lazy ? 1 : 0, tolerance, maxPushes);
  }

  /** Sweep cut of the last walk. */
  sweep(rule: SweepRule, delta: number, minSize: number, maxVolume: number): SweepResult {
    checkSweep(rule, delta, minSize, maxVolume);
    this.calls.sweep(SWEEP_RULES.indexOf(rule), delta, minSize, maxVolume);
    const count: number = this.calls.sweptCount.value;
    const size: number = this.calls.chosenSize.value;
    const profile = this.f64(this.calls.profile(), count).slice();
    return {
      order: this.u32(this.calls.order(), count).slice(),
      profile,
      volumes: this.f64(this.calls.volumes(), count).slice(),
      size,
      closed: this.calls.closed.value !== 0,
      conductance: size > 0 ? profile[size - 1] : 1,
    };
  }

  /** Conductance of a set of distinct nodes. */
  conductance(members: ArrayLike<number>): number {
    this.writeMembers(members);
    return this.calls.conductance(members.length);
  }

  /** Moves boundary nodes until the set is even; see the reference. */
  polish(
    members: ArrayLike<number>,
    rounds: number,
    strictness: number,
    minSize: number,
    maxVolume: number,
  ): PolishResult {
    this.writeMembers(members);
    this.calls.polish(this.calls.members(), members.length, rounds, strictness, minSize, maxVolume);
    return {
      members: this.u32(this.calls.members(), this.calls.polishedSize.value).slice(),
      conductance: this.calls.polishedConductance.value,
      volume: this.calls.polishedVolume.value,
      capped: this.calls.polishedCapped.value !== 0,
      moves: this.calls.moveCount.value,
    };
  }

  /** Moves nodes between clusters, in `labels`; see the reference. Returns the number of moves. */
  async relabel(labels: Int32Array, count: number, options: RelabelOptions): Promise<number> {
    const { share, gamma, rounds } = options;
    const joins = options.joins ? 1 : 0;
    const there = writeLabels(this.host.memory.buffer, this.place, labels, count);
    if (count === 0) return 0;
    this.calls.beginRelabel(count);
    let moves = labels.length;
    for (let round = 0; round < rounds && moves > 0; round++) {
      // Threads foresee what most nodes do; the round itself looks only where that does not hold, and so ends the same.
      const foreseen = this.host.threads > 1 && moves >= FORESEEN;
      if (foreseen) {
        this.place.askParts(this.host.memory.buffer, count);
        await this.runAll("foresee", count, this.calls.relabelFlags(), share, joins);
      }
      moves = this.calls.relabelRound(share, gamma, joins, foreseen ? this.place.pieces : 0);
    }
    labels.set(there);
    return this.calls.relabelCount.value;
  }

  /** Ties of the clusters of a partition, on all threads; see the reference. Labels are below `count`, -1 for none. */
  async clusterTies(labels: Int32Array, count: number): Promise<ClusterTies> {
    const { buffer } = this.host.memory;
    writeLabels(buffer, this.place, labels, count);
    const rows = this.writeRows(count);
    this.place.askParts(buffer, count);
    const records: Uint32Array[] = [];
    while (this.place.takenParts(buffer) < count) {
      const bytes = await this.runAll("tieRows");
      for (let thread = 0; thread < bytes.length; thread++)
        records.push(tieRecords(buffer, this.place, thread, bytes[thread]));
    }
    return tiesOf(records, rows);
  }

  /** Pieces of the clusters of a partition, on all threads; see the reference. Labels are below `count`, -1 for none. */
  async pieces(labels: Int32Array, count: number, { gamma, rounds }: PiecesOptions): Promise<Int32Array> {
    const { buffer } = this.host.memory;
    writeLabels(buffer, this.place, labels, count);
    if (count === 0) return labels.slice();
    writeGammas(buffer, this.place, gamma, count);
    this.writeRows(count);
    this.place.askParts(buffer, count, rounds);
    await this.runAll("pieces");
    return readPieces(buffer, this.place, labels);
  }

  /** Writes the nodes by label, and the order in which threads take labels; returns where each label's nodes begin, a view. */
  private writeRows(count: number): Uint32Array {
    this.calls.placeRows(this.place.starts, count);
    const starts = this.u32(this.place.starts, count + 1);
    writeOrder(this.host.memory.buffer, this.place, starts);
    return starts;
  }

  /** The search of each of `seeds` (distinct ids), in their order, on all threads; see the reference. */
  async searchMany(seeds: Uint32Array, options: SearchOptions): Promise<SearchResult[]> {
    const { tolerances } = options;
    if (tolerances.length < 1 || tolerances.length > MAX_SCALES)
      throw new SpectroscopeError(`graph: ${tolerances.length} tolerances`, { hint: `give 1 .. ${MAX_SCALES}` });
    for (const tolerance of tolerances) checkWalk(options.alpha, tolerance);
    checkSweep(options.rule, options.delta, options.minSize, options.maxVolume);
    this.checkDistinct(seeds, "seed");
    if (tolerances.length > this.place.scales) this.load(this.graph, tolerances.length);
    const results: SearchResult[] = [];
    for (let first = 0; first < seeds.length; first += BATCH) {
      results.push(...(await this.searchBatch(seeds.subarray(first, first + BATCH), options)));
    }
    return results;
  }

  private async searchBatch(seeds: Uint32Array, options: SearchOptions): Promise<SearchResult[]> {
    const { memory } = this.host;
    const { place } = this;
    const results = Array.from(
      seeds,
      (): SearchResult => ({ sets: [], measures: [], footprint: new Uint32Array(0), pushes: 0, body: false }),
    );
    place.ask(memory.buffer, seeds, options);
    while (place.taken(memory.buffer) < seeds.length) {
      const bytes = await this.runAll("work");
      for (let thread = 0; thread < bytes.length; thread++) {
        place.read(memory.buffer, thread, bytes[thread], ({ kind, item, scale, conductance, volume, ids }) => {
          if (kind === 0) results[item].sets.push({ members: ids, conductance, volume, scale });
          else if (kind === 3) results[item].measures.push({ conductance, volume });
          else {
            results[item].footprint = ids;
            results[item].pushes = volume;
            results[item].body = kind === 2;
          }
        });
      }
    }
    return results;
  }

  /** Calls an export on every thread; the first call after `load` lets them read where the graph is. */
  private runAll(name: string, ...more: number[]): Promise<number[]> {
    const fresh = this.fresh ? 1 : 0;
    this.fresh = false;
    return this.host.run(name, (thread) => [this.place.control, thread, fresh, ...more]);
  }

  // Views are made for each use: memory that grows detaches the old ones.
  private u32(at: number, length: number): Uint32Array {
    return new Uint32Array(this.host.memory.buffer, at >>> 0, length);
  }

  private f64(at: number, length: number): Float64Array {
    return new Float64Array(this.host.memory.buffer, at >>> 0, length);
  }

  private writeMembers(members: ArrayLike<number>): void {
    this.checkDistinct(members, "member");
    this.u32(this.calls.members(), members.length).set(members);
  }

  private checkNode(v: number, name: string): void {
    if (!Number.isInteger(v) || v < 0 || v >= this.graph.n)
      throw new SpectroscopeError(`graph: ${name} ${v} is not a node`, {
        hint: `ids run from 0 to ${this.graph.n - 1}`,
      });
  }

  private checkDistinct(ids: ArrayLike<number>, name: string): void {
    const seen = new Set<number>();
    for (let i = 0; i < ids.length; i++) {
      this.checkNode(ids[i], name);
      if (seen.has(ids[i]))
        throw new SpectroscopeError(`graph: ${name} ${ids[i]} is given twice`, { hint: "drop repeats" });
      seen.add(ids[i]);
    }
  }
}

function checkWalk(alpha: number, tolerance: number): void {
  if (!(alpha > 0 && alpha < 1))
    throw new SpectroscopeError(`graph: alpha = ${alpha}`, { hint: "the teleport probability lies between 0 and 1" });
  if (!(tolerance > 0 && tolerance < Infinity))
    throw new SpectroscopeError(`graph: tolerance = ${tolerance}`, { hint: "give a positive number" });
}

function checkSweep(rule: SweepRule, delta: number, minSize: number, maxVolume: number): void {
  if (!SWEEP_RULES.includes(rule))
    throw new SpectroscopeError(`graph: rule "${rule}"`, { hint: `use one of ${SWEEP_RULES.join(", ")}` });
  if (!(delta >= 0)) throw new SpectroscopeError(`graph: delta = ${delta}`, { hint: "give 0 or more" });
  if (!Number.isInteger(minSize) || minSize < 1)
    throw new SpectroscopeError(`graph: minSize = ${minSize}`, { hint: "give a positive integer" });
  if (!(maxVolume > 0))
    throw new SpectroscopeError(`graph: maxVolume = ${maxVolume}`, { hint: "give a positive volume" });
}
