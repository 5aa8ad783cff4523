import { SpectroscopeError } from "../../kernels/errors";

const PAGE = 65536;

/** A part of a WebAssembly memory, bytes. */
export interface Region {
  readonly at: number;
  readonly size: number;
}

/** Hands out a WebAssembly memory: first fit, neighbors joined when freed, grown when nothing fits. */
export class Arena {
  /** Free parts in the order of their places. */
  private readonly free: { at: number; size: number }[] = [];
  private end: number;

  /** @param begin the first byte to hand out, a multiple of `alignment` */
  constructor(
    private readonly memory: WebAssembly.Memory,
    begin: number,
    private readonly alignment: number,
  ) {
    this.end = begin;
  }

  /** A region whose bytes are whatever they were. @throws SpectroscopeError `memory` beyond 4 GiB */
  take(bytes: number, what: string): Region {
    const size = Math.ceil(Math.max(bytes, 1) / this.alignment) * this.alignment;
    const place = this.free.findIndex((part) => part.size >= size);
    if (place >= 0) {
      const part = this.free[place];
      const at = part.at;
      part.at += size;
      part.size -= size;
      if (part.size === 0) this.free.splice(place, 1);
      return { at, size };
    }
    const last = this.free.at(-1);
    const at = last && last.at + last.size === this.end ? last.at : this.end;
    this.reach(at + size, what);
    if (at < this.end) this.free.pop();
    this.end = at + size;
    return { at, size };
  }

  give({ at, size }: Region): void {
    let place = this.free.findIndex((part) => part.at > at);
    if (place < 0) place = this.free.length;
    this.free.splice(place, 0, { at, size });
    for (const i of [place, place - 1]) {
      const [part, next] = [this.free[i], this.free[i + 1]];
      if (!part || !next || part.at + part.size !== next.at) continue;
      part.size += next.size;
      this.free.splice(i + 1, 1);
    }
  }

  private reach(end: number, what: string): void {
    const missing = Math.ceil(end / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      const lacks = end <= 2 ** 32 ? ", more than this machine has free: close other programs" : "; 4 GiB are the most";
      throw new SpectroscopeError(`${what} needs ${Math.ceil(end / 2 ** 20)} MiB of WebAssembly memory${lacks}`, {
        code: "memory",
        hint: "use a GPU, --adapter software, fewer chains, or fewer or shorter sequences",
        cause,
      });
    }
  }
}
