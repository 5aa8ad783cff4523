/** The files of a model's directory: their names, as transformers writes them, and how they are read. */
import { SpectroscopeError } from "../../kernels/errors";
import { decodeText, parseJson } from "../../runtime/formats/json";
import type { Store } from "../../runtime/store/store";

export const CONFIG = "config.json";
export const SINGLE = "model.safetensors";
export const INDEX = "model.safetensors.index.json";
export const TOKENIZER = "tokenizer.json";
export const TOKENIZER_SETTINGS = "tokenizer_config.json";

/** A store that is only read: a folder, what was dropped on a page, the parts of a bundle. */
export interface ModelFiles extends Pick<Store, "name" | "get" | "size" | "nameOf"> {
  /** Names directly below a prefix, "" for the top. */
  names(prefix: string): Promise<readonly string[]>;
  /** Changes whenever the value does, in a store that can tell: that weights are written over is found by it. */
  version?(key: string): Promise<string>;
}

/** What a read of a file that is not there says. */
export function missing(files: ModelFiles, key: string): SpectroscopeError {
  return new SpectroscopeError(`cannot read ${files.nameOf(key)}: no such file or directory`, {
    code: "bad-input",
    hint: "check the path",
  });
}

const MIB = 2 ** 20;
/**
 * Bytes of the longest JSON file that is read: what it becomes in memory may be twenty times as large. A vocabulary of a quarter of
 * a million tokens and the index of a model of a trillion parameters have some tens of MiB, a config some KiB.
 */
const LONGEST: Readonly<Record<string, number>> = {
  [CONFIG]: 4 * MIB,
  [TOKENIZER_SETTINGS]: 16 * MIB,
  [TOKENIZER]: 128 * MIB,
  [INDEX]: 128 * MIB,
};

/** JSON value of a file; undefined where there is none. @throws SpectroscopeError naming the file */
export async function readJsonIfAny(files: ModelFiles, key: string): Promise<unknown> {
  const [size, most] = [await files.size(key), LONGEST[key] ?? LONGEST[INDEX]];
  if (size !== undefined && size > most) {
    throw new SpectroscopeError(`${files.nameOf(key)}: ${size} bytes, at most ${most} are read`, {
      code: "bad-input",
      hint: "is it the right file?",
    });
  }
  const bytes = await files.get(key);
  return bytes && parseJson(decodeText(bytes, files.nameOf(key)), files.nameOf(key));
}

/** JSON value of a file. @throws SpectroscopeError naming the file */
export async function readJson(files: ModelFiles, key: string): Promise<unknown> {
  // No file holds `undefined` as JSON.
  const json = await readJsonIfAny(files, key);
  if (json === undefined) throw missing(files, key);
  return json;
}
