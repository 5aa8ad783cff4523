/**
 * Element types of NumPy's `.npy`: how their bytes become numbers, and what to do about those that are no plain numbers.
 * Source: the array-interface type strings of NumPy's documentation ("The array interface protocol", `typestr`).
 */
import { shown } from "./text";

export type NpyType = "f16" | "f32" | "f64" | "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "bool";
export type NpyData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

export interface ElementType {
  /** As NumPy writes it on a little-endian machine. */
  readonly descr: string;
  /** Bytes of an element in the file. */
  readonly bytes: number;
  /** Values of little-endian bytes. @throws Inexact for an integer that no double holds */
  readonly make: (buffer: ArrayBuffer) => NpyData;
}

/** An integer that would be rounded. */
export class Inexact extends Error {
  constructor(
    /** Its place in the file, from 0. */
    readonly index: number,
    readonly value: bigint,
  ) {
    super(`element ${index} is ${value}, beyond 2^53 - 1`);
  }
}

function integersFrom64(values: BigInt64Array | BigUint64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isSafeInteger(value)) throw new Inexact(i, values[i]);
    out[i] = value;
  }
  return out;
}

/** Half precision (IEEE 754 binary16) as f32, which holds each exactly; every NaN becomes the same one. */
function halves(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const sign = half & 0x8000 ? -1 : 1;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

export const TYPES: Readonly<Record<NpyType, ElementType>> = {
  f16: { descr: "<f2", bytes: 2, make: (buffer) => halves(new Uint16Array(buffer)) },
  f32: { descr: "<f4", bytes: 4, make: (buffer) => new Float32Array(buffer) },
  f64: { descr: "<f8", bytes: 8, make: (buffer) => new Float64Array(buffer) },
  i8: { descr: "|i1", bytes: 1, make: (buffer) => new Int8Array(buffer) },
  i16: { descr: "<i2", bytes: 2, make: (buffer) => new Int16Array(buffer) },
  i32: { descr: "<i4", bytes: 4, make: (buffer) => new Int32Array(buffer) },
  i64: { descr: "<i8", bytes: 8, make: (buffer) => integersFrom64(new BigInt64Array(buffer)) },
  u8: { descr: "|u1", bytes: 1, make: (buffer) => new Uint8Array(buffer) },
  u16: { descr: "<u2", bytes: 2, make: (buffer) => new Uint16Array(buffer) },
  u32: { descr: "<u4", bytes: 4, make: (buffer) => new Uint32Array(buffer) },
  u64: { descr: "<u8", bytes: 8, make: (buffer) => integersFrom64(new BigUint64Array(buffer)) },
  // Any byte but 0 is true, as NumPy counts it.
  bool: { descr: "|b1", bytes: 1, make: (buffer) => new Uint8Array(buffer).map((byte) => (byte === 0 ? 0 : 1)) },
};

/** The type that a header means, and whether its bytes are reversed; nothing for what is no plain number. */
export function typeOf(descr: string): { dtype: NpyType; reversed: boolean } | undefined {
  const order = descr[0];
  const dtype = (Object.keys(TYPES) as NpyType[]).find((type) => TYPES[type].descr.slice(1) === descr.slice(1));
  if (dtype === undefined) return undefined;
  // One byte has no order: NumPy writes |, and takes any sign.
  const known = TYPES[dtype].bytes === 1 ? /[<>|]/ : /[<>]/;
  return known.test(order) ? { dtype, reversed: order === ">" } : undefined;
}

/** What NumPy has besides plain numbers: how its type begins, its name, and the line that makes numbers of it. */
const OTHERS: readonly (readonly [begin: RegExp, name: string, remedy: string])[] = [
  [/^\|?O/, "Python objects", "save x.astype(numpy.float64)"],
  [/^[<>]?c\d/, "complex numbers", "save numpy.hstack([x.real, x.imag]) or abs(x)"],
  [/^[<>]f(10|12|16)$/, "longdouble numbers", "save x.astype(numpy.float64)"],
  [
    /^[<>|]?[USaT]\d/,
    "text",
    'save x.astype(numpy.float64) where the text is numbers; labels as lines: numpy.savetxt(FILE, x, fmt="%s")',
  ],
  [/^[<>]?M8/, "dates (datetime64)", 'save x.astype("datetime64[s]").astype(numpy.float64)'],
  [/^[<>]?m8/, "durations (timedelta64)", 'save x / numpy.timedelta64(1, "s")'],
  [/^\|?V\d/, "bytes without a type", "save x.astype(numpy.float32) before it is written: bfloat16 is such a type"],
  [/^\[/, "a structured array", "save numpy.lib.recfunctions.structured_to_unstructured(x), or one field: x[name]"],
];

/** What is wrong with a type that is not read, and the line that helps. */
export function otherType(descr: string): { what: string; hint: string } {
  const [, name, remedy] = OTHERS.find(([begin]) => begin.test(descr)) ?? [];
  const type = descr.startsWith("[") ? "" : `: element type "${shown(descr)}" is not supported`;
  return {
    what: name === undefined ? type.slice(2) : `holds ${name}${type}`,
    hint: remedy ?? "save x.astype(numpy.float64)",
  };
}

/** Bytes of each element in the opposite order, in place. */
export function reverseElements(buffer: ArrayBuffer, bytes: number): void {
  const all = new Uint8Array(buffer);
  for (let at = 0; at + bytes <= all.length; at += bytes) all.subarray(at, at + bytes).reverse();
}
