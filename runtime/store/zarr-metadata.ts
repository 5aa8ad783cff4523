/** `zarr.json` of groups and arrays as this project writes them: what is of another form is refused before anything is made of it. */
import { SpectroscopeError } from "../../kernels/errors";
import { decodeText, type JsonObject, parseJson } from "../formats/json";
import { elementCount } from "../formats/npy";
import { Told } from "./told";
import { type ZarrType, zarrTypeNamed, zarrTypes } from "./zarr-values";

export const BYTES = { name: "bytes", configuration: { endian: "little" } };
export const VLEN = { name: "vlen-utf8", configuration: {} };
/** What is to be done about a store that is not as it should be. */
export const REMEDY = "delete the store to have it computed again";

/** Axes that an array has at most. */
const MOST_AXES = 8;

function toldOf(bytes: Uint8Array, file: string, type: "group" | "array"): Told {
  let json: unknown;
  try {
    json = parseJson(decodeText(bytes, file), file);
  } catch (cause) {
    const what = cause instanceof Error ? cause.message.replace(`${file}: `, "") : String(cause);
    throw new SpectroscopeError(`${file}: damaged or no Zarr v3: ${what}`, { code: "bad-input", hint: REMEDY, cause });
  }
  const told = new Told(json, { file, hint: REMEDY });
  if (told.at("zarr_format").json() !== 3) told.at("zarr_format").refuse("3");
  told.at("node_type").choice([type]);
  return told;
}

const attributesIn = (told: Told): JsonObject => {
  const attributes = told.at("attributes");
  return attributes.absent ? {} : attributes.object();
};

/** Attributes of a group. @throws SpectroscopeError naming file and key */
export const groupAttributes = (bytes: Uint8Array, file: string) => attributesIn(toldOf(bytes, file, "group"));

export interface ArrayMetadata {
  readonly dtype: ZarrType;
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
}

/** Checks the metadata of an array. @throws SpectroscopeError naming file and key */
export function arrayMetadata(bytes: Uint8Array, file: string): ArrayMetadata {
  const told = toldOf(bytes, file, "array");
  attributesIn(told);
  const type = told.at("data_type");
  const names = Object.values(zarrTypes).map(({ name }) => name);
  const dtype = zarrTypeNamed(type.json()) ?? type.refuse(`one of ${names.join(", ")}`);
  const sizes = (key: Told, least: number) => {
    const all = key.list().map((size) => size.whole(least));
    return all.length <= MOST_AXES && Number.isSafeInteger(elementCount(all)) ? all : key.refuse("a smaller shape");
  };
  const shape = sizes(told.at("shape"), 0);
  const grid = told.at("chunk_grid");
  grid.at("name").choice(["regular"]);
  const chunkShape = grid.at("configuration").at("chunk_shape");
  const chunks = sizes(chunkShape, 1);
  if (chunks.length !== shape.length) chunkShape.refuse(`${shape.length} sizes, as many as shape has`);
  const keys = told.at("chunk_key_encoding");
  keys.at("name").choice(["default"]);
  keys.at("configuration").at("separator").choice(["/"]);
  checkCodecs(told.at("codecs"), dtype);
  checkFill(told.at("fill_value"), dtype);
  const dims = told.at("dimension_names");
  if (!dims.absent && dims.list().map((name) => name.text()).length !== shape.length) {
    dims.refuse(`${shape.length} names, as many as shape has`);
  }
  return { dtype, shape, chunks };
}

/** Two of them, ours: the values as bytes, then zstd. */
function checkCodecs(told: Told, dtype: ZarrType): void {
  const codecs = told.list();
  const packing = dtype === "string" ? VLEN : BYTES;
  if (codecs.length !== 2) told.refuse(`${packing.name}, then zstd`);
  codecs[0].at("name").choice([packing.name]);
  if (dtype !== "string") codecs[0].at("configuration").at("endian").choice(["little"]);
  codecs[1].at("name").choice(["zstd"]);
}

/** What stands for elements that were never written: that of the type, as this project writes it. */
function checkFill(told: Told, dtype: ZarrType): void {
  const { fill } = zarrTypes[dtype];
  const wanted = Number.isNaN(fill) ? "NaN" : fill;
  if (told.json() !== wanted) told.refuse(JSON.stringify(wanted));
}
