/** A model from files in Hugging Face's layout, wherever they are. */
import { SpectroscopeError } from "../kernels/errors";
import { quoted } from "../kernels/quoted";
import type { Model } from "../runtime/transformer/family";
import { pieces, type Weights } from "../runtime/transformer/weights";
import { parseModel } from "./families/registry";
import { CONFIG, INDEX, type ModelFiles, readJson, readJsonIfAny, SINGLE } from "./formats/files";
import { coordinates, type SafetensorsData, type SafetensorsEntry } from "./formats/safetensors-elements";
import { openSafetensors, readShardIndex, type SafetensorsReader } from "./formats/safetensors-reader";
import { matchParameters, type StoredTensor } from "./parameters";

export interface LoadedModel {
  readonly model: Model;
  /** By Hugging Face name, in the order of the model's parameters; read when they are wanted. */
  readonly weights: Weights;
  /** Where it came from, for provenance. */
  readonly source: {
    /** Its tokenizer lies there too, where it has one. */
    readonly store: ModelFiles;
    /** Names of the files that held weights. */
    readonly files: readonly string[];
    /** Types as stored, for example ["F16"]; values are handed out as f32. */
    readonly storedTypes: readonly string[];
  };
}

async function weightFiles(files: ModelFiles): Promise<string[]> {
  if ((await files.size(SINGLE)) !== undefined) return [SINGLE];
  if ((await files.size(INDEX)) !== undefined) {
    return [...new Set((await readShardIndex(files, INDEX)).values())].sort();
  }
  const present = await files.names("");
  const pickled = present.find((name) => /^pytorch_model.*\.bin$|\.pth?$/.test(name));
  const other = present.find((name) => name.endsWith(".safetensors"));
  const hint = pickled
    ? `${pickled} is a pickle: load it with transformers and save_pretrained(..., safe_serialization=True)`
    : other
      ? `rename ${other} to ${SINGLE}`
      : "name a directory that holds config.json and model.safetensors";
  throw new SpectroscopeError(`${files.name}: no weights, neither ${SINGLE} nor ${INDEX}`, { code: "bad-input", hint });
}

/** A tensor of a checkpoint and where it is read. */
interface Stored extends StoredTensor {
  readonly entry: SafetensorsEntry;
  readonly reader: SafetensorsReader;
}

/** f32 of elements that a file holds. An F64 value beyond f32 becomes infinite, which is refused as any other. */
function toFloat32(data: SafetensorsData, { entry, file }: Stored, first: number): Float32Array {
  if (data instanceof Float32Array) return data;
  const result = Float32Array.from(data);
  const bad = result.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const at = coordinates(first + bad, entry.shape).join(", ");
    throw new SpectroscopeError(`${file}: tensor ${quoted(entry.name)} holds ${data[bad]} at [${at}]`, {
      code: "non-finite",
      hint: "it does not fit 32 bits",
    });
  }
  return result;
}

/** Which file holds each tensor, with shapes and types; shards and index must agree exactly. */
async function readInventory(files: ModelFiles, names: readonly string[]): Promise<Map<string, Stored>> {
  const inventory = new Map<string, Stored>();
  const index = names.length === 1 && names[0] === SINGLE ? undefined : await readShardIndex(files, INDEX);
  const fail = (file: string, name: string, what: string): never => {
    throw new SpectroscopeError(`${file}: tensor ${quoted(name)} ${what}`, {
      code: "bad-input",
      hint: "index and shards are of different checkpoints: download them again",
    });
  };
  for (const name of names) {
    const file = files.nameOf(name);
    const reader = await openSafetensors(files, name);
    for (const entry of reader.header.entries) {
      if (index && index.get(entry.name) !== name)
        fail(file, entry.name, `is present, but ${INDEX} does not place it there`);
      inventory.set(entry.name, { dtype: entry.dtype, shape: entry.shape, file, entry, reader });
    }
  }
  for (const [name, file] of index ?? []) {
    if (!inventory.has(name)) fail(files.nameOf(file), name, `is missing, though ${INDEX} places it there`);
  }
  return inventory;
}

/** The model that a config describes, without its weights. @throws SpectroscopeError */
export async function loadConfig(files: ModelFiles): Promise<Model> {
  return parseModel(await readJson(files, CONFIG), files.nameOf(CONFIG));
}

/**
 * A model of a directory: `config.json` and `model.safetensors` or a sharded set with its index. The weights must be exactly
 * the config's parameters; causal masks and rotary frequencies of old checkpoints are passed over. Names, types and shapes are
 * checked here; values are read, and refused when they are not finite, when the weights are.
 * @throws SpectroscopeError in one line naming file, tensor, what was expected and what was found
 */
export async function loadModel(files: ModelFiles): Promise<LoadedModel> {
  const json = await readJsonIfAny(files, CONFIG);
  if (json === undefined) {
    throw new SpectroscopeError(`${files.name}: no ${CONFIG}`, {
      code: "bad-input",
      hint: "name a model directory in Hugging Face's layout",
    });
  }
  const model = parseModel(json, files.nameOf(CONFIG));
  const held = await weightFiles(files);
  const inventory = await readInventory(files, held);
  const where = files.nameOf(held.length === 1 ? held[0] : INDEX);
  const { names, redundant } = matchParameters(model, inventory, { weights: where, config: files.nameOf(CONFIG) });

  const stored = new Map([...names].map(([name, storedName]) => [name, inventory.get(storedName) as Stored]));
  const weights: Weights = {
    shapes: new Map([...stored].map(([name, { shape }]) => [name, shape])),
    async read(name, from, to) {
      const tensor = stored.get(name) as Stored;
      return toFloat32(await tensor.reader.read(tensor.entry, from, to), tensor, from);
    },
  };
  if (redundant !== undefined) await checkTied(weights, model.embedding, inventory.get(redundant) as Stored);
  const storedTypes = [...new Set([...stored.values()].map(({ dtype }) => dtype))].sort();
  return { model, weights, source: { store: files, files: held, storedTypes } };
}

async function checkTied(weights: Weights, embedding: string, unembedding: Stored): Promise<void> {
  const { entry, reader, file } = unembedding;
  for await (const { from, data } of pieces(weights, embedding)) {
    const other = toFloat32(await reader.read(entry, from, from + data.length), unembedding, from);
    const at = other.findIndex((value, i) => value !== data[i]);
    if (at < 0) continue;
    const place = coordinates(from + at, entry.shape).join(", ");
    throw new SpectroscopeError(
      `${file}: config.json ties the embeddings, but ${entry.name} differs from ${embedding} at [${place}]`,
      { code: "bad-input", hint: 'set "tie_word_embeddings": false or remove the tensor' },
    );
  }
}
