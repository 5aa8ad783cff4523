/**
 * The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes back to back. Bytes only, so
 * that a browser can use it; `safetensors-reader.ts` reads them out of a store.
 * Source: the format section of the safetensors README. Reading is as strict as the reference implementation: offsets must
 * cover the data exactly, without holes or overlaps.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { suggest } from "../../kernels/suggest";
import { elementCount } from "../../runtime/formats/npy";
import { pieces, type TensorSource } from "../../runtime/transformer/weights";
import { decodeHalf } from "./half";

/** Types that are read. Floats of 16 bits become f32; integers stay exact (64-bit ones within ±(2^53 - 1), as f64). */
export type SafetensorsType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "U32" | "U16" | "U8" | "BOOL";
export type SafetensorsData = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** Row-major tensor. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly data: SafetensorsData;
}

/** Where a tensor lies: bytes `begin` to `end` of the data that follows the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Offset in the file of the first tensor's first byte. */
  readonly dataStart: number;
}

const BYTES: Readonly<Record<SafetensorsType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};
const FLOATS: ReadonlySet<SafetensorsType> = new Set(["F64", "F32", "F16", "BF16"]);

/** Longest header that is read, in bytes: the reference implementation's limit. */
export const HEADER_LIMIT = 100_000_000;
const AGAIN = "the file is damaged or incomplete: copy or download it again";

function fail(file: string, message: string, hint: string = AGAIN, code = "bad-input"): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code, hint });
}

/** Length of the JSON header from a file's first eight bytes. @throws SpectroscopeError when it cannot be one */
export function headerLength(first: Uint8Array, fileBytes: number, file: string): number {
  if (first.length < 8) fail(file, `not a safetensors file: ${fileBytes} bytes, the header length alone takes 8`);
  const view = new DataView(first.buffer, first.byteOffset, 8);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(HEADER_LIMIT)) {
    fail(file, `header length ${length} is over the limit of ${HEADER_LIMIT} bytes`, "is it a safetensors file?");
  }
  if (Number(length) > fileBytes - 8) {
    fail(file, `truncated in its header: expected ${8 + Number(length)} bytes or more, got ${fileBytes}`);
  }
  return Number(length);
}

/** Keys of a JSON object's own level, counted in the text: JSON.parse keeps only the last of two equal keys. */
function countTopLevelKeys(text: string): number {
  let depth = 0;
  let keys = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') {
      for (i++; text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    else if (char === ":" && depth === 1) keys++;
  }
  return keys;
}

