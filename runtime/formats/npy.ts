/**
 * NumPy's `.npy`: one array, little-endian, C order. Bytes only.
 * Source: the format description in NumPy's documentation (numpy.lib.format), versions 1.0 to 3.0 read, 1.0 written.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { shown, shownList } from "./text";

export type NpyType = "f32" | "f64" | "u8" | "u16" | "i32" | "u32" | "i64";
export type NpyData = Float32Array | Float64Array | Uint8Array | Uint16Array | Int32Array | Uint32Array;

/** Row-major array. `i64` keeps its values in a Float64Array, which is exact within ±(2^53 - 1); others are refused. */
export interface NpyArray {
  readonly dtype: NpyType;
  readonly shape: readonly number[];
  readonly data: NpyData;
}

/** What may be written: the type follows from the data unless it is said (`i64` from a Float64Array). */
export type NpyInput = Omit<NpyArray, "dtype"> & { readonly dtype?: NpyType };

const TYPES: Readonly<Record<NpyType, { descr: string; bytes: number; make: (buffer: ArrayBuffer) => NpyData }>> = {
  f32: { descr: "<f4", bytes: 4, make: (buffer) => new Float32Array(buffer) },
  f64: { descr: "<f8", bytes: 8, make: (buffer) => new Float64Array(buffer) },
  u8: { descr: "|u1", bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  u16: { descr: "<u2", bytes: 2, make: (buffer) => new Uint16Array(buffer) },
  i32: { descr: "<i4", bytes: 4, make: (buffer) => new Int32Array(buffer) },
  u32: { descr: "<u4", bytes: 4, make: (buffer) => new Uint32Array(buffer) },
  i64: { descr: "<i8", bytes: 8, make: (buffer) => integersFrom64(new BigInt64Array(buffer)) },
};
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

function fail(file: string, message: string, hint?: string): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code: "bad-input", hint });
}

function integersFrom64(values: BigInt64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isSafeInteger(value)) throw new RangeError(`element ${i} is ${values[i]}, beyond 2^53 - 1`);
    out[i] = value;
  }
  return out;
}

/** Element type that data is written as unless another is said. */
export function npyType(data: NpyData): NpyType {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Float64Array) return "f64";
  if (data instanceof Uint8Array) return "u8";
  if (data instanceof Uint16Array) return "u16";
  if (data instanceof Int32Array) return "i32";
  return "u32";
}

/** Elements of a shape; 1 for `[]`. NaN when a size is no natural number or the product is not exact. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return Number.NaN;
    count *= size;
  }
  return Number.isSafeInteger(count) ? count : Number.NaN;
}

/** Bytes of a `.npy` file: header first, then the values. The same array always gives the same bytes. */
export function encodeNpy(array: NpyInput): [header: Uint8Array, values: Uint8Array] {
  const { shape, data } = array;
  const dtype = array.dtype ?? npyType(data);
  if (npyType(data) !== (dtype === "i64" ? "f64" : dtype))
    fail("npy", `cannot write ${npyType(data)} data as ${dtype}`);
  const count = elementCount(shape);
  if (count !== data.length)
    fail("npy", `shape [${shape.join(", ")}] needs ${count} elements, data has ${data.length}`);

  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${TYPES[dtype].descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  if (length - 10 > 0xffff) fail("npy", `a shape of ${shape.length} sizes does not fit the header of version 1.0`);
  const header = new Uint8Array(length).fill(0x20);
  header.set(MAGIC);
  header.set([1, 0, (length - 10) & 0xff, (length - 10) >> 8], 6);
  header.set(new TextEncoder().encode(text), 10);
  header[length - 1] = 0x0a;

  if (dtype !== "i64") return [header, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
  const wide = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    if (!Number.isSafeInteger(data[i])) fail("npy", `element ${i} is ${data[i]}, not an integer within 2^53 - 1`);
    wide[i] = BigInt(data[i]);
  }
  return [header, new Uint8Array(wide.buffer)];
}

/** What a file says of its array, before any of it is read. */
export interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Offset of the first value. */
  readonly start: number;
}

/** Axes that NumPy has at most. */
const MAX_AXES = 64;
/** Longest header that is read: what version 1.0 can say. */
const MAX_HEADER = 0xffff;

