/** An array of a Zarr store: whole, chunk by chunk, and parts along an axis; `zarr.ts` makes and opens them. */
import * as zarrita from "zarrita";
import { SpectroscopeError } from "../../kernels/errors";
import type { JsonObject } from "../formats/json";
import { elementCount } from "../formats/npy";
import { copyBox, gridIndices } from "./box";
import type { ZarrFiles } from "./zarr-files";
import { REMEDY } from "./zarr-metadata";
import {
  checkValues,
  chunkBytes,
  chunkValues,
  hasNoValue,
  type ZarrInput,
  type ZarrType,
  type ZarrValues,
  zarrTypes,
} from "./zarr-values";
import { checkFrame, ZSTD_RATIO } from "./zstd-frame";

type Key = zarrita.AbsolutePath;

/** Bytes of floats that may be read where no chunk is: they are NaN. */
const UNWRITTEN_BYTES = 2 ** 26;

/** Bytes of a chunk before it is compressed. */
const chunkSize = (type: ZarrType, chunks: readonly number[]) => elementCount(chunks) * zarrTypes[type].bytes;

/** Settings of the codec that every chunk goes through, devinterp's. */
export const ZSTD = { level: 0, checksum: false };

function fail(message: string, hint?: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

/** Our error for what zarrita threw while it read `path`. */
export function readError(path: string, error: unknown): SpectroscopeError {
  if (error instanceof SpectroscopeError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new SpectroscopeError(`${path}: damaged or no Zarr v3: ${text}`, {
    code: "bad-input",
    hint: "delete the store to have it computed again",
    cause: error,
  });
}

async function zstd() {
  const Zstd = await zarrita.registry.get("zstd")?.();
  if (!Zstd) return fail("zarrita has no zstd codec", "install the pinned dependencies");
  return Zstd.fromConfig(ZSTD, { dataType: "uint8", shape: [], codecs: [], fillValue: 0 });
}

const compress = async (bytes: Uint8Array): Promise<Uint8Array> => (await zstd()).encode(bytes);
const decompress = async (bytes: Uint8Array): Promise<Uint8Array> => (await zstd()).decode(bytes);

/** Part of an array along one axis. */
export interface AxisRange {
  readonly axis: number;
  readonly from: number;
  /** Past the last. */
  readonly to: number;
}

export class ZarrArray<T extends ZarrType = ZarrType> {
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly dims: readonly string[];

  constructor(
    private readonly node: zarrita.Array<zarrita.DataType, ZarrFiles>,
    readonly dtype: T,
  ) {
    this.shape = node.shape;
    this.chunks = node.chunks;
    this.dims = node.dimensionNames ?? [];
  }

  /** For people and errors. */
  get name(): string {
    return this.node.store.nameOf(this.node.path);
  }

  get attributes(): JsonObject {
    return (this.node.attrs ?? {}) as JsonObject;
  }

  /** Number of chunks along each axis. */
  get grid(): number[] {
    return this.shape.map((size, axis) => Math.ceil(size / this.chunks[axis]));
  }

  private keyOf(index: readonly number[]): Key {
    return `${this.node.path}/${["c", ...index].join("/")}` as Key;
  }

  private extentOf(index: readonly number[]): number[] {
    return index.map((at, axis) => Math.min(this.chunks[axis], this.shape[axis] - at * this.chunks[axis]));
  }

  private async store(index: readonly number[], values: ZarrValues[T]): Promise<void> {
    await this.node.store.set(this.keyOf(index), await compress(chunkBytes(this.dtype, values)));
  }

  private checked(data: ZarrInput<T>, shape: readonly number[]): ZarrValues[T] {
    if (data.length !== elementCount(shape)) {
      fail(`${this.name}: ${data.length} elements given for shape [${shape}], which has ${elementCount(shape)}`);
    }
    checkValues(this.dtype, data, this.name);
    const values = zarrTypes[this.dtype].make(0);
    if (values.constructor === data.constructor) return data as unknown as ZarrValues[T];
    const make = values.constructor as unknown as { from(data: ZarrInput<T>): ZarrValues[T] };
    return make.from(data);
  }

  private chunkOf(data: ZarrValues[T], shape: readonly number[], start: readonly number[], extent: readonly number[]) {
    const chunk = zarrTypes[this.dtype].make(elementCount(this.chunks)) as ZarrValues[T];
    const origin = this.chunks.map(() => 0);
    copyBox<ZarrValues[T]>({ data, shape, start }, { data: chunk, shape: this.chunks, start: origin }, extent);
    return chunk;
  }

  /** Writes the whole array, row-major. @throws SpectroscopeError for another number of elements or values that do not fit */
  async write(data: ZarrInput<T>): Promise<void> {
    const values = this.checked(data, this.shape);
    for (const index of gridIndices(this.grid)) {
      const start = index.map((at, axis) => at * this.chunks[axis]);
      await this.store(index, this.chunkOf(values, this.shape, start, this.extentOf(index)));
    }
  }

  /** Writes one chunk: what it has of the array, row-major, without what lies beyond the array's edge. */
  async writeChunk(index: readonly number[], data: ZarrInput<T>): Promise<void> {
    this.checkIndex(index);
    const extent = this.extentOf(index);
    const values = this.checked(data, extent);
    const origin = extent.map(() => 0);
    await this.store(index, this.chunkOf(values, extent, origin, extent));
  }

  private checkIndex(index: readonly number[]): void {
    const { grid } = this;
    const inside = (at: number, axis: number) => Number.isInteger(at) && at >= 0 && at < grid[axis];
    if (index.length !== grid.length || !index.every(inside)) {
      fail(`${this.name}: no chunk [${index}] in a grid of [${grid}] chunks`);
    }
  }

  /** Whether a chunk was written since the store was opened for writing, or before by who went on from there. */
  isWritten(index: readonly number[]): boolean {
    return this.node.store.written.has(this.keyOf(index).slice(1));
  }

  /**
   * Reads the array, or a part along one axis, row-major; chunks one after the other. Floats never written are NaN.
   * @throws SpectroscopeError for a damaged chunk, and for a missing one of integers or strings
   */
  async read(range?: AxisRange): Promise<ZarrValues[T]> {
    const first = this.shape.map((_, axis) => (axis === range?.axis ? range.from : 0));
    const past = this.shape.map((size, axis) => (axis === range?.axis ? range.to : size));
    if (
      range &&
      !(
        range.axis < this.shape.length &&
        range.from >= 0 &&
        range.to <= this.shape[range.axis] &&
        range.from <= range.to
      )
    ) {
      fail(`${this.name}: no range ${range.from} to ${range.to} along axis ${range.axis} of shape [${this.shape}]`);
    }
    const shape = past.map((end, axis) => end - first[axis]);
    const low = first.map((start, axis) => Math.floor(start / this.chunks[axis]));
    const counts = past.map((end, axis) => (shape[axis] ? Math.ceil(end / this.chunks[axis]) - low[axis] : 0));
    await this.checkSizes(low, counts);
    const out = zarrTypes[this.dtype].make(elementCount(shape)) as ZarrValues[T];
    for (const at of gridIndices(counts)) {
      const index = at.map((i, axis) => low[axis] + i);
      const origin = index.map((i, axis) => i * this.chunks[axis]);
      const start = first.map((from, axis) => Math.max(from, origin[axis]));
      const end = past.map((to, axis) => Math.min(to, origin[axis] + this.chunks[axis]));
      copyBox<ZarrValues[T]>(
        { data: await this.chunk(index), shape: this.chunks, start: start.map((s, axis) => s - origin[axis]) },
        { data: out, shape, start: start.map((s, axis) => s - first[axis]) },
        end.map((e, axis) => e - start[axis]),
      );
    }
    return out;
  }

  /** Refuses a chunk that is missing where its type needs it, and chunks that are too small for what they claim to hold. */
  private async checkSizes(low: readonly number[], counts: readonly number[]): Promise<void> {
    const { store } = this.node;
    let claimed = 0;
    let there = 0;
    for (const at of gridIndices(counts)) {
      const key = this.keyOf(at.map((i, axis) => low[axis] + i));
      const size = await store.size(key);
      if (size === undefined && !hasNoValue(this.dtype)) {
        fail(`${store.nameOf(key)}: this chunk of ${this.node.dtype} is missing`, REMEDY);
      }
      claimed += chunkSize(this.dtype, this.chunks);
      there += size ?? 0;
    }
    if (claimed <= UNWRITTEN_BYTES + there * ZSTD_RATIO) return;
    fail(`${this.name}: ${claimed} bytes are claimed by metadata, which ${there} bytes of chunks cannot hold`, REMEDY);
  }

  /** A whole chunk, with what fills it up at the edge. */
  private async chunk(index: readonly number[]): Promise<ZarrValues[T]> {
    const key = this.keyOf(index);
    const path = this.node.store.nameOf(key);
    try {
      const packed = await this.node.store.get(key);
      if (!packed) return zarrTypes[this.dtype].make(elementCount(this.chunks)) as ZarrValues[T];
      checkFrame(packed, this.dtype === "string" ? undefined : chunkSize(this.dtype, this.chunks));
      return chunkValues(this.dtype, await decompress(packed), elementCount(this.chunks));
    } catch (error) {
      throw readError(path, error);
    }
  }
}
