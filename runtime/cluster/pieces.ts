/** Pieces of one cluster, joined until what is left is worth a split. */
import type { Graph } from "../../kernels/graph/csr";
import type { BlockModel } from "./block-model";

/** A cluster that falls into more pieces than this is not looked at: wide ones, which walks divide, and for each pair of pieces there is work. */
const MOST = 64;

/** Works on one cluster after the other, in memory that it keeps. */
export class PieceJoiner {
  /** `[nodes]`: place of each piece among those of its cluster. */
  private readonly place: Int32Array;
  private ties = new Float64Array(0);
  private volume = new Float64Array(0);
  private inside = new Float64Array(0);
  private size = new Uint32Array(0);
  private alone = new Float64Array(0);
  /** Pieces of the cluster at hand, and by node of it the place of its own. */
  private readonly met = new Int32Array(MOST);
  private of = new Int32Array(0);

  /**
   * @param piece `[n]`: piece of each node, below n
   * @param minSize pieces of fewer nodes join what they are most strongly tied to
   */
  constructor(
    private readonly graph: Graph,
    private readonly piece: Int32Array,
    private readonly model: BlockModel,
    private readonly minSize: number,
  ) {
    this.place = new Int32Array(graph.n).fill(-1);
  }

  /**
   * Joins pieces that are likelier as one, the most strongly tied first, until no pair is.
   * @param nodes of the cluster, ascending
   * @param cost share of the entropy of the split that the parts must pay for
   * @returns number of parts, and the part of each of `nodes`, until the next call; nothing where the whole is likelier, less what
   *   parts cost
   */
  parts(nodes: Uint32Array, cost: number): { count: number; of: Int32Array } | undefined {
    const { met, place } = this;
    if (this.of.length < nodes.length) this.of = new Int32Array(2 * nodes.length);
    const { of } = this;
    const count = this.list(nodes);
    if (count > 1 && count <= MOST) this.measure(nodes, of, count);
    for (let i = 0; i < Math.min(count, MOST); i++) place[met[i]] = -1;
    if (count < 2 || count > MOST) return undefined;
    const parent = this.join(count);
    const roots: number[] = [];
    for (let p = 0; p < count; p++) {
      if (parent[p] !== p) continue;
      if (this.size[p] < this.minSize) return undefined;
      roots.push(p);
    }
    if (roots.length === 1 || !this.paysOff(roots, count, cost)) return undefined;
    const names = new Int32Array(count);
    for (let i = 0; i < roots.length; i++) names[roots[i]] = i;
    for (let i = 0; i < nodes.length; i++) of[i] = names[parent[of[i]]];
    return { count: roots.length, of };
  }

  /** Places of the pieces of `nodes` in `place`, and of each node's in `of`. Returns how many there are, or more than `MOST`. */
  private list(nodes: Uint32Array): number {
    const { piece, place, met, of } = this;
    let count = 0;
    for (let i = 0; i < nodes.length; i++) {
      const p = piece[nodes[i]];
      if (place[p] < 0) {
        if (count === MOST) return MOST + 1;
        place[p] = count;
        met[count++] = p;
      }
      of[i] = place[p];
    }
    return count;
  }

  /** Sizes, volumes, weights inside (both ends counted) and ties of the pieces. Ties to other clusters are left out. */
  private measure(nodes: Uint32Array, of: Int32Array, count: number): void {
    const { offsets, neighbors, weights, degree, unit } = this.graph;
    const { piece, place } = this;
    if (this.ties.length < count * count) this.ties = new Float64Array(count * count);
    else this.ties.fill(0, 0, count * count);
    if (this.volume.length < count) {
      this.volume = new Float64Array(count);
      this.inside = new Float64Array(count);
      this.size = new Uint32Array(count);
      this.alone = new Float64Array(count);
    }
    const { ties, volume, inside, size, alone } = this;
    volume.fill(0, 0, count);
    size.fill(0, 0, count);
    for (let i = 0; i < nodes.length; i++) {
      const v = nodes[i];
      const row = of[i] * count;
      volume[of[i]] += degree[v];
      size[of[i]]++;
      const stop = offsets[v + 1];
      for (let e = offsets[v]; e < stop; e++) {
        const p = piece[neighbors[e]];
        if (p >= 0 && place[p] >= 0) ties[row + place[p]] += unit ? 1 : weights[e];
      }
    }
    for (let p = 0; p < count; p++) {
      inside[p] = ties[p * count + p];
      alone[p] = this.model.alone(inside[p], volume[p]);
    }
  }

