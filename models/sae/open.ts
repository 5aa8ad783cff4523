/** A sparse autoencoder from its files, in whichever of the four formats they are. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { shownList } from "../../runtime/formats/text";
import { checkEncoder } from "../../runtime/sae/check-encoder";
import type { ModelFiles } from "../formats/files";
import type { LoadedSae } from "./autoencoder";
import { DICTIONARY_CONFIG, DICTIONARY_WEIGHTS, readDictionary } from "./dictionary-learning";
import { MLSAE_CONFIG, MLSAE_WEIGHTS, readMlsae } from "./mlsae";
import { LENS_CONFIG, LENS_WEIGHTS, readSaeLens } from "./sae-lens";
import { readSparsify, SPARSIFY_CONFIG, SPARSIFY_WEIGHTS } from "./sparsify";

export interface OpenSaeOptions {
  /** Where in the store it lies: names between single slashes; absent: at the top. */
  readonly folder?: string;
  /** Name of the place that it reads, where the files do not tell one: `layers.3`, `blocks.3.hook_resid_post`. */
  readonly hook?: string;
}

interface Format {
  readonly weights: string;
  readonly config: string;
  /** Whether it can be read without its config. */
  readonly optional?: boolean;
  read(files: ModelFiles, folder: string, hook: string | undefined): Promise<LoadedSae>;
}

const FORMATS: readonly Format[] = [
  { weights: LENS_WEIGHTS, config: LENS_CONFIG, read: readSaeLens },
  { weights: SPARSIFY_WEIGHTS, config: SPARSIFY_CONFIG, read: readSparsify },
  { weights: DICTIONARY_WEIGHTS, config: DICTIONARY_CONFIG, optional: true, read: readDictionary },
  { weights: MLSAE_WEIGHTS, config: MLSAE_CONFIG, read: readMlsae },
];

const EXPECTED = `an autoencoder is ${LENS_CONFIG} and ${LENS_WEIGHTS} (SAELens), ${SPARSIFY_CONFIG} and ${SPARSIFY_WEIGHTS} (sparsify), ${MLSAE_CONFIG} and ${MLSAE_WEIGHTS} (mlsae), or ${DICTIONARY_WEIGHTS} (dictionary_learning)`;

/**
 * Names of an autoencoder's files out of the keys of a repository, and of the run's config above them, its weights last; none where
 * the folder holds no autoencoder. `keys`: all keys, with slashes.
 */
export function saeFilesAmong(keys: readonly string[], folder = ""): readonly string[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  const format = FORMATS.find(({ weights }) => keys.includes(prefix + weights));
  if (!format) return [];
  const above = prefix.replace(/[^/]+\/$/, "");
  const run = format.weights === SPARSIFY_WEIGHTS ? [`${above}config.json`] : [];
  const wanted = [prefix + format.config, ...run, prefix + format.weights];
  return wanted.filter((key, i) => keys.includes(key) && wanted.indexOf(key) === i);
}

/** Folders of a repository that hold autoencoders, by all its keys. */
export function saeFoldersAmong(keys: readonly string[]): readonly string[] {
  const folders = keys.flatMap((key) => {
    const at = key.lastIndexOf("/");
    const is = FORMATS.some(({ weights }) => key.slice(at + 1) === weights);
    return is && at > 0 ? [key.slice(0, at)] : [];
  });
  return [...new Set(folders)].sort();
}

/** What a folder lacks to be an autoencoder: its folders that are some, or files of other kinds. */
export function noSae(name: string, present: readonly string[], folders: readonly string[]): SpectroscopeError {
  const details = (hint: string) => ({ code: "bad-input", hint });
  if (folders.length > 0)
    return new SpectroscopeError(
      `${name} holds ${folders.length} autoencoders, each in a folder`,
      details(`name one: ${shownList(folders)}`),
    );
  const other =
    present.find((file) => /\.(npz|pth?|bin|ckpt)$/.test(file)) ??
    present.find((file) => file.endsWith(".safetensors"));
  const has =
    present.length === 0
      ? "nothing is in it"
      : other === undefined
        ? `it has ${shownList(present)}`
        : `${quoted(other)} is none that is read`;
  return new SpectroscopeError(`${name} holds no sparse autoencoder: ${has}`, details(EXPECTED));
}

/**
 * Reads the autoencoder of a folder. Nothing is run that a file holds; every size is held against the file before memory is taken.
 * @throws SpectroscopeError naming file, and key or tensor; where there are autoencoders in folders below, naming those
 */
export async function openSae(files: ModelFiles, { folder = "", hook }: OpenSaeOptions = {}): Promise<LoadedSae> {
  const prefix = folder === "" ? "" : `${folder}/`;
  const where = folder === "" ? files.name : files.nameOf(folder);
  const has = async (key: string) => (await files.size(key)) !== undefined;
  for (const format of FORMATS) {
    if (!(await has(prefix + format.weights))) continue;
    if (!format.optional && !(await has(prefix + format.config))) {
      const text = `${where}: ${format.weights} without ${format.config}`;
      throw new SpectroscopeError(text, { code: "bad-input", hint: "download it too: it says what the weights mean" });
    }
    // Folders of hookpoints are named by them.
    const last = where.split(/[/\\]/).filter(Boolean).at(-1);
    const loaded = await format.read(files, prefix, hook ?? (format.weights === SPARSIFY_WEIGHTS ? last : undefined));
    // What was computed of sound weights, such as an exponential, may be none.
    checkEncoder(loaded.encoder, files.nameOf(prefix + format.weights));
    return loaded;
  }
  const present = await files.names(folder);
  const held: string[] = [];
  for (const name of present)
    for (const { weights } of FORMATS) if (await has(`${prefix}${name}/${weights}`)) held.push(prefix + name);
  throw noSae(where, present, [...new Set(held)]);
}
