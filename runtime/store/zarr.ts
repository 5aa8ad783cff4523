/**
 * Zarr v3 groups and arrays in a store, as devinterp v2 writes them: chunk keys with `/`, numbers as `bytes` (little-endian) and
 * `zstd` (level 0, no checksum), names of dimensions, xarray's `_FillValue`. Every file is written whole or not at all; equal
 * data give equal bytes.
 *
 *     zarr.json              a group: attributes
 *     phi/zarr.json          an array: shape, type, chunks, dimensions, attributes
 *     phi/c/0/0              a chunk; at the array's edge filled up to the full chunk
 */
import * as zarrita from "zarrita";
import { SpectroscopeError } from "../../kernels/errors";
import { type Json, type JsonObject, normalizeJson } from "../formats/json";
import { elementCount } from "../formats/npy";
import type { Store } from "./store";
import { readError, ZarrArray, ZSTD } from "./zarr-array";
import { type Hashes, METADATA, ZarrFiles } from "./zarr-files";
import { type ArrayMetadata, arrayMetadata, BYTES, groupAttributes, REMEDY, VLEN } from "./zarr-metadata";
import { hasNoValue, type ZarrInput, type ZarrType, zarrTypes } from "./zarr-values";

type Location = zarrita.Location<ZarrFiles>;

/** An array to be made. */
export interface ZarrArraySpec<T extends ZarrType = ZarrType> {
  readonly name: string;
  readonly dtype: T;
  /** Name of each axis. */
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  /** Shape of a chunk; by default the array's own, cut along the first axes to `CHUNK_ELEMENTS`. */
  readonly chunks?: readonly number[];
  readonly attributes?: JsonObject;
}

/** Elements a chunk has at most by default: 16 MiB of f32. */
const CHUNK_ELEMENTS = 2 ** 22;
/** Chunks that an array may lack: what a killed process had not come to. */
const UNWRITTEN = 2 ** 16;
/** NaN as xarray writes a `_FillValue`: the little-endian f64 in base64. */
const FILL_NAN = "AAAAAAAA+H8=";