  /** `[count]`: the piece that each is part of at the end, the lowest of them. */
  private join(count: number): Int32Array {
    const { ties, volume, inside, size, alone, model } = this;
    const parent = new Int32Array(count);
    for (let p = 0; p < count; p++) parent[p] = p;
    const best = new Int32Array(count);
    const strength = new Float64Array(count);
    for (let p = 0; p < count; p++) this.find(p, count, parent, best, strength);
    for (;;) {
      let first = -1;
      for (let p = 0; p < count; p++)
        if (parent[p] === p && best[p] >= 0 && (first < 0 || strength[p] > strength[first])) first = p;
      if (first < 0) break;
      const a = Math.min(first, best[first]);
      const b = Math.max(first, best[first]);
      const tie = ties[a * count + b];
      parent[b] = a;
      volume[a] += volume[b];
      size[a] += size[b];
      inside[a] += inside[b] + 2 * tie;
      alone[a] = model.alone(inside[a], volume[a]);
      for (let c = 0; c < count; c++) {
        if (parent[c] !== c || c === a) continue;
        const sum = ties[a * count + c] + ties[b * count + c];
        ties[a * count + c] = sum;
        ties[c * count + a] = sum;
      }
      this.find(a, count, parent, best, strength);
      for (let c = 0; c < count; c++) {
        if (parent[c] !== c || c === a || ties[a * count + c] === 0) continue;
        if (best[c] === a || best[c] === b) this.find(c, count, parent, best, strength);
        else this.better(c, a, count, best, strength);
      }
    }
    for (let p = 0; p < count; p++) parent[p] = parent[parent[p]];
    return parent;
  }

  /** Notes the piece that a should join, or none. */
  private find(a: number, count: number, parent: Int32Array, best: Int32Array, strength: Float64Array): void {
    best[a] = -1;
    strength[a] = 0;
    for (let b = 0; b < count; b++) if (parent[b] === b) this.better(a, b, count, best, strength);
  }

  /** Notes b as the piece that a should join, when it is tied to it more strongly than what was noted and they are likelier as one. */
  private better(a: number, b: number, count: number, best: Int32Array, strength: Float64Array): void {
    const { ties, volume, inside, size, alone, minSize, model } = this;
    const tie = ties[a * count + b];
    if (tie === 0 || a === b) return;
    const found = tie / (volume[a] * volume[b]);
    if (!(found > strength[a])) return;
    const small = size[a] < minSize || size[b] < minSize;
    if (!small && !(model.union(inside[a], inside[b], tie, volume[a], volume[b], alone[a] + alone[b]) > 0)) return;
    best[a] = b;
    strength[a] = found;
  }

  /** Whether parts are likelier than their union by more than they cost. */
  private paysOff(parts: readonly number[], count: number, cost: number): boolean {
    const { ties, volume, inside, size, model } = this;
    let nodes = size[parts[0]];
    let vol = volume[parts[0]];
    let within = inside[parts[0]];
    let choices = -nodes * Math.log(nodes);
    let gain = 0;
    for (let i = 1; i < parts.length; i++) {
      const p = parts[i];
      let tie = 0;
      for (let j = 0; j < i; j++) tie += ties[p * count + parts[j]];
      gain -= model.union(within, inside[p], tie, vol, volume[p]);
      nodes += size[p];
      vol += volume[p];
      within += inside[p] + 2 * tie;
      choices -= size[p] * Math.log(size[p]);
    }
    return gain > cost * (choices + nodes * Math.log(nodes));
  }
}
