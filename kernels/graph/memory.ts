/** Where the host puts a graph, the threads' scratch, the seeds and the results; `assembly/` reads it by the same numbers. */
import shared from "../../dist/graph/shared.wasm";
import single from "../../dist/graph/single.wasm";
import { SpectroscopeError } from "../errors";
import type { Graph } from "./csr";
import { type SearchOptions, SWEEP_RULES } from "./reference";

/** The module's two builds: with a memory of its own, and with one that threads share. */
export const graphSource = { single, shared };

/** Seeds searched by one call of all threads. A number of the algorithm: results depend on it, never on the threads. */
export const BATCH = 256;
export const MAX_SCALES = 64;

const PAGE = 65536;
/** Static data and stack of the module end below this. */
const HEAP = 65536;
const CONTROL = HEAP;
const CONTROL_BYTES = 1024;
/** Bytes of scratch a node and in all; `attach` of `assembly/layout.ts` lays them out. */
const SCRATCH_PER_NODE = 16 + 16 + 5 * 8 + 6 * 4;
const SCRATCH_MORE = 16 * 16 + 8192;
const HEAD = 32;
/** Words of the control block where `assembly/layout.ts` finds a partition. */
const PARTITION = 704 / 4;

const aligned = (bytes: number) => Math.ceil(bytes / 16) * 16;

/** Places of one graph for a number of threads; scratch `threads` is that of the calling thread when there are several. */
export class GraphMemory {
  readonly offsets = CONTROL + CONTROL_BYTES;
  readonly neighbors: number;
  readonly weights: number;
  readonly degrees: number;
  readonly seeds: number;
  /** A partition, `[n]` each but `starts` `[n + 1]`: labels; nodes by label and where each label's begin; order of clusters; pieces; gammas (f64). */
  readonly labels: number;
  readonly rows: number;
  readonly starts: number;
  readonly clusters: number;
  readonly pieces: number;
  readonly gammas: number;
  readonly scratch: number;
  readonly stride: number;
  readonly out: number;
  readonly outStride: number;
  readonly end: number;

  constructor(
    readonly graph: Pick<Graph, "n" | "neighbors" | "unit">,
    readonly threads: number,
    readonly scales = 4,
  ) {
    const { n, neighbors, unit } = graph;
    this.neighbors = this.offsets + aligned(4 * (n + 1));
    this.weights = this.neighbors + aligned(4 * neighbors.length);
    this.degrees = this.weights + (unit ? 0 : aligned(8 * neighbors.length));
    this.seeds = this.degrees + aligned(8 * n);
    this.labels = this.seeds + aligned(4 * BATCH);
    this.rows = this.labels + aligned(4 * n);
    this.starts = this.rows + aligned(4 * n);
    this.clusters = this.starts + aligned(4 * (n + 1));
    this.pieces = this.clusters + aligned(4 * n);
    this.gammas = this.pieces + aligned(4 * n);
    this.scratch = this.gammas + aligned(8 * n);
    // The queue of the walk is a ring of a power of two.
    const ring = 4 * 2 ** Math.ceil(Math.log2(n + 1));
    this.stride = aligned(n * SCRATCH_PER_NODE + ring + SCRATCH_MORE);
    this.out = this.scratch + this.stride * (threads > 1 ? threads + 1 : 1);
    this.outStride = aligned(Math.max(1 << 20, this.worst(n)));
    this.end = this.out + threads * this.outStride;
  }

  /** Bytes that one seed may write: a set a scale, and the nodes it stands for. */
  private worst(minSize: number): number {
    return (this.scales + 1) * (32 * HEAD + 4 * this.graph.n + 8) + HEAD + 4 * minSize + 8;
  }

  /** Pages of 64 KiB. Throws SpectroscopeError when WebAssembly cannot address them. */
  get pages(): number {
    const pages = Math.ceil(this.end / PAGE);
    if (pages > PAGE) {
      const { n, neighbors } = this.graph;
      const need = (this.end / 2 ** 30).toFixed(1);
      throw new SpectroscopeError(
        `graph: ${n} nodes and ${neighbors.length} neighbor entries need ${need} GiB with ${this.threads} threads; WebAssembly has 4`,
        { code: "memory", hint: "use fewer neighbors (k) or threads, or a part of the nodes" },
      );
    }
    return pages;
  }

