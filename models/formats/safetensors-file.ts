/** Safetensors files on disk. Node only. */
import { type FileHandle, open } from "node:fs/promises";
import { SpectroscopeError } from "../../kernels/errors";
import { suggest } from "../../kernels/suggest";
import { fileError, readJson, writeAtomic } from "../../runtime/node/files";
import { pieces, type TensorSource } from "../../runtime/transformer/weights";
import {
  decodeElements,
  elementBytes,
  encodeHeader,
  headerLength,
  parseHeader,
  type ReadOptions,
  type SafetensorsData,
  type SafetensorsEntry,
  type SafetensorsHeader,
  type SafetensorsTensor,
} from "./safetensors";

/** One read of at most this many bytes: Node refuses more than 2 GiB at once. */
const READ_BYTES = 1 << 28;

async function readAt(handle: FileHandle, start: number, bytes: number): Promise<Uint8Array> {
  const out = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    const part = Math.min(READ_BYTES, bytes - done);
    const { bytesRead } = await handle.read(out, done, part, start + done);
    // The file shrank after its length was taken; the caller's check of lengths reports it.
    if (bytesRead === 0) return out.subarray(0, done);
    done += bytesRead;
  }
  return out;
}

async function withFile<T>(path: string, use: (handle: FileHandle, bytes: number) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const stat = await handle.stat();
    if (stat.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
    return await use(handle, stat.size);
  } catch (error) {
    throw error instanceof SpectroscopeError ? error : fileError("read", path, error);
  } finally {
    await handle?.close();
  }
}

async function readHeader(handle: FileHandle, fileBytes: number, path: string): Promise<SafetensorsHeader> {
  const length = headerLength(await readAt(handle, 0, Math.min(8, fileBytes)), fileBytes, path);
  return parseHeader(await readAt(handle, 8, length), fileBytes, path);
}

/** Tensors of one file in the order of their bytes, read one at a time. @throws SpectroscopeError */
export async function readSafetensors(
  path: string,
  options: ReadOptions = {},
): Promise<Map<string, SafetensorsTensor>> {
  return withFile(path, async (handle, fileBytes) => {
    const header = await readHeader(handle, fileBytes, path);
    const tensors = new Map<string, SafetensorsTensor>();
    for (const entry of header.entries) {
      if (options.select && !options.select(entry.name)) continue;
      const bytes = await readAt(handle, header.dataStart + entry.begin, entry.end - entry.begin);
      if (bytes.length !== entry.end - entry.begin) throw changed(path);
      const { name, dtype, shape } = entry;
      tensors.set(name, { dtype, shape, data: decodeElements(entry, bytes, path, options) });
    }
    return tensors;
  });
}

/** A checked file whose tensors are read by range; it is opened for each read, so nothing needs to be closed. */
export interface SafetensorsReader {
  readonly header: SafetensorsHeader;
  /** Elements `from` up to `to` of a tensor. @throws SpectroscopeError when a value is not finite or the file changed */
  read(entry: SafetensorsEntry, from: number, to: number): Promise<SafetensorsData>;
}

/** Reads and checks a file's header. @throws SpectroscopeError */
export async function openSafetensors(path: string): Promise<SafetensorsReader> {
  return withFile(path, async (handle, fileBytes) => {
    const header = await readHeader(handle, fileBytes, path);
    const { mtimeMs } = await handle.stat();
    return {
      header,
      read: (entry, from, to) =>
        withFile(path, async (again, bytes) => {
          if (bytes !== fileBytes || (await again.stat()).mtimeMs !== mtimeMs) throw changed(path);
          const width = elementBytes(entry.dtype);
          const part = await readAt(again, header.dataStart + entry.begin + from * width, (to - from) * width);
          if (part.length !== (to - from) * width) throw changed(path);
          return decodeElements(entry, part, path, { first: from });
        }),
    };
  });
}

function changed(path: string): SpectroscopeError {
  return new SpectroscopeError(`cannot read ${path}: it changed while being read`, {
    code: "bad-input",
    hint: "start again once nothing writes to it",
  });
}

/**
 * Write tensors as F32 in the order of their names in the source, piece by piece, whole or not at all.
 * @throws SpectroscopeError
 */
export async function writeSafetensors(
  path: string,
  tensors: TensorSource,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  async function* parts() {
    yield encodeHeader(tensors.shapes, metadata);
    for (const name of tensors.shapes.keys()) {
      for await (const { data } of pieces(tensors, name)) {
        yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      }
    }
  }
  await writeAtomic(path, parts());
}

/** Which shard holds each tensor: `weight_map` of a `model.safetensors.index.json`. @throws SpectroscopeError */
export async function readShardIndex(path: string): Promise<Map<string, string>> {
  const fail = (message: string, hint: string): never => {
    throw new SpectroscopeError(`${path}: ${message}`, { code: "bad-input", hint });
  };
  const json = await readJson(path);
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(json)) return fail("not a JSON object", "download it again");
  const unknown = Object.keys(json).find((key) => key !== "metadata" && key !== "weight_map");
  if (unknown !== undefined) {
    return fail(`unknown key ${JSON.stringify(unknown)}`, suggest(unknown, ["metadata", "weight_map"]));
  }
  if (!isObject(json.weight_map)) return fail("no weight_map", "download it again");
  const shards = new Map<string, string>();
  for (const [name, shard] of Object.entries(json.weight_map)) {
    // A shard lies beside its index; a path that leads elsewhere is an attack or a mistake.
    if (typeof shard !== "string" || !/^[^/\\:]+\.safetensors$/.test(shard)) {
      return fail(
        `tensor ${JSON.stringify(name)} lies in ${JSON.stringify(shard)}`,
        "shards are .safetensors files beside the index",
      );
    }
    shards.set(name, shard);
  }
  return shards;
}
