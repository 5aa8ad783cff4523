/**
 * The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes back to back. Bytes only, so
 * that a browser can use it; `safetensors-reader.ts` reads them out of a store.
 * Source: the format section of the safetensors README. Reading is as strict as the reference implementation: offsets must
 * cover the data exactly, without holes or overlaps.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted, sizes, unquoted } from "../../kernels/quoted";
import { suggest } from "../../kernels/suggest";
import { elementCount } from "../../runtime/formats/npy";
import { pieces, type TensorSource } from "../../runtime/transformer/weights";
import {
  decodeElements,
  elementBits,
  readableType,
  type SafetensorsData,
  type SafetensorsEntry,
  type SafetensorsType,
} from "./safetensors-elements";

/** Row-major tensor. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly data: SafetensorsData;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Offset in the file of the first tensor's first byte. */
  readonly dataStart: number;
}

/** Longest header that is read, in bytes: the reference implementation's limit. */
export const HEADER_LIMIT = 100_000_000;
const AGAIN = "the file is damaged or incomplete: copy or download it again";

function fail(file: string, message: string, hint: string = AGAIN): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code: "bad-input", hint });
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
  const where = `tensor ${quoted(name)}`;
  if (/\p{Surrogate}/u.test(name)) fail(file, `${where} has half a surrogate pair in its name, which is no text`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(file, `${where} is not an object`);
  const { dtype, shape, data_offsets: offsets, ...rest } = value as Record<string, unknown>;
  const extra = Object.keys(rest).find((key) => rest[key] !== null);
  if (extra !== undefined) {
    fail(file, `${where} has the unknown key ${quoted(extra)}`, suggest(extra, ["dtype", "shape", "data_offsets"]));
  }
  if (typeof dtype !== "string") fail(file, `${where} has dtype ${quoted(dtype)}`);
  if (!Array.isArray(shape) || Number.isNaN(elementCount(shape))) {
    fail(file, `${where} has the shape ${Array.isArray(shape) ? sizes(shape) : quoted(shape)}, not a list of sizes`);
  }
  const whole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole) || offsets[1] < offsets[0]) {
    fail(file, `${where} has data_offsets ${quoted(offsets)}, not [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  // How large a type is that nobody knows cannot be said; its bytes must lie between those of the others all the same.
  const bits = elementBits(dtype);
  const needed = bits === undefined ? end - begin : (elementCount(shape) * bits) / 8;
  if (end - begin !== needed) {
    const given = `its offsets give ${end - begin}`;
    fail(file, `${where}: ${quoted(dtype).slice(1, -1)} ${sizes(shape)} needs ${needed} bytes, ${given}`);
  }
  return { name, dtype, shape: shape as number[], begin, end };
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
    const first = text.trimStart().slice(0, 8);
    if (!first.startsWith("{")) throw new SyntaxError(`it starts with ${quoted(first)}, not {`);
    json = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SpectroscopeError(`${file}: the safetensors header is not JSON: ${unquoted(why, 200)}`, {
      hint: AGAIN,
      cause,
    });
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
    // The reference implementation takes null for none.
    if (value === null) continue;
    const pairs = typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : undefined;
    if (!pairs?.every(([, text]) => typeof text === "string")) fail(file, "__metadata__ is not a map of strings");
    for (const [key, text] of pairs) metadata.set(key, text as string);
  }

  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const dataStart = 8 + header.length;
  const dataBytes = fileBytes - dataStart;
  let position = 0;
  for (const entry of entries) {
    const where = `tensor ${quoted(entry.name)}`;
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

export interface ReadOptions {
  /** Read only the tensors for which this is true; the header is checked whole all the same. */
  select?: (name: string) => boolean;
  /** Accept NaN and infinities (default: refuse them). */
  allowNonFinite?: boolean;
}

/** The checked header of a file held in memory. @throws SpectroscopeError */
export function headerOf(bytes: Uint8Array, file: string): SafetensorsHeader {
  const length = headerLength(bytes.subarray(0, 8), bytes.length, file);
  return parseHeader(bytes.subarray(8, 8 + length), bytes.length, file);
}

/** A tensor of a file held in memory. @throws SpectroscopeError */
export function tensorOf(
  bytes: Uint8Array,
  { dataStart }: SafetensorsHeader,
  entry: SafetensorsEntry,
  file: string,
  options: Pick<ReadOptions, "allowNonFinite"> = {},
): SafetensorsTensor {
  const dtype = readableType(entry, file);
  const part = bytes.subarray(dataStart + entry.begin, dataStart + entry.end);
  return { dtype, shape: entry.shape, data: decodeElements(entry, part, file, options) };
}

/** All tensors of a file held in memory, in the order of their bytes. @throws SpectroscopeError */
export function parseSafetensors(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions = {},
): Map<string, SafetensorsTensor> {
  const header = headerOf(bytes, file);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const entry of header.entries) {
    if (options.select && !options.select(entry.name)) continue;
    tensors.set(entry.name, tensorOf(bytes, header, entry, file, options));
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
