/** Clusters as nodes of a graph that is contracted: ties stay as they were measured, and those of a union are added up when asked for. */
import type { ClusterTies } from "../../kernels/graph/partition";

const GONE = -1;

export class Contraction {
  /** `[clusters]`, of what is not part of another: sums of degrees, sizes, weights inside. */
  readonly volume: Float64Array;
  readonly size: Uint32Array;
  readonly inside: Float64Array;
  /** `[clusters]`: what each is part of now, itself or a lower number, which may be part of another in its turn; -1 where given up. */
  private readonly parent: Int32Array;
  /** Clusters of a union, one after the other, and the last. */
  private readonly next: Int32Array;
  private readonly last: Int32Array;
  /** What `meet` found: other clusters, how many, and by cluster the weight to each. */
  readonly met: Uint32Array;
  metCount = 0;
  readonly tie: Float64Array;

  constructor(private readonly ties: ClusterTies) {
    const count = ties.volume.length;
    this.volume = ties.volume.slice();
    this.size = ties.size.slice();
    this.inside = ties.inside.slice();
    this.parent = new Int32Array(count);
    for (let c = 0; c < count; c++) this.parent[c] = c;
    this.next = new Int32Array(count).fill(-1);
    this.last = this.parent.slice();
    this.met = new Uint32Array(count);
    this.tie = new Float64Array(count);
  }

  /** What a cluster is part of now, -1 for nothing. */
  root(c: number): number {
    const { parent } = this;
    let at = c;
    while (at >= 0 && parent[at] !== at) at = parent[at];
    // The way up is short from here on.
    for (let v = c; v >= 0 && parent[v] !== at && parent[v] !== v; ) {
      const up = parent[v];
      parent[v] = at;
      v = up;
    }
    return at;
  }

  /** Lists the clusters that `a`, which is part of no other, is tied to in `met`, and the weights to them in `tie`. Until the next call. */
  meet(a: number): void {
    const { ties, next, met, tie } = this;
    const { starts, others, weights } = ties;
    for (let i = 0; i < this.metCount; i++) tie[met[i]] = 0;
    let count = 0;
    for (let c = a; c >= 0; c = next[c]) {
      const stop = starts[c + 1];
      for (let i = starts[c]; i < stop; i++) {
        const other = this.root(others[i]);
        if (other < 0 || other === a) continue;
        if (tie[other] === 0) met[count++] = other;
        tie[other] += weights[i];
      }
    }
    this.metCount = count;
  }

  /** Makes b part of a lower a, with that weight between them. */
  join(a: number, b: number, tie: number): void {
    this.parent[b] = a;
    this.next[this.last[a]] = b;
    this.last[a] = this.last[b];
    this.volume[a] += this.volume[b];
    this.size[a] += this.size[b];
    this.inside[a] += this.inside[b] + 2 * tie;
  }

  giveUp(c: number): void {
    this.parent[c] = GONE;
  }

  /** `[clusters]`: what each is part of, the lowest of its clusters; -1 for what was given up. */
  result(): Int32Array {
    const { parent } = this;
    for (let c = 0; c < parent.length; c++) parent[c] = this.root(c);
    return parent;
  }
}
