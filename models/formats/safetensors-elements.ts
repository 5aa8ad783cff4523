/** The element types of safetensors: how large they are, and values out of bytes. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { decodeHalf } from "./half";

/** Types that are read. Floats of 16 bits become f32; integers stay exact (64-bit ones within ±(2^53 - 1), as f64). */
export type SafetensorsType = keyof typeof READABLE;
export type SafetensorsData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** Where a tensor lies: bytes `begin` to `end` of the data that follows the header. */
export interface SafetensorsEntry {
  readonly name: string;
  /** As the header has it: a type that is not read is refused when the tensor is, since nobody may want it. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Bits of one element. */
const READABLE = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  I64: 64,
  U64: 64,
  I32: 32,
  U32: 32,
  I16: 16,
  U16: 16,
  I8: 8,
  U8: 8,
  BOOL: 8,
};
const OTHERS = {
  C64: 64,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
};
const BITS: Readonly<Record<string, number>> = { ...READABLE, ...OTHERS };
const FLOATS: ReadonlySet<string> = new Set(["F64", "F32", "F16", "BF16"]);

/** Bits of an element, by the reference implementation's list of types; undefined for a type that it does not have. */
export function elementBits(dtype: string): number | undefined {
  return Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined;
}

/** Whether values of a type are read. */
export function isReadable(dtype: string): dtype is SafetensorsType {
  return Object.hasOwn(READABLE, dtype);
}

function fail(file: string, message: string, hint: string, code = "bad-input"): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code, hint });
}

function firstNonFinite(data: ArrayLike<number>): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

/** `[2, 0, 5]` for the row-major index of an element. */
export function coordinates(index: number, shape: readonly number[]): number[] {
  const out: number[] = [];
  let rest = index;
  for (let d = shape.length - 1; d >= 0; d--) {
    out.unshift(rest % shape[d]);
    rest = Math.floor(rest / shape[d]);
  }
  return out;
}

/** The type of a tensor whose values are wanted. @throws SpectroscopeError for one that is not read */
export function readableType({ name, dtype }: Pick<SafetensorsEntry, "name" | "dtype">, file: string): SafetensorsType {
  if (isReadable(dtype)) return dtype;
  const known = Object.keys(READABLE).join(", ");
  return fail(file, `tensor ${quoted(name)} has dtype ${quoted(dtype)}`, `convert it to one of ${known}`);
}

/**
 * Elements of a tensor from exactly their bytes.
 * @param first number of the first of them in the tensor, for errors
 * @throws SpectroscopeError on NaN or infinity (code "non-finite", with the place) unless `allowNonFinite`
 */
export function decodeElements(
  entry: SafetensorsEntry,
  bytes: Uint8Array,
  file: string,
  { first = 0, allowNonFinite = false } = {},
): SafetensorsData {
  // A copy unless the bytes are aligned and alone in their buffer: typed arrays need an aligned start.
  const alone = bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.byteLength;
  const buffer = alone ? bytes.buffer : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const where = `tensor ${quoted(entry.name)}`;
  const dtype = readableType(entry, file);
  let data: SafetensorsData;
  switch (dtype) {
    case "F32":
      data = new Float32Array(buffer);
      break;
    case "F64":
      data = new Float64Array(buffer);
      break;
    case "F16":
    case "BF16":
      data = decodeHalf(new Uint16Array(buffer), dtype);
      break;
    case "I32":
      data = new Int32Array(buffer);
      break;
    case "U32":
      data = new Uint32Array(buffer);
      break;
    case "U16":
      data = new Uint16Array(buffer);
      break;
    case "U8":
    case "BOOL":
      data = new Uint8Array(buffer);
      break;
    case "I16":
      data = new Int16Array(buffer);
      break;
    case "I8":
      data = new Int8Array(buffer);
      break;
    case "I64":
    case "U64": {
      const wide = dtype === "I64" ? new BigInt64Array(buffer) : new BigUint64Array(buffer);
      data = Float64Array.from(wide, Number);
      const bad = data.findIndex((value) => !Number.isSafeInteger(value));
      if (bad >= 0)
        fail(file, `${where}: element ${first + bad} is ${wide[bad]}, beyond 2^53 - 1`, "use smaller integers");
      break;
    }
  }
  if (!allowNonFinite && FLOATS.has(dtype)) {
    const bad = firstNonFinite(data);
    if (bad >= 0) {
      const at = `[${coordinates(first + bad, entry.shape).join(", ")}]`;
      fail(
        file,
        `${where} holds ${data[bad]} at ${at}`,
        "these weights cannot be used; find a sound copy",
        "non-finite",
      );
    }
  }
  return data;
}
