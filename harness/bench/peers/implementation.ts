import type { Operation } from "./operation";

/** An operation of one implementation, inputs on its device. */
export interface Prepared {
  /** Computes everything `times` times and waits until the device has done it. */
  run(times: number): Promise<void>;
  /** Results of the last run by name, in the operation's layout. */
  read(): Promise<Readonly<Record<string, ArrayLike<number>>>>;
  close(): void;
}

/** Something that computes operations. */
export interface Implementation {
  readonly name: string;
  readonly version: string;
  /** Where it computes: only those on WebGPU are held against each other. */
  readonly where: "webgpu" | "cpu";
  /** Compiles, and puts inputs on the device; undefined when it has no such operation. */
  prepare(operation: Operation): Promise<Prepared | undefined>;
  close(): Promise<void>;
}

/** rows x columns to columns x rows. */
export function transpose(data: ArrayLike<number>, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c];
  return out;
}

/** q, k and v out of qkv [T, H, 3, K]: three tensors [T, H, K], or [H, T, K] with `headsFirst`. */
export function splitHeads(qkv: ArrayLike<number>, T: number, H: number, K: number, headsFirst: boolean) {
  return [0, 1, 2].map((part) => {
    const out = new Float32Array(T * H * K);
    for (let t = 0; t < T; t++) {
      for (let h = 0; h < H; h++) {
        const at = (headsFirst ? h * T + t : t * H + h) * K;
        for (let e = 0; e < K; e++) out[at + e] = qkv[((t * H + h) * 3 + part) * K + e];
      }
    }
    return out;
  });
}

/** The reverse of `splitHeads`. */
export function joinHeads(
  parts: readonly ArrayLike<number>[],
  T: number,
  H: number,
  K: number,
  headsFirst: boolean,
): Float32Array {
  const out = new Float32Array(parts.length * T * H * K);
  for (const [part, data] of parts.entries()) {
    for (let t = 0; t < T; t++) {
      for (let h = 0; h < H; h++) {
        const at = (headsFirst ? h * T + t : t * H + h) * K;
        for (let e = 0; e < K; e++) out[((t * H + h) * parts.length + part) * K + e] = data[at + e];
      }
    }
  }
  return out;
}
