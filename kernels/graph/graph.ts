/**
 * Local clustering kernels in WebAssembly behind typed calls; `reference.ts` defines what they compute. One instance owns
 * one graph and its memory. Works in Node and in browsers, synchronously.
 */
import wasm from "../../dist/graph/release.wasm";
import { SpectroscopeError } from "../errors";
import type { Graph } from "./csr";
import {
  type Cover,
  type CoverOptions,
  type PolishResult,
  type PushResult,
  SWEEP_RULES,
  type SweepResult,
  type SweepRule,
} from "./reference";

interface Exports {
  configure(n: number, entries: number, unit: number): number;
  prepare(volume: number): void;
  push(seed: number, alpha: number, tolerance: number, maxPushes: number): void;
  sweep(rule: number, delta: number, minSize: number, maxVolume: number): void;
  conductance(count: number): number;
  polish(from: number, count: number, rounds: number, strictness: number, minSize: number, maxVolume: number): void;
  cover(...args: number[]): number;
  reachedCount: WebAssembly.Global;
  pushCount: WebAssembly.Global;
  sweptCount: WebAssembly.Global;
  chosenSize: WebAssembly.Global;
  moveCount: WebAssembly.Global;
  polishedSize: WebAssembly.Global;
  polishedConductance: WebAssembly.Global;
  candidateCount: WebAssembly.Global;
  heads: WebAssembly.Global;
  offsets(): number;
  neighbors(): number;
  weights(): number;
  degrees(): number;
  records(): number;
  nodes(): number;
  seeds(): number;
  order(): number;
  members(): number;
  body(): number;
  profile(): number;
  volumes(): number;
  scales(): number;
}

/** Record sizes of `assembly/layout.ts` and `assembly/cover.ts`, in f64 and u32 words. */
const NODE_WORDS = 4;
const HEAD_WORDS = 8;
const MAX_SCALES = 64;
const MAX_PAGES = 65536;

let compiled: WebAssembly.Module | undefined;

export class GraphKernel {
  readonly graph: Graph;
  private readonly memory: WebAssembly.Memory;
  private readonly calls: Exports;

  /** Copies a checked graph into fresh WebAssembly memory. Throws SpectroscopeError when it does not fit in 4 GiB. */
  constructor(graph: Graph) {
    this.graph = graph;
    compiled ??= new WebAssembly.Module(wasm as BufferSource);
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
    const abort = () => {
      throw new SpectroscopeError("graph: the WebAssembly module aborted", { code: "internal" });
    };
    const instance = new WebAssembly.Instance(compiled, { env: { memory: this.memory, abort } });
    this.calls = instance.exports as unknown as Exports;
    if (!this.calls.configure(graph.n, graph.neighbors.length, graph.unit ? 1 : 0)) throw this.outOfMemory();
    this.u32(this.calls.offsets(), graph.n + 1).set(graph.offsets);
    this.u32(this.calls.neighbors(), graph.neighbors.length).set(graph.neighbors);
    if (!graph.unit) this.f64(this.calls.weights(), graph.weights.length).set(graph.weights);
    this.f64(this.calls.degrees(), graph.n).set(graph.degree);
    this.calls.prepare(graph.volume);
  }

  /** Lazy personalized PageRank from `seed`; see the reference. */
  push(seed: number, alpha: number, tolerance: number, maxPushes = Infinity): PushResult {
    this.checkNode(seed, "seed");
    checkWalk(alpha, tolerance);
    this.calls.push(seed, alpha, tolerance, maxPushes);
    const nodes = this.u32(this.calls.nodes(), this.calls.reachedCount.value).slice();
    const records = this.f64(this.calls.records(), this.graph.n * NODE_WORDS);
    return {
      nodes,
      p: Float64Array.from(nodes, (v) => records[v * NODE_WORDS + 1]),
      residual: Float64Array.from(nodes, (v) => records[v * NODE_WORDS]),
      pushes: this.calls.pushCount.value,
    };
  }

  /** Sweep cut of the last push. */
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
      moves: this.calls.moveCount.value,
    };
  }

  /** Candidates of `seeds` (distinct ids) at all scales; see the reference. */
  cover(seeds: ArrayLike<number>, options: CoverOptions): Cover {
    const { tolerances, maxPushes } = options;
    if (tolerances.length < 1 || tolerances.length > MAX_SCALES)
      throw new SpectroscopeError(`graph: ${tolerances.length} tolerances`, { hint: `give 1 .. ${MAX_SCALES}` });
    for (const tolerance of tolerances) checkWalk(options.alpha, tolerance);
    checkSweep(options.rule, options.delta, options.minSize, options.maxVolume);
    this.checkDistinct(seeds, "seed");
    this.u32(this.calls.seeds(), seeds.length).set(seeds);
    this.f64(this.calls.scales(), tolerances.length).set(tolerances);
    const done = this.calls.cover(
      seeds.length,
      tolerances.length,
      options.alpha,
      SWEEP_RULES.indexOf(options.rule),
      options.delta,
      options.minSize,
      options.maxVolume,
      options.bodyVolume,
      options.phiMax,
      options.polishRounds,
      options.strictness,
      options.maxHits,
      maxPushes,
    );
    if (!done) throw this.outOfMemory();
    const count: number = this.calls.candidateCount.value;
    const head = this.u32(this.calls.heads.value, count * HEAD_WORDS);
    const phi = this.f64(this.calls.heads.value, (count * HEAD_WORDS) / 2);
    const column = (word: number) => Uint32Array.from({ length: count }, (_, i) => head[i * HEAD_WORDS + word]);
    return {
      members: Array.from({ length: count }, (_, i) =>
        this.u32(head[i * HEAD_WORDS + 2], head[i * HEAD_WORDS + 3]).slice(),
      ),
      conductance: Float64Array.from({ length: count }, (_, i) => phi[(i * HEAD_WORDS) / 2]),
      seed: column(4),
      scale: column(5),
      votes: column(6),
      body: this.u32(this.calls.body(), this.graph.n).slice(),
    };
  }

  // Views are made for each use: memory that grows detaches the old ones.
  private u32(at: number, length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, at >>> 0, length);
  }

  private f64(at: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, at >>> 0, length);
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
    const seen = new Uint8Array(this.graph.n);
    for (let i = 0; i < ids.length; i++) {
      this.checkNode(ids[i], name);
      if (seen[ids[i]]++)
        throw new SpectroscopeError(`graph: ${name} ${ids[i]} is given twice`, { hint: "drop repeats" });
    }
  }

  private outOfMemory(): SpectroscopeError {
    const { n, neighbors } = this.graph;
    return new SpectroscopeError(`graph: no memory for ${n} nodes and ${neighbors.length} neighbor entries`, {
      hint: "use fewer neighbors (k), seeds or scales; the limit is 4 GiB",
    });
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
