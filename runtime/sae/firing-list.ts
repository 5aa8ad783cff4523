/** Codes that fire, block by block: collected by token, kept as which tokens each feature fires on. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Firings } from "./firings";

/** More firings than this are no sparse codes: their features alone would take 4 GB twice over. */
const MOST = 1e9;

/** Codes that fire of a block of tokens, by token; features ascend within a token. */
export interface SparseCodes {
  /** The first token. */
  readonly from: number;
  readonly tokens: number;
  /** [tokens + 1]: those of token `from + t` are at `starts[t]` up to `starts[t + 1]`. */
  readonly starts: Uint32Array;
  readonly features: Uint32Array;
  readonly values: Float32Array;
}

/** Codes of a block as they come: token by token inside a piece of features, piece after piece. */
export class BlockOfCodes {
  private rows = new Uint32Array(1024);
  private features = new Uint32Array(1024);
  private values = new Float32Array(1024);
  private size = 0;

  push(row: number, feature: number, value: number): void {
    if (this.size === this.rows.length) this.grow();
    this.rows[this.size] = row;
    this.features[this.size] = feature;
    this.values[this.size++] = value;
  }

  /** What was pushed, by token, and begins anew. */
  take(from: number, tokens: number): SparseCodes {
    const { size } = this;
    const starts = new Uint32Array(tokens + 1);
    for (let i = 0; i < size; i++) starts[this.rows[i] + 1]++;
    for (let t = 0; t < tokens; t++) starts[t + 1] += starts[t];
    const next = starts.slice();
    const features = new Uint32Array(size);
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const to = next[this.rows[i]]++;
      features[to] = this.features[i];
      values[to] = this.values[i];
    }
    this.size = 0;
    return { from, tokens, starts, features, values };
  }

  private grow(): void {
    const length = 2 * this.size;
    const longer = <A extends Uint32Array | Float32Array>(array: A, old: A): A => {
      array.set(old);
      return array;
    };
    this.rows = longer(new Uint32Array(length), this.rows);
    this.features = longer(new Uint32Array(length), this.features);
    this.values = longer(new Float32Array(length), this.values);
  }
}

/** What codes of all tokens come to, feature by feature. */
export class FiringList {
  private readonly counts: Float64Array;
  private readonly sums: Float64Array;
  private readonly largest: Float32Array;
  private readonly blocks: Pick<SparseCodes, "from" | "starts" | "features">[] = [];
  private size = 0;

  constructor(readonly features: number) {
    this.counts = new Float64Array(features);
    this.sums = new Float64Array(features);
    this.largest = new Float32Array(features);
  }

  /** Takes a block's codes; blocks come in order of their tokens. @throws SpectroscopeError `memory`: far too many */
  add({ from, tokens, starts, features, values }: SparseCodes): void {
    this.size += features.length;
    if (this.size > MOST) {
      const each = (this.size / (from + tokens)).toFixed(0);
      throw new SpectroscopeError(`more than ${MOST} codes fire in ${from + tokens} tokens, ${each} a token`, {
        code: "memory",
        hint: "let a feature fire above a larger code (active), or encode fewer tokens",
      });
    }
    for (let i = 0; i < features.length; i++) {
      const f = features[i];
      this.counts[f]++;
      this.sums[f] += values[i];
      if (values[i] > this.largest[f]) this.largest[f] = values[i];
    }
    this.blocks.push({ from, starts, features });
  }

  /** The tokens of each feature; blocks are let go. */
  firings(tokens: number): Firings {
    const starts = new Float64Array(this.features + 1);
    for (let f = 0; f < this.features; f++) starts[f + 1] = starts[f] + this.counts[f];
    const next = starts.slice();
    const members = new Uint32Array(this.size);
    for (const block of this.blocks) {
      for (let t = 0; t + 1 < block.starts.length; t++) {
        for (let i = block.starts[t]; i < block.starts[t + 1]; i++) members[next[block.features[i]]++] = block.from + t;
      }
    }
    this.blocks.length = 0;
    return { tokens, features: this.features, starts, members };
  }

  /** [F] each, over the tokens that a feature fires on: how many, their mean code (0 of none), their largest (0 of none). */
  statistics(): { count: Float64Array; mean: Float64Array; max: Float32Array } {
    const mean = this.sums.map((sum, f) => (this.counts[f] > 0 ? sum / this.counts[f] : 0));
    return { count: this.counts, mean, max: this.largest };
  }
}
