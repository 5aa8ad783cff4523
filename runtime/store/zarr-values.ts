/** Element types of Zarr arrays: their names, their values in memory, and the bytes of a chunk before compression. */
import { SpectroscopeError } from "../../kernels/errors";

/** Values in memory, row-major. `i64` is exact within ±(2^53 - 1); values beyond are refused. */
export interface ZarrValues {
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;
  u32: Uint32Array;
  i64: Float64Array;
  string: string[];
}
export type ZarrType = keyof ZarrValues;

/** What may be written as a type. */
export type ZarrInput<T extends ZarrType> = T extends "string" ? readonly string[] : ArrayLike<number>;

interface TypeFacts<T extends ZarrType> {
  /** Zarr's name. */
  readonly name: string;
  /** What never-written elements read as, as in metadata. */
  readonly fill: number | string;
  /** Of an element in a chunk before it is compressed, at least. */
  readonly bytes: number;
  /** `count` elements, all of them the fill value. */
  readonly make: (count: number) => ZarrValues[T];
  /** Least and greatest value of an integer type. */
  readonly range?: readonly [number, number];
}

export const zarrTypes: { readonly [T in ZarrType]: TypeFacts<T> } = {
  f32: { bytes: 4, name: "float32", fill: Number.NaN, make: (count) => new Float32Array(count).fill(Number.NaN) },
  f64: { bytes: 8, name: "float64", fill: Number.NaN, make: (count) => new Float64Array(count).fill(Number.NaN) },
  i32: { bytes: 4, name: "int32", fill: 0, make: (count) => new Int32Array(count), range: [-(2 ** 31), 2 ** 31 - 1] },
  u32: { bytes: 4, name: "uint32", fill: 0, make: (count) => new Uint32Array(count), range: [0, 2 ** 32 - 1] },
  i64: {
    bytes: 8,
    name: "int64",
    fill: 0,
    make: (count) => new Float64Array(count),
    range: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  },
  string: { bytes: 4, name: "string", fill: "", make: (count) => new Array<string>(count).fill("") },
};

/** Whether a never-written element tells itself from every written one. */
export const hasNoValue = (type: ZarrType): boolean => type === "f32" || type === "f64";

/** Our name of a Zarr data type; undefined for one that this project does not use. */
export function zarrTypeNamed(name: unknown): ZarrType | undefined {
  return (Object.keys(zarrTypes) as ZarrType[]).find((type) => zarrTypes[type].name === name);
}

/** Refuses values that the type cannot hold. Floats are rounded to the type, whatever they are. */
export function checkValues<T extends ZarrType>(type: T, values: ZarrInput<T>, where: string): void {
  const { range, name } = zarrTypes[type];
  if (ArrayBuffer.isView(values) && !range && type !== "string") return;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const fits = range ? Number.isInteger(value) && Number(value) >= range[0] && Number(value) <= range[1] : true;
    if (fits && (typeof value === "string") === (type === "string")) continue;
    throw new SpectroscopeError(`${where}: element ${i} is ${String(value)}, which ${name} cannot hold`, {
      code: "bad-input",
    });
  }
}

/** Bytes of a chunk: numbers little-endian (as every machine that runs this lays them out), strings as `vlen-utf8`. */
export function chunkBytes<T extends ZarrType>(type: T, values: ZarrValues[T]): Uint8Array {
  if (type === "string") return variableUtf8(values as string[]);
  const numbers = type === "i64" ? BigInt64Array.from(values as Float64Array, BigInt) : (values as Float32Array);
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/**
 * `count` values of the bytes of a chunk; 64-bit integers become numbers. @throws RangeError for another number of them, for
 * integers beyond 2^53 - 1, and for what is no UTF-8
 */
export function chunkValues<T extends ZarrType>(type: T, bytes: Uint8Array, count: number): ZarrValues[T] {
  if (type === "string") return readUtf8(bytes, count) as ZarrValues[T];
  const { bytes: size, make } = zarrTypes[type];
  if (bytes.length !== count * size) throw new RangeError(`${bytes.length} bytes, expected ${count * size}`);
  if (type !== "i64") {
    const out = make(count) as Float32Array;
    new Uint8Array(out.buffer).set(bytes);
    return out as ZarrValues[T];
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = Number(view.getBigInt64(8 * i, true));
    if (!Number.isSafeInteger(out[i])) throw new RangeError(`element ${i} is beyond 2^53 - 1`);
  }
  return out as ZarrValues[T];
}

function readUtf8(bytes: Uint8Array, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const found = bytes.length < 4 ? 0 : view.getUint32(0, true);
  if (found !== count) throw new RangeError(`${found} texts, expected ${count}`);
  const out: string[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    const end = at + 4 <= bytes.length ? at + 4 + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new RangeError(`text ${i} goes beyond the end`);
    out.push(decoder.decode(bytes.subarray(at + 4, end)));
    at = end;
  }
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes behind the last text`);
  return out;
}

/** The codec `vlen-utf8`: the number of strings, then each one's length in bytes and its bytes; counts are u32. */
function variableUtf8(strings: readonly string[]): Uint8Array {
  const encoded = strings.map((text) => new TextEncoder().encode(text));
  const out = new Uint8Array(encoded.reduce((sum, bytes) => sum + 4 + bytes.length, 4));
  const view = new DataView(out.buffer);
  view.setUint32(0, encoded.length, true);
  let at = 4;
  for (const bytes of encoded) {
    view.setUint32(at, bytes.length, true);
    out.set(bytes, at + 4);
    at += 4 + bytes.length;
  }
  return out;
}
