/** A GPT-NeoX model from a directory in Hugging Face's layout. Node only. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SpectroscopeError } from "../kernels/errors";
import type { NeoxConfig } from "../runtime/neox/config";
import { EMBEDDING } from "../runtime/neox/parameters";
import { fileError, readJson } from "../runtime/store/files";
import { parseNeoxConfig } from "./config";
import { matchParameters, type StoredTensor } from "./parameters";
import { coordinates, type SafetensorsTensor } from "./safetensors";
import { readSafetensors, readSafetensorsHeader, readShardIndex } from "./safetensors-file";

const CONFIG = "config.json";
const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** A parameter: row-major f32, all finite. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface LoadedModel {
  readonly config: NeoxConfig;
  /** By Hugging Face name, in the order of `parameterShapes`. */
  readonly weights: Map<string, Weight>;
  /** Where it came from, for provenance. */
  readonly source: {
    readonly directory: string;
    /** Names of the files that held weights. */
    readonly files: readonly string[];
    /** `config.json` as it was read. */
    readonly configJson: unknown;
    /** Types as stored, for example ["F16"]; in memory all are f32. */
    readonly storedTypes: readonly string[];
  };
}

async function weightFiles(directory: string, present: readonly string[]): Promise<string[]> {
  if (present.includes(SINGLE)) return [SINGLE];
  if (present.includes(INDEX)) return [...new Set((await readShardIndex(join(directory, INDEX))).values())].sort();
  const pickled = present.find((name) => /^pytorch_model.*\.bin$|\.pth?$/.test(name));
  const other = present.find((name) => name.endsWith(".safetensors"));
  const hint = pickled
    ? `${pickled} is a pickle: load it with transformers and save_pretrained(..., safe_serialization=True)`
    : other
      ? `rename ${other} to ${SINGLE}`
      : "name a directory that holds config.json and model.safetensors";
  throw new SpectroscopeError(`${directory}: no weights, neither ${SINGLE} nor ${INDEX}`, { code: "bad-input", hint });
}

/** f32 of a parameter. An F64 value beyond f32 becomes infinite, which is refused as any other. */
function toWeight(tensor: SafetensorsTensor, name: string, file: string): Weight {
  if (tensor.data instanceof Float32Array) return { shape: tensor.shape, data: tensor.data };
  const data = Float32Array.from(tensor.data);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const at = coordinates(bad, tensor.shape).join(", ");
    throw new SpectroscopeError(`${file}: tensor ${JSON.stringify(name)} holds ${tensor.data[bad]} at [${at}]`, {
      code: "non-finite",
      hint: "it does not fit 32 bits",
    });
  }
  return { shape: tensor.shape, data };
}

/** Which file holds each tensor, with shapes and types; shards and index must agree exactly. */
async function readInventory(directory: string, files: readonly string[]): Promise<Map<string, StoredTensor>> {
  const inventory = new Map<string, StoredTensor>();
  const index = files.length === 1 && files[0] === SINGLE ? undefined : await readShardIndex(join(directory, INDEX));
  const fail = (file: string, name: string, what: string): never => {
    throw new SpectroscopeError(`${file}: tensor ${JSON.stringify(name)} ${what}`, {
      code: "bad-input",
      hint: "index and shards are of different checkpoints: download them again",
    });
  };
  for (const name of files) {
    const file = join(directory, name);
    for (const entry of (await readSafetensorsHeader(file)).entries) {
      if (index && index.get(entry.name) !== name)
        fail(file, entry.name, `is present, but ${INDEX} does not place it there`);
      inventory.set(entry.name, { dtype: entry.dtype, shape: entry.shape, file });
    }
  }
  for (const [name, file] of index ?? []) {
    if (!inventory.has(name)) fail(join(directory, file), name, `is missing, though ${INDEX} places it there`);
  }
  return inventory;
}

/** Config alone. @throws SpectroscopeError */
export async function loadConfig(directory: string): Promise<NeoxConfig> {
  const path = join(directory, CONFIG);
  return parseNeoxConfig(await readJson(path), path);
}

/**
 * Read a model directory: `config.json` and `model.safetensors` or a sharded set with its index. The weights must be exactly
 * the config's parameters; causal masks and rotary frequencies of old checkpoints are passed over. Shapes are checked before
 * any value is read.
 * @throws SpectroscopeError in one line naming file, tensor, what was expected and what was found
 */
export async function loadModel(directory: string): Promise<LoadedModel> {
  let present: string[];
  try {
    present = await readdir(directory);
  } catch (error) {
    throw fileError("list", directory, error);
  }
  if (!present.includes(CONFIG)) {
    throw new SpectroscopeError(`${directory}: no ${CONFIG}`, {
      code: "bad-input",
      hint: "name a model directory in Hugging Face's layout",
    });
  }
  const configPath = join(directory, CONFIG);
  const configJson = await readJson(configPath);
  const config = parseNeoxConfig(configJson, configPath);
  const files = await weightFiles(directory, present);
  const inventory = await readInventory(directory, files);
  const where = files.length === 1 ? join(directory, files[0]) : join(directory, INDEX);
  const { names, redundant } = matchParameters(config, inventory, where);

  const wanted = new Set([...names.values(), ...(redundant === undefined ? [] : [redundant])]);
  const stored = new Map<string, Weight>();
  for (const file of files) {
    const path = join(directory, file);
    for (const [name, tensor] of await readSafetensors(path, { select: (name) => wanted.has(name) })) {
      stored.set(name, toWeight(tensor, name, path));
    }
  }
  const weights = new Map<string, Weight>();
  for (const [name, storedName] of names) weights.set(name, stored.get(storedName) as Weight);
  if (redundant !== undefined)
    checkTied(weights.get(EMBEDDING) as Weight, stored.get(redundant) as Weight, redundant, where);
  const storedTypes = [...new Set([...wanted].map((name) => inventory.get(name)?.dtype as string))].sort();
  return { config, weights, source: { directory, files, configJson, storedTypes } };
}

function checkTied(embedding: Weight, unembedding: Weight, name: string, file: string): void {
  const at = unembedding.data.findIndex((value, i) => value !== embedding.data[i]);
  if (at < 0) return;
  const place = coordinates(at, embedding.shape).join(", ");
  throw new SpectroscopeError(
    `${file}: config.json ties the embeddings, but ${name} differs from ${EMBEDDING} at [${place}]`,
    { code: "bad-input", hint: 'set "tie_word_embeddings": false or remove the tensor' },
  );
}