  /** Copies the graph. */
  write(buffer: ArrayBufferLike, graph: Graph): void {
    new Uint32Array(buffer, this.offsets, graph.n + 1).set(graph.offsets);
    new Uint32Array(buffer, this.neighbors, graph.neighbors.length).set(graph.neighbors);
    if (!graph.unit) new Float64Array(buffer, this.weights, graph.weights.length).set(graph.weights);
    new Float64Array(buffer, this.degrees, graph.n).set(graph.degree);
    const words = new Uint32Array(buffer, CONTROL, 8);
    words.set([graph.n, graph.unit ? 1 : 0, this.offsets, this.neighbors, this.weights, this.degrees]);
    words.set([this.scratch, this.stride], 6);
    new Float64Array(buffer, CONTROL, 5)[4] = graph.volume;
    new Uint32Array(buffer, CONTROL, CONTROL_BYTES / 4).set(
      [this.labels, this.rows, this.starts, this.clusters, this.gammas, this.pieces],
      PARTITION,
    );
  }

  /** Asks threads for their parts of a partition: of the first `count` clusters in their order, for pieces in `rounds`. */
  askParts(buffer: ArrayBufferLike, count: number, rounds = 0): void {
    const word = new Uint32Array(buffer, CONTROL, CONTROL_BYTES / 4);
    word.set([this.out, this.outStride], 34);
    word.set([count, rounds, 0], PARTITION + 6);
  }

  /** Parts taken so far. */
  takenParts(buffer: ArrayBufferLike): number {
    return new Uint32Array(buffer, CONTROL, CONTROL_BYTES / 4)[PARTITION + 8];
  }

  /** Asks for the search of `seeds` (at most `BATCH`). */
  ask(buffer: ArrayBufferLike, seeds: Uint32Array, options: SearchOptions): void {
    const { tolerances, minSize } = options;
    const worst = this.worst(Math.min(minSize, this.graph.n));
    new Uint32Array(buffer, this.seeds, seeds.length).set(seeds);
    const real = new Float64Array(buffer, CONTROL, CONTROL_BYTES / 8);
    real.set([options.alpha, options.delta, options.maxVolume, options.mainBody, options.phiMax], 5);
    real.set([options.strictness, options.openPhi, options.maxPushes], 10);
    real.set(tolerances, 19);
    const word = new Uint32Array(buffer, CONTROL, CONTROL_BYTES / 4);
    word.set([options.lazy ? 1 : 0, SWEEP_RULES.indexOf(options.rule), minSize, options.polishRounds], 26);
    word.set(
      [tolerances.length, 0, seeds.length, this.seeds, this.out, this.outStride, worst, options.every ? 1 : 0],
      30,
    );
  }

  /** Seeds taken so far. */
  taken(buffer: ArrayBufferLike): number {
    return new Uint32Array(buffer, CONTROL, CONTROL_BYTES / 4)[31];
  }

  /** Calls `each` with the records of a thread's output of `bytes`; their ids are parts of one copy of it. */
  read(buffer: ArrayBufferLike, thread: number, bytes: number, each: (record: OutputRecord) => void): void {
    const words = new Uint32Array(buffer, this.out + thread * this.outStride, bytes / 4).slice();
    const reals = new Float64Array(words.buffer);
    for (let at = 0; at < words.length; ) {
      const size = words[at + 2];
      const ids = words.subarray(at + HEAD / 4, at + HEAD / 4 + size);
      const [conductance, volume] = [reals[at / 2 + 2], reals[at / 2 + 3]];
      each({ kind: words[at], item: words[at + 1], scale: words[at + 3], conductance, volume, ids });
      at += HEAD / 4 + size + (size & 1);
    }
  }

  readonly control = CONTROL;
}

/** `kind` as in `assembly/search.ts`. */
export interface OutputRecord {
  kind: number;
  item: number;
  scale: number;
  conductance: number;
  volume: number;
  ids: Uint32Array;
}
