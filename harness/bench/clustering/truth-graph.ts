import { readFileSync, writeFileSync } from "node:fs";
import { SpectroscopeError } from "../../../kernels/errors";

/** An undirected graph with weights 1 and, where it is known, which group each node was drawn from. */
export interface TruthGraph {
  readonly n: number;
  /** `[2 E]`: end points pair by pair, each edge once, no loops. */
  readonly ends: Uint32Array;
  /** `[n]` group ids from 0; -1 for a node of no group. */
  readonly truth?: Int32Array;
}

/** Edges without repeats, for generators that draw pairs until enough are new. */
export class EdgeSet {
  readonly ends: number[] = [];
  private readonly seen = new Set<number>();

  constructor(private readonly n: number) {}

  /** Adds the edge a-b; false when it is a loop or is there already. */
  add(a: number, b: number): boolean {
    const key = a < b ? a * this.n + b : b * this.n + a;
    if (a === b || this.seen.has(key)) return false;
    this.seen.add(key);
    this.ends.push(a, b);
    return true;
  }
}

/** Share of the edges that join different groups; NaN without edges. */
export function mixing({ ends, truth }: TruthGraph): number {
  let between = 0;
  for (let e = 0; e < ends.length; e += 2) if (truth![ends[e]] !== truth![ends[e + 1]]) between++;
  return (2 * between) / ends.length;
}

/**
 * Writes `path`.bin: u32 n, u32 E, then E pairs of u32; and `path`.truth.bin: i32 of each node. Little-endian. The peers
 * read these files.
 */
export function writeGraph(path: string, { n, ends, truth }: TruthGraph): void {
  const words = new Uint32Array(2 + ends.length);
  words.set([n, ends.length / 2]);
  words.set(ends, 2);
  writeFileSync(`${path}.bin`, littleEndian(words));
  if (truth) writeFileSync(`${path}.truth.bin`, littleEndian(truth));
}

/** Reads what `writeGraph` wrote; `truth` is the path of its file, if there is one. Throws SpectroscopeError. */
export function readGraph(path: string, truth?: string): TruthGraph {
  const words = new Uint32Array(littleEndianWords(path));
  const [n, edges] = words;
  if (words.length !== 2 + 2 * edges) {
    throw new SpectroscopeError(`${path}: says ${edges} edges and holds ${(words.length - 2) / 2}`, {
      hint: "the file is u32 n, u32 E, then E pairs of u32, little-endian",
    });
  }
  const groups = truth === undefined ? undefined : new Int32Array(littleEndianWords(truth));
  if (groups && groups.length !== n) {
    throw new SpectroscopeError(`${truth}: has ${groups.length} groups for ${n} nodes`, { hint: "i32 for each node" });
  }
  return { n, ends: words.subarray(2), truth: groups };
}

function littleEndian(values: Uint32Array | Int32Array): Buffer {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return BIG_ENDIAN ? Buffer.from(bytes).swap32() : bytes;
}

function littleEndianWords(path: string): ArrayBuffer {
  const bytes = readFileSync(path);
  if (bytes.length % 4 !== 0) throw new SpectroscopeError(`${path}: ${bytes.length} bytes are no whole words`);
  if (BIG_ENDIAN) bytes.swap32();
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

const BIG_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 0;