/** The header is a Python dictionary literal with exactly three keys; nothing else is understood. */
function parseHeader(text: string, start: number, file: string): NpyHeader {
  const body = /^\{(.*)\}\s*$/s.exec(text)?.[1];
  const seen = new Map<string, string>();
  const entry = /\s*(['"])(\w+)\1\s*:\s*('[^']*'|"[^"]*"|\([^()]*\)|True|False|\[[^\]]*\])\s*(,|$)/sy;
  if (body !== undefined) {
    while (body.slice(entry.lastIndex).trim() !== "") {
      const match = entry.exec(body);
      if (!match) break;
      if (seen.has(match[2])) fail(file, `the header names ${match[2]} twice`);
      seen.set(match[2], match[3]);
      if (entry.lastIndex === body.length) break;
    }
  }
  const [descr, order, shape] = ["descr", "fortran_order", "shape"].map((key) => seen.get(key));
  if (seen.size !== 3 || !descr || !order || !shape || !/^(True|False)$/.test(order)) {
    fail(file, `unreadable .npy header "${shown(text.trim(), 120)}"`, "write it with numpy.save");
  }
  if (descr.startsWith("[")) fail(file, "holds a structured array", "save one plain field");
  // As Python reads them: a tuple of one size has a comma, and a size no leading zero.
  const tuple = /^\(\s*(?:(?:0|[1-9]\d*)\s*,\s*)+(?:(?:0|[1-9]\d*)\s*)?\)$|^\(\s*\)$/.test(shape);
  if (!tuple) fail(file, `unreadable shape ${shown(shape)} in the .npy header`);
  const sizes = (shape.match(/\d+/g) ?? []).map(Number);
  if (sizes.length > MAX_AXES) fail(file, `has ${sizes.length} axes, NumPy has at most ${MAX_AXES}`);
  return { descr: descr.slice(1, -1), fortranOrder: order === "True", shape: sizes, start };
}

/** What a `.npy` file says of its array; `file` names it in errors. @throws SpectroscopeError where it is none */
export function npyHeader(bytes: Uint8Array, file: string): NpyHeader {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    fail(file, `not a .npy file (${bytes.length} bytes, wrong first bytes)`, "write it with numpy.save");
  }
  const version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] !== 0)
    fail(file, `.npy version ${version}.${bytes[7]} is not known`, "use version 1.0");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : bytes.length < 12 ? 0 : view.getUint32(8, true);
  if (bytes.length < start + length) {
    fail(file, `truncated: header of ${length} bytes, file of ${bytes.length}`, "copy or write it again");
  }
  if (length > MAX_HEADER)
    fail(file, `header of ${length} bytes, at most ${MAX_HEADER} are read`, "save a plain array");
  // Keys, types and sizes are ASCII; any other byte becomes a letter that none of them has.
  const text = String.fromCharCode(...bytes.subarray(start, start + length));
  return parseHeader(text, start + length, file);
}

/** Read one array; `file` names it in errors. @throws SpectroscopeError on anything that is not a whole, plain array */
export function decodeNpy(bytes: Uint8Array, file: string): NpyArray {
  const header = npyHeader(bytes, file);

  const dtype = (Object.keys(TYPES) as NpyType[]).find((type) => TYPES[type].descr === header.descr);
  if (!dtype) {
    const known = Object.values(TYPES).map((type) => type.descr);
    const hint = header.descr.startsWith(">")
      ? "convert it to little-endian"
      : `convert it to one of ${known.join(", ")}`;
    fail(file, `element type "${shown(header.descr)}" is not supported`, hint);
  }
  if (header.fortranOrder && header.shape.length > 1) {
    fail(file, "stored in Fortran order", "save numpy.ascontiguousarray(x)");
  }
  const count = elementCount(header.shape);
  const expected = count * TYPES[dtype].bytes;
  if (!Number.isSafeInteger(expected)) fail(file, `shape (${shownList(header.shape)}) is too large`);
  const actual = bytes.length - header.start;
  if (actual !== expected) {
    const what = actual < expected ? "truncated" : "has bytes after its end";
    const shape = `${dtype} (${shownList(header.shape)})`;
    fail(file, `${what}: ${shape} needs ${expected} bytes of values, found ${actual}`, "copy or write it again");
  }
  // A copy: typed arrays need an aligned start, and a Buffer may be a slice of a shared pool.
  const from = bytes.byteOffset + header.start;
  try {
    const buffer = bytes.buffer.slice(from, from + expected) as ArrayBuffer;
    return { dtype, shape: header.shape, data: TYPES[dtype].make(buffer) };
  } catch (cause) {
    fail(file, cause instanceof Error ? cause.message : String(cause), "use smaller integers");
  }
}
