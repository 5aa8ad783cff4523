/** Safetensors files of a store, read by range. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { suggest } from "../../kernels/suggest";
import { elementCount } from "../../runtime/formats/npy";
import { type ModelFiles, missing, readJson } from "./files";
import {
  headerLength,
  parseHeader,
  type ReadOptions,
  type SafetensorsHeader,
  type SafetensorsTensor,
} from "./safetensors";
import {
  decodeElements,
  elementBits,
  readableType,
  type SafetensorsData,
  type SafetensorsEntry,
} from "./safetensors-elements";

/** A checked file whose tensors are read by range; nothing needs to be closed. */
export interface SafetensorsReader {
  readonly header: SafetensorsHeader;
  /**
   * Elements `from` up to, not including, `to` of a tensor.
   * @throws SpectroscopeError when the file changed, and on NaN or infinity unless `allowNonFinite`
   */
  read(
    entry: SafetensorsEntry,
    from: number,
    to: number,
    options?: { readonly allowNonFinite?: boolean },
  ): Promise<SafetensorsData>;
}

/** Reads and checks a file's header. @throws SpectroscopeError */
export async function openSafetensors(files: ModelFiles, key: string): Promise<SafetensorsReader> {
  const file = files.nameOf(key);
  const stateOf = () => (files.version ? files.version(key) : files.size(key));
  const first = await files.get(key, { from: 0, to: 8 });
  const fileBytes = await files.size(key);
  if (first === undefined || fileBytes === undefined) throw missing(files, key);
  const state = await stateOf();
  const length = headerLength(first, fileBytes, file);
  const bytesOf = async (from: number, to: number): Promise<Uint8Array> => {
    const part = await files.get(key, { from, to });
    if (part?.length !== to - from) throw changed(file);
    return part;
  };
  const header = parseHeader(await bytesOf(8, 8 + length), fileBytes, file);
  return {
    header,
    async read(entry, from, to, options) {
      if ((await stateOf()) !== state) throw changed(file);
      const width = elementBits(readableType(entry, file))! / 8;
      const start = header.dataStart + entry.begin;
      const part = await bytesOf(start + from * width, start + to * width);
      return decodeElements(entry, part, file, { ...options, first: from });
    },
  };
}

/** Tensors of one file in the order of their bytes, read one at a time. @throws SpectroscopeError */
export async function readSafetensors(
  files: ModelFiles,
  key: string,
  { select = () => true, allowNonFinite }: ReadOptions = {},
): Promise<Map<string, SafetensorsTensor>> {
  const { header, read } = await openSafetensors(files, key);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const entry of header.entries) {
    const { name, shape } = entry;
    if (!select(name)) continue;
    const dtype = readableType(entry, files.nameOf(key));
    tensors.set(name, { dtype, shape, data: await read(entry, 0, elementCount(shape), { allowNonFinite }) });
  }
  return tensors;
}

function changed(file: string): SpectroscopeError {
  return new SpectroscopeError(`cannot read ${file}: it changed while being read`, {
    code: "bad-input",
    hint: "start again once nothing writes to it",
  });
}

/** Characters of the longest name that file systems take. */
const LONGEST_NAME = 255;

/** Which shard holds each tensor: `weight_map` of a `model.safetensors.index.json`. @throws SpectroscopeError */
export async function readShardIndex(files: ModelFiles, key: string): Promise<Map<string, string>> {
  const fail = (message: string, hint: string): never => {
    throw new SpectroscopeError(`${files.nameOf(key)}: ${message}`, { code: "bad-input", hint });
  };
  const json = await readJson(files, key);
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(json)) return fail("not a JSON object", "download it again");
  const known = ["metadata", "weight_map"];
  const unknown = Object.keys(json).find((key) => !known.includes(key) && json[key] !== null);
  if (unknown !== undefined) {
    return fail(`unknown key ${quoted(unknown)}`, suggest(unknown, known));
  }
  if (!isObject(json.weight_map)) return fail("no weight_map", "download it again");
  const shards = new Map<string, string>();
  for (const [name, shard] of Object.entries(json.weight_map)) {
    // A shard lies beside its index; a path that leads elsewhere is an attack or a mistake.
    if (typeof shard !== "string" || shard.length > LONGEST_NAME || !/^[^/\\:\p{Cc}]+\.safetensors$/u.test(shard)) {
      return fail(`tensor ${quoted(name)} lies in ${quoted(shard)}`, "shards are .safetensors files beside the index");
    }
    shards.set(name, shard);
  }
  return shards;
}
