/** How many parameters a model has, and the check of a checkpoint against them. No disk here. */
import { SpectroscopeError } from "../kernels/errors";
import { quoted, sizes, unquoted } from "../kernels/quoted";
import { suggest } from "../kernels/suggest";
import { type Model, tied } from "../runtime/transformer/family";
import { sizeOf } from "../runtime/transformer/weights";
import type { Family } from "./families/family";
import { familyOf } from "./families/registry";

/** Number of parameters. */
export function parameterCount({ parameters }: Model): number {
  return [...parameters.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** What a checkpoint says about one tensor, before its values are read. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The file that holds it, for errors. */
  readonly file: string;
}

/** What errors call the files. */
export interface CheckpointFiles {
  /** The one that says what the weights are: the file that holds them, or the index of those that do. */
  readonly weights: string;
  readonly config: string;
}

const FLOATS = new Set(["F32", "F16", "BF16", "F64"]);
const ONE_MODEL = "config.json and weights must be of the same model";

function fail(message: string, hint: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

/**
 * Match a checkpoint's tensors with the model. Nothing here takes longer for a larger claim of the config than for what the
 * checkpoint holds.
 * @returns for every parameter, in order, the name under which the checkpoint stores it; `redundant` is a stored unembedding
 *   of a tied model, whose values must equal the embedding's
 * @throws SpectroscopeError naming file and tensor: missing, unknown (with the nearest known name), wrong shape or type; for more
 *   layers than there are config.json, its key and its value
 */
export function matchParameters(
  model: Model,
  stored: ReadonlyMap<string, StoredTensor>,
  files: CheckpointFiles,
  family = familyOf(model),
): { names: Map<string, string>; redundant?: string } {
  // Parameters are listed only for a claim that the file could keep.
  if (model.dims.layers > storedLayers(stored).size) tooManyLayers(model, stored, files, family);
  const { parameters } = model;
  const names = new Map<string, string>();
  let redundant: string | undefined;

  for (const [name, tensor] of stored) {
    const canonical = family.canonical(name);
    if (canonical === undefined) continue;
    const again = tied(model) && canonical === family.unembedding;
    const parameter = parameters.get(again ? model.unembedding : canonical);
    if (!parameter)
      return fail(`${tensor.file}: unexpected tensor ${described(name, tensor)}`, unexpected(name, model, family));
    const { shape } = parameter;
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])) {
      return fail(
        `${tensor.file}: tensor ${quoted(name)} has shape ${sizes(tensor.shape)}, expected ${sizes(shape)}`,
        `${files.config} says ${saidSizes(model, family)}: it and the weights must be of the same model`,
      );
    }
    if (!FLOATS.has(tensor.dtype)) {
      return fail(
        `${tensor.file}: tensor ${quoted(name)} is ${unquoted(tensor.dtype, 20)}`,
        "weights must be F32, F16 or BF16",
      );
    }
    const other = names.get(canonical);
    if (again) redundant = name;
    else if (other !== undefined) {
      return fail(`${files.weights}: both ${quoted(other)} and ${quoted(name)} are present`, "keep one");
    } else names.set(canonical, name);
  }

  const missing = [...parameters.keys()].filter((name) => !names.has(name));
  if (missing.length > 0) {
    const [name] = missing;
    const { layer, shape } = parameters.get(name)!;
    if (layer !== undefined && !storedLayers(stored).has(layer)) tooManyLayers(model, stored, files, family);
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
    return fail(
      `${files.weights}: missing tensor ${described(name, { shape })}${more}`,
      name === family.unembedding
        ? 'a model without it must say "tie_word_embeddings": true in config.json'
        : ONE_MODEL,
    );
  }
  return { names: new Map([...parameters.keys()].map((name) => [name, names.get(name)!])), redundant };
}

const described = (name: string, { shape }: Pick<StoredTensor, "shape">) => `${quoted(name)} ${sizes(shape)}`;

/** The number of the layer that a name is of. */
function layerOf(name: string): number | undefined {
  const number = /\.(\d+)\./.exec(name)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** Numbers of the layers that a checkpoint has tensors of. */
function storedLayers(stored: ReadonlyMap<string, StoredTensor>): Set<number> {
  return new Set([...stored.keys()].flatMap((name) => layerOf(name) ?? []));
}

function tooManyLayers(
  { dims }: Model,
  stored: ReadonlyMap<string, StoredTensor>,
  files: CheckpointFiles,
  { sizeKeys }: Family,
): never {
  const [tensors, layers] = [stored.size, storedLayers(stored).size];
  const held = `${tensors} tensor${tensors === 1 ? "" : "s"}, of ${layers} layer${layers === 1 ? "" : "s"}`;
  return fail(`${files.config}: "${sizeKeys.layers}" is ${dims.layers}, but ${files.weights} holds ${held}`, ONE_MODEL);
}

/** `vocab_size 7, hidden_size 4`: what a config says of the sizes of its tensors. */
function saidSizes({ dims }: Model, { sizeKeys }: Family): string {
  const { vocab, hidden, intermediate } = sizeKeys;
  return `${vocab} ${dims.vocab}, ${hidden} ${dims.hidden}, ${intermediate} ${dims.intermediate}`;
}

/** What may help with a tensor that the model does not have. */
function unexpected(name: string, { parameters, dims }: Model, family: Family): string {
  const isKnown = (other: string) => {
    const canonical = family.canonical(other);
    return canonical === undefined || parameters.has(canonical);
  };
  if (isKnown(family.prefix + name)) {
    return `the names lack the prefix ${family.prefix}: save the ${family.architecture}, not its inner model`;
  }
  // What compiles, spreads or tunes a model wraps it: "_orig_mod.", "module.", "base_model.model.".
  const own = name.indexOf(family.prefix);
  if (own > 0 && isKnown(name.slice(own))) {
    return `the names begin with ${quoted(name.slice(0, own))}: save the ${family.architecture} itself, not what wraps it`;
  }
  const layer = layerOf(name);
  const stem = /^.*?\.(?=\d+\.)/.exec(name)?.[0];
  const inLayer = stem !== undefined && [...parameters.keys()].some((known) => known.startsWith(`${stem}0.`));
  if (inLayer && layer !== undefined && layer >= dims.layers) {
    return `config.json says ${family.sizeKeys.layers} ${dims.layers}`;
  }
  const near = [...parameters].filter((parameter) => (parameter[1].layer ?? layer ?? 0) === (layer ?? 0));
  return suggest(
    name,
    near.map(([known]) => known),
  );
}