function parseEntry(name: string, value: unknown, file: string): SafetensorsEntry {
  const where = `tensor ${JSON.stringify(name)}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(file, `${where} is not an object`);
  const { dtype, shape, data_offsets: offsets, ...rest } = value as Record<string, unknown>;
  const extra = Object.keys(rest)[0];
  if (extra !== undefined) {
    fail(
      file,
      `${where} has the unknown key ${JSON.stringify(extra)}`,
      suggest(extra, ["dtype", "shape", "data_offsets"]),
    );
  }
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    fail(file, `${where} has dtype ${JSON.stringify(dtype)}`, `convert it to one of ${Object.keys(BYTES).join(", ")}`);
  }
  const type = dtype as SafetensorsType;
  if (!Array.isArray(shape) || Number.isNaN(elementCount(shape))) {
    fail(file, `${where} has the shape ${JSON.stringify(shape)}, not a list of sizes`);
  }
  const whole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole) || offsets[1] < offsets[0]) {
    fail(file, `${where} has data_offsets ${JSON.stringify(offsets)}, not [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  const needed = elementCount(shape) * BYTES[type];
  if (end - begin !== needed) {
    fail(file, `${where}: ${type} [${shape.join(", ")}] needs ${needed} bytes, its offsets give ${end - begin}`);
  }
  return { name, dtype: type, shape: shape as number[], begin, end };
}

/**
 * Parse and check a header.
 * @param header the JSON bytes, without the eight of the length
 * @param fileBytes length of the whole file, against which the offsets are checked
 * @throws SpectroscopeError naming file, tensor, expected and found bytes
 */
export function parseHeader(header: Uint8Array, fileBytes: number, file: string): SafetensorsHeader {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
    if (!text.startsWith("{")) throw new SyntaxError(`it starts with ${JSON.stringify(text.slice(0, 8))}, not {`);
    json = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SpectroscopeError(`${file}: the safetensors header is not JSON: ${why}`, { hint: AGAIN, cause });
  }
  const object = json as Record<string, unknown>;
  if (countTopLevelKeys(text) !== Object.keys(object).length) fail(file, "the header names a tensor twice");

  const metadata = new Map<string, string>();
  const entries: SafetensorsEntry[] = [];
  for (const [name, value] of Object.entries(object)) {
    if (name !== "__metadata__") {
      entries.push(parseEntry(name, value, file));
      continue;
    }
    const pairs =
      typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
    if (!pairs?.every(([, text]) => typeof text === "string")) fail(file, "__metadata__ is not a map of strings");
    for (const [key, text] of pairs) metadata.set(key, text as string);
  }

  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const dataStart = 8 + header.length;
  const dataBytes = fileBytes - dataStart;
  let position = 0;
  for (const entry of entries) {
    const where = `tensor ${JSON.stringify(entry.name)}`;
    if (entry.begin !== position) {
      const what = entry.begin < position ? "overlaps the one before" : "leaves a hole before it";
      fail(file, `${where} ${what}: begins at byte ${entry.begin}, expected ${position}`);
    }
    if (entry.end > dataBytes) {
      const found = Math.max(0, dataBytes - entry.begin);
      fail(file, `truncated: ${where} needs ${entry.end - entry.begin} bytes, the file holds ${found} of them`);
    }
    position = entry.end;
  }
  if (position !== dataBytes) fail(file, `${dataBytes - position} bytes follow the last tensor, expected none`);
  return { entries, metadata: Object.fromEntries(metadata), dataStart };
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

/** Bytes of one element. */
export function elementBytes(type: SafetensorsType): number {
  return BYTES[type];
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
  const where = `tensor ${JSON.stringify(entry.name)}`;
  let data: SafetensorsData;
  switch (entry.dtype) {
    case "F32":
      data = new Float32Array(buffer);
      break;
    case "F64":
      data = new Float64Array(buffer);
      break;
    case "F16":
    case "BF16":
      data = decodeHalf(new Uint16Array(buffer), entry.dtype);
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
    case "I64": {
      const wide = new BigInt64Array(buffer);
      data = Float64Array.from(wide, Number);
      const bad = data.findIndex((value) => !Number.isSafeInteger(value));
      if (bad >= 0)
        fail(file, `${where}: element ${first + bad} is ${wide[bad]}, beyond 2^53 - 1`, "use smaller integers");
      break;
    }
  }
  if (!allowNonFinite && FLOATS.has(entry.dtype)) {
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

export interface ReadOptions {
  /** Read only the tensors for which this is true; the header is checked whole all the same. */
  select?: (name: string) => boolean;
  /** Accept NaN and infinities (default: refuse them). */
  allowNonFinite?: boolean;
}

/** All tensors of a file held in memory, in the order of their bytes. @throws SpectroscopeError */
export function parseSafetensors(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions = {},
): Map<string, SafetensorsTensor> {
  const length = headerLength(bytes.subarray(0, 8), bytes.length, file);
  const header = parseHeader(bytes.subarray(8, 8 + length), bytes.length, file);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const entry of header.entries) {
    if (options.select && !options.select(entry.name)) continue;
    const part = bytes.subarray(header.dataStart + entry.begin, header.dataStart + entry.end);
    const { name, dtype, shape } = entry;
    tensors.set(name, { dtype, shape, data: decodeElements(entry, part, file, options) });
  }
  return tensors;
}

/**
 * The first bytes of an F32 file, up to its values: tensors in the map's order, padded to eight bytes as the reference
 * implementation does, so that values are aligned. The same map gives the same bytes.
 */
export function encodeHeader(
  shapes: ReadonlyMap<string, readonly number[]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(["__metadata__", metadata]);
  let position = 0;
  for (const [name, shape] of shapes) {
    if (name === "__metadata__") fail("safetensors", `a tensor cannot be named ${name}`, "rename it");
    const end = position + 4 * elementCount(shape);
    header.push([name, { dtype: "F32", shape, data_offsets: [position, end] }]);
    position = end;
  }
  // Built by hand because an object would move keys that look like integers to the front.
  const json = `{${header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  const first = new Uint8Array(8 + length).fill(0x20);
  new DataView(first.buffer).setBigUint64(0, BigInt(length), true);
  first.set(text, 8);
  return first;
}

/** The bytes of an F32 file, a piece of a tensor at a time, for whoever writes files: tensors in the order of the source. */
export async function* safetensorsParts(
  tensors: TensorSource,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  yield encodeHeader(tensors.shapes, metadata);
  for (const name of tensors.shapes.keys()) {
    for await (const { data } of pieces(tensors, name)) {
      yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
  }
}
