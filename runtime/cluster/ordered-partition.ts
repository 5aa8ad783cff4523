/**
 * An order of nodes from the structure of their graph alone: the nodes lie in cells, cells have an order, and a cell splits where
 * its nodes have different ties to another cell (color refinement with the smaller-half rule, as in McKay, "Practical graph
 * isomorphism", 1981). What no tie tells apart is told apart by taking one node out, and what that implies follows. In time
 * `edges * log(nodes)`, and independent of how nodes are numbered but for nodes that stay equal.
 */
import type { Csr } from "../../kernels/graph/csr";

/** Rounds of hashes of a trial, entries of a component that has any, and entries that all of them together may look at. */
const TRIAL_ROUNDS = 8;
const TRIAL_ENTRIES = 200_000;
const TRIAL_WORK = 5e7;

/** A 32-bit mix of good avalanche (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export class OrderedPartition {
  /** Place of each node, its cell's first place, and the nodes of a cell by that place. */
  private readonly place: Uint32Array;
  private readonly cell: Uint32Array;
  private readonly length: Uint32Array;
  private readonly queued: Uint8Array;
  private queue: number[] = [];
  /** Of the splitter at hand: what ties nodes have to it, and how many nodes of each cell have one. */
  private readonly tie: Uint32Array;
  private readonly stamp: Uint32Array;
  private readonly touched: Uint32Array;
  private run = 0;
  /** Cells of several nodes in the range at hand. */
  private open = 0;
  /** Entries that trials may still look at. */
  private work = TRIAL_WORK;
  /** Entries of the component at hand. */
  private entries = 0;
  private spare?: Uint32Array;

  /**
   * @param nodes `[n]`: the nodes, those of a cell beside each other; changed in place to the final order
   * @param keys `[n]`: keys of nodes; neighbors in `nodes` with equal keys are one cell
   * @param codes `[entries]`: a number for each entry's weight, or nothing where all weigh the same
   */
  constructor(
    private readonly graph: Csr,
    private readonly nodes: Uint32Array,
    private readonly keys: Uint32Array,
    private readonly codes: Uint32Array | undefined,
  ) {
    const { n } = graph;
    this.place = new Uint32Array(n);
    this.cell = new Uint32Array(n);
    this.length = new Uint32Array(n);
    this.queued = new Uint8Array(n);
    this.tie = new Uint32Array(n);
    this.stamp = new Uint32Array(n);
    this.touched = new Uint32Array(n);
    for (let i = 0; i < n; i++) this.place[nodes[i]] = i;
  }

  /** Orders the nodes at places `from` to `to` - 1, between which and the others there is no edge. */
  order(from: number, to: number): void {
    const { nodes, keys, cell, length } = this;
    const { offsets } = this.graph;
    this.open = 0;
    this.queue = [];
    this.entries = 0;
    for (let start = from; start < to; ) {
      let end = start;
      for (; end < to && keys[nodes[end]] === keys[nodes[start]]; end++) {
        cell[nodes[end]] = start;
        this.entries += offsets[nodes[end] + 1] - offsets[nodes[end]];
      }
      length[start] = end - start;
      if (end - start > 1) this.open++;
      start = end;
    }
    if (this.open > 0) this.begin(from, to);
    this.refine();
    for (let at = from; at < to && this.open > 0; ) {
      if (length[at] === 1) {
        at++;
        continue;
      }
      this.putLast(at, this.choice(at, from, to));
      // The last of the cell goes alone, so that no other node need be told.
      const alone = at + --length[at];
      length[alone] = 1;
      cell[nodes[alone]] = alone;
      if (length[at] === 1) this.open--;
      this.push(alone);
      this.refine();
    }
  }

  private putLast(start: number, v: number): void {
    const { nodes, place } = this;
    const end = start + this.length[start] - 1;
    nodes[place[v]] = nodes[end];
    place[nodes[end]] = place[v];
    nodes[end] = v;
    place[v] = end;
  }

  /**
   * The node of a cell that goes alone. In a regular graph all nodes are one cell though no symmetry exchanges them: each is tried,
   * and the one whose being alone leaves the least sum of hashes is chosen. Where that is too much work, or they are equal, any.
   */
  private choice(start: number, from: number, to: number): number {
    const { nodes, length, cell, graph } = this;
    const { offsets, neighbors } = graph;
    const size = length[start];
    const work = size * this.entries * TRIAL_ROUNDS;
    if (this.entries > TRIAL_ENTRIES || work > this.work || this.twins(nodes[start], nodes[start + 1]))
      return nodes[start];
    this.work -= work;
    const range = nodes.subarray(from, to);
    this.spare ??= new Uint32Array(graph.n);
    const { tie: now, spare: next } = this;
    let best = { v: nodes[start], sum: Number.POSITIVE_INFINITY };
    for (let i = start; i < start + size; i++) {
      for (const v of range) now[v] = mix(v === nodes[i] ? to - from : cell[v] - from);
      for (let round = 0; round < TRIAL_ROUNDS; round++) {
        for (const v of range) {
          let sum = Math.imul(now[v], 0x9e3779b1);
          for (let e = offsets[v]; e < offsets[v + 1]; e++)
            sum = (sum + (this.codes ? mix(now[neighbors[e]] ^ this.codes[e]) : now[neighbors[e]])) | 0;
          next[v] = mix(sum);
        }
        for (const v of range) now[v] = next[v];
      }
      let sum = 0;
      for (const v of range) sum = (sum + mix(now[v])) >>> 0;
      if (sum < best.sum) best = { v: nodes[i], sum };
    }
    return best.v;
  }

  /** Whether two nodes of one cell have the same neighbors but for each other: a symmetry exchanges them. */
  private twins(a: number, b: number): boolean {
    const { offsets, neighbors } = this.graph;
    let j = offsets[b];
    for (let i = offsets[a]; i < offsets[a + 1]; i++) {
      if (neighbors[i] === b) continue;
      if (neighbors[j] === a) j++;
      if (neighbors[i] !== neighbors[j++]) return false;
    }
    return true;
  }

  /** Queues the cells beside those of several nodes: no other can split one. */
  private begin(from: number, to: number): void {
    const { nodes, cell, length, queued } = this;
    const { offsets, neighbors } = this.graph;
    for (let i = from; i < to; i++) {
      const v = nodes[i];
      if (length[cell[v]] === 1) continue;
      for (let e = offsets[v]; e < offsets[v + 1]; e++) queued[cell[neighbors[e]]] = 1;
    }
    for (let i = from; i < to; i++) if (queued[i]) this.queue.push(i);
  }

  private push(start: number): void {
    if (this.queued[start]) return;
    this.queued[start] = 1;
    this.queue.push(start);
  }

  /** Splits cells until all nodes of each have the same ties to every other. */
  private refine(): void {
    const { queue, queued } = this;
    for (let next = 0; next < queue.length && this.open > 0; next++) {
      queued[queue[next]] = 0;
      this.splitBy(queue[next]);
    }
    for (const start of queue) queued[start] = 0;
    queue.length = 0;
  }

  private splitBy(splitter: number): void {
    const { nodes, place, cell, length, tie, stamp, touched, codes } = this;
    const { offsets, neighbors } = this.graph;
    const cells: number[] = [];
    const run = ++this.run;
    const end = splitter + length[splitter];
    // Rows move while they are met, but only within cells of several nodes: the splitter's nodes are read first where it is one.
    const from = length[splitter] > 1 ? nodes.slice(splitter, end) : nodes.subarray(splitter, end);
    for (const v of from) {
      for (let e = offsets[v]; e < offsets[v + 1]; e++) {
        const u = neighbors[e];
        const c = cell[u];
        if (length[c] === 1) continue;
        if (stamp[u] !== run) {
          stamp[u] = run;
          tie[u] = 0;
          if (touched[c] === 0) cells.push(c);
          // Touched nodes gather at the end of their cell.
          const to = c + length[c] - ++touched[c];
          const other = nodes[to];
          nodes[place[u]] = other;
          place[other] = place[u];
          nodes[to] = u;
          place[u] = to;
        }
        tie[u] += codes ? codes[e] : 1;
      }
    }
    cells.sort((a, b) => a - b);
    for (const c of cells) {
      const count = touched[c];
      touched[c] = 0;
      this.split(c, count);
    }
  }

  /** Splits a cell whose last `count` nodes have ties to the splitter: those without stay in front, others follow by tie. */
  private split(c: number, count: number): void {
    const { nodes, place, cell, length, tie } = this;
    const end = c + length[c];
    const first = end - count;
    const part = nodes.subarray(first, end);
    let alike = true;
    for (let i = 1; i < count && alike; i++) alike = tie[part[i]] === tie[part[0]];
    if (alike && first === c) return;
    if (!alike) {
      part.sort((a, b) => tie[a] - tie[b]);
      for (let i = 0; i < count; i++) place[part[i]] = first + i;
    }
    const starts = first > c ? [c] : [];
    for (let at = first; at < end; ) {
      const start = at;
      for (; at < end && tie[nodes[at]] === tie[nodes[start]]; at++) cell[nodes[at]] = start;
      starts.push(start);
    }
    this.open--;
    let largest = c;
    for (const [i, start] of starts.entries()) {
      length[start] = (i + 1 < starts.length ? starts[i + 1] : end) - start;
      if (length[start] > 1) this.open++;
      if (length[start] > length[largest]) largest = start;
    }
    // What ties nodes have to the largest part follows from the whole and the other parts.
    const all = this.queued[c] === 1;
    for (const start of starts) if (all || start !== largest) this.push(start);
  }
}