function fail(message: string, hint?: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

function defaultChunks(shape: readonly number[]): number[] {
  const chunks = shape.map((size) => Math.max(1, size));
  for (let axis = 0; axis < chunks.length; axis++) {
    const rest = elementCount(chunks) / chunks[axis];
    chunks[axis] = Math.min(chunks[axis], Math.max(1, Math.floor(CHUNK_ELEMENTS / rest)));
  }
  return chunks;
}

export class ZarrGroup {
  private constructor(
    readonly files: ZarrFiles,
    private readonly location: Location,
    private values: JsonObject,
  ) {}

  /** Makes a store's root group, or gives one that is there new attributes; what is in it stays. */
  static async create(store: Store, attributes: JsonObject = {}): Promise<ZarrGroup> {
    const files = new ZarrFiles(store);
    return ZarrGroup.make(files, zarrita.root(files), attributes);
  }

  private static async make(files: ZarrFiles, location: Location, attributes: JsonObject): Promise<ZarrGroup> {
    const values = normalizeJson(attributes, "attributes") as JsonObject;
    await zarrita.create(location, { attributes: values });
    return new ZarrGroup(files, location, values);
  }

  /** Opens a store's root group; with `expected`, all that is read is checked. @throws SpectroscopeError when there is none */
  static async open(store: Store, expected?: Hashes): Promise<ZarrGroup> {
    const files = new ZarrFiles(store);
    files.expected = expected;
    return ZarrGroup.at(files, zarrita.root(files));
  }

  private static async at(files: ZarrFiles, location: Location): Promise<ZarrGroup> {
    const path = files.nameOf(location.resolve(METADATA).path);
    try {
      const bytes = await files.get(location.resolve(METADATA).path);
      if (!bytes) fail(`${path}: no Zarr v3 group there`, "check the path");
      return new ZarrGroup(files, location, groupAttributes(bytes, path));
    } catch (error) {
      throw readError(path, error);
    }
  }

  /** For people and errors. */
  get name(): string {
    return this.files.nameOf(this.location.path);
  }

  get attributes(): JsonObject {
    return this.values;
  }

  /** Adds attributes, or replaces those of the same name. */
  async setAttributes(changes: { readonly [name: string]: Json }): Promise<void> {
    this.values = normalizeJson({ ...this.values, ...changes }, "attributes") as JsonObject;
    await zarrita.create(this.location, { attributes: this.values });
  }

  private member(name: string): Location {
    // So it is a Python identifier, and a path on every system.
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      fail(`${JSON.stringify(name)} cannot name an array or group`, "use letters, digits and _");
    }
    return this.location.resolve(name);
  }

  /** Makes a group in this one. */
  addGroup(name: string, attributes: JsonObject = {}): Promise<ZarrGroup> {
    return ZarrGroup.make(this.files, this.member(name), attributes);
  }

  /** @throws SpectroscopeError when there is none of that name */
  group(name: string): Promise<ZarrGroup> {
    return ZarrGroup.at(this.files, this.member(name));
  }

  /** Makes an array without data. Chunks that are there already stay. @throws SpectroscopeError for a shape that cannot be */
  async add<T extends ZarrType>(spec: ZarrArraySpec<T>): Promise<ZarrArray<T>> {
    const { name, dtype, dims, shape, chunks = defaultChunks(shape), attributes = {} } = spec;
    const location = this.member(name);
    const natural = (least: number) => (size: number) => Number.isSafeInteger(size) && size >= least;
    const sound = shape.every(natural(0)) && chunks.every(natural(1));
    if (!sound || dims.length !== shape.length || chunks.length !== shape.length) {
      fail(`array ${name}: dimensions [${dims}], shape [${shape}] and chunks [${chunks}] do not go together`);
    }
    const fill = hasNoValue(dtype) ? { _FillValue: FILL_NAN } : {};
    const packing = dtype === "string" ? VLEN : BYTES;
    const { name: dataType, fill: fillValue } = zarrTypes[dtype];
    const node = await zarrita.create(location, {
      shape: [...shape],
      chunkShape: [...chunks],
      dtype: dataType as zarrita.DataType,
      codecs: [packing, { name: "zstd", configuration: ZSTD }],
      // zarrita takes a BigInt for int64, which its JSON cannot hold; a number says the same.
      fillValue: fillValue as zarrita.Scalar<zarrita.DataType>,
      dimensionNames: [...dims],
      attributes: normalizeJson({ ...attributes, ...fill }, `attributes of ${name}`) as zarrita.Attributes,
    });
    return new ZarrArray(node, dtype);
  }

  /** Makes an array and writes it. */
  async write<T extends ZarrType>(spec: ZarrArraySpec<T>, data: ZarrInput<T>): Promise<void> {
    await (await this.add(spec)).write(data);
  }

  /** Names of the arrays, sorted. */
  async arrays(): Promise<string[]> {
    const names = await this.files.members(this.location.path);
    const arrays = await Promise.all(names.map((name) => this.isArray(name)));
    return names.filter((_, i) => arrays[i]);
  }

  /** Opens an array. @throws SpectroscopeError when it is missing, damaged, or of another type than the one asked for */
  async array<T extends ZarrType>(name: string, dtype: T): Promise<ZarrArray<T>> {
    const location = this.member(name);
    const where = this.files.nameOf(location.path);
    const place = location.resolve(METADATA).path;
    const path = this.files.nameOf(place);
    let node: zarrita.Array<zarrita.DataType, ZarrFiles>;
    let metadata: ArrayMetadata;
    try {
      const bytes = await this.files.get(place);
      if (!bytes) {
        const others = await this.arrays();
        fail(`${this.name}: no array ${name}`, `there are ${others.join(", ") || "none"}`);
      }
      metadata = arrayMetadata(bytes, path);
      node = await zarrita.open.v3(location, { kind: "array" });
    } catch (error) {
      throw readError(path, error);
    }
    if (metadata.dtype !== dtype) {
      const [found, wanted] = [metadata.dtype, dtype].map((one) => zarrTypes[one].name);
      fail(`${where}: holds ${found}, expected ${wanted}`, "read it as the type it has");
    }
    const array = new ZarrArray(node, dtype);
    const chunks = elementCount(array.grid);
    const there = await this.files.chunkCount(location.path);
    if (chunks > there + UNWRITTEN) {
      fail(`${path}: shape [${array.shape}] has ${chunks} chunks, ${there} are there`, REMEDY);
    }
    return array;
  }

  private async isArray(name: string): Promise<boolean> {
    const place = this.member(name).resolve(METADATA).path;
    try {
      const bytes = await this.files.get(place);
      return bytes !== undefined && arrayMetadata(bytes, this.files.nameOf(place)) !== undefined;
    } catch {
      return false;
    }
  }

  /** Whether an array or group of that name is there. */
  async has(name: string): Promise<boolean> {
    return this.files.has(this.member(name).resolve(METADATA).path);
  }
}
