/**
 * NumPy's `.npy`: one array of plain numbers, in either byte order, in C or Fortran order. Bytes only.
 * Source: the format description in NumPy's documentation (numpy.lib.format), versions 1.0 to 3.0 read, 1.0 written.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { Inexact, type NpyData, type NpyType, otherType, reverseElements, TYPES, typeOf } from "./npy-types";
import { shown, shownList } from "./text";

export type { NpyData, NpyType } from "./npy-types";

/**
 * Row-major array, whatever the order in the file. `i64` and `u64` keep their values in a Float64Array, which is exact within
 * ±(2^53 - 1), others are refused; `f16` in a Float32Array; `bool` as 0 and 1.
 */
export interface NpyArray {
  readonly dtype: NpyType;
  readonly shape: readonly number[];
  readonly data: NpyData;
}

/** Types that are written; nothing here needs the others. */
export type NpyWritten = "f32" | "f64" | "u8" | "u16" | "i32" | "u32" | "i64";

/** What may be written: the type follows from the data unless it is said (`i64` from a Float64Array). */
export interface NpyInput {
  readonly dtype?: NpyWritten;
  readonly shape: readonly number[];
  readonly data: Exclude<NpyData, Int8Array | Int16Array>;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

function fail(file: string, message: string, hint?: string): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code: "bad-input", hint });
}

/** Element type that data is written as unless another is said. */
export function npyType(data: NpyInput["data"]): NpyWritten {
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
  // Of fields there is a list, with lists in it.
  if (/^\{[^[]*['"]descr['"]\s*:\s*\[/.test(text)) refuseType("[", file);
  const [descr, order, shape] = ["descr", "fortran_order", "shape"].map((key) => seen.get(key));
  if (seen.size !== 3 || !descr || !order || !shape || !/^(True|False)$/.test(order)) {
    fail(file, `unreadable .npy header "${shown(text.trim(), 120)}"`, "write it with numpy.save");
  }
  // As Python reads them: a tuple of one size has a comma, and a size no leading zero.
  const tuple = /^\(\s*(?:(?:0|[1-9]\d*)\s*,\s*)+(?:(?:0|[1-9]\d*)\s*)?\)$|^\(\s*\)$/.test(shape);
  if (!tuple) fail(file, `unreadable shape ${shown(shape)} in the .npy header`);
  const sizes = (shape.match(/\d+/g) ?? []).map(Number);
  if (sizes.length > MAX_AXES) fail(file, `has ${sizes.length} axes, NumPy has at most ${MAX_AXES}`);
  return { descr: descr.slice(1, -1), fortranOrder: order === "True", shape: sizes, start };
}

function refuseType(descr: string, file: string): never {
  const { what, hint } = otherType(descr);
  fail(file, what, hint);
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

  const type = typeOf(header.descr) ?? refuseType(header.descr, file);
  const { dtype, reversed } = type;
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
  const buffer = bytes.buffer.slice(from, from + expected) as ArrayBuffer;
  if (reversed) reverseElements(buffer, TYPES[dtype].bytes);
  const { shape, fortranOrder } = header;
  try {
    const data = TYPES[dtype].make(buffer);
    return { dtype, shape, data: fortranOrder && shape.length > 1 ? rowMajor(data, shape) : data };
  } catch (cause) {
    if (!(cause instanceof Inexact)) throw cause;
    const place = placeOf(cause.index, shape, fortranOrder);
    const element = shape.length < 2 ? cause.index : `(${place.join(", ")})`;
    fail(
      file,
      `element ${element} is ${cause.value}, beyond 2^53 - 1`,
      "save smaller integers, such as x - x.min(), or x.astype(numpy.float64) where rounding does no harm",
    );
  }
}

/** Indices of a value by its place in the file. */
function placeOf(index: number, shape: readonly number[], fortranOrder: boolean): number[] {
  const place = new Array<number>(shape.length).fill(0);
  const axes = shape.map((_, axis) => (fortranOrder ? axis : shape.length - 1 - axis));
  let rest = index;
  for (const axis of axes) {
    place[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return place;
}

/** Values in which the first index runs fastest, with the last one running fastest. */
function rowMajor(data: NpyData, shape: readonly number[]): NpyData {
  const out = data.slice();
  const last = shape.length - 1;
  const steps = new Array<number>(shape.length).fill(1);
  for (let axis = 1; axis <= last; axis++) steps[axis] = steps[axis - 1] * shape[axis - 1];
  const place = new Array<number>(shape.length).fill(0);
  for (let at = 0, from = 0; at < out.length; at++) {
    out[at] = data[from];
    for (let axis = last; axis >= 0; axis--) {
      from += steps[axis];
      if (++place[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return out;
}
