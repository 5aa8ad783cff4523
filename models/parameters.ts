/** How many parameters a model has, and the check of a checkpoint against them. No disk here. */
import { SpectroscopeError } from "../kernels/errors";
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

const FLOATS = new Set(["F32", "F16", "BF16", "F64"]);

function fail(message: string, hint: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

/**
 * Match a checkpoint's tensors with the model.
 * @returns for every parameter, in order, the name under which the checkpoint stores it; `redundant` is a stored unembedding
 *   of a tied model, whose values must equal the embedding's
 * @throws SpectroscopeError naming file and tensor: missing, unknown (with the nearest known name), wrong shape or type
 */
export function matchParameters(
  model: Model,
  stored: ReadonlyMap<string, StoredTensor>,
  source: string,
  family = familyOf(model),
): { names: Map<string, string>; redundant?: string } {
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
        `${tensor.file}: tensor ${JSON.stringify(name)} has shape [${tensor.shape.join(", ")}], expected [${shape.join(", ")}]`,
        "config.json and weights must be of the same model",
      );
    }
    if (!FLOATS.has(tensor.dtype)) {
      return fail(
        `${tensor.file}: tensor ${JSON.stringify(name)} is ${tensor.dtype}`,
        "weights must be F32, F16 or BF16",
      );
    }
    const other = names.get(canonical);
    if (again) redundant = name;
    else if (other !== undefined) return fail(`${source}: both ${other} and ${name} are present`, "keep one");
    else names.set(canonical, name);
  }

  const missing = [...parameters.keys()].filter((name) => !names.has(name));
  if (missing.length > 0) {
    const [name] = missing;
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
    const bare = name.startsWith(family.prefix) && stored.has(name.slice(family.prefix.length));
    return fail(
      `${source}: missing tensor ${described(name, parameters.get(name)!)}${more}`,
      bare
        ? `the names lack the prefix ${family.prefix}: save the ${family.architecture}, not its inner model`
        : name === family.unembedding
          ? 'a model without it must say "tie_word_embeddings": true in config.json'
          : "config.json and weights must be of the same model",
    );
  }
  return { names: new Map([...parameters.keys()].map((name) => [name, names.get(name)!])), redundant };
}

const described = (name: string, { shape }: Pick<StoredTensor, "shape">) =>
  `${JSON.stringify(name)} [${shape.join(", ")}]`;

/** What may help with a tensor that the model does not have. */
function unexpected(name: string, { parameters, dims }: Model, { layersKey }: Family): string {
  const [stem, layer] = /^.*?\.(?=(\d+)\.)/.exec(name) ?? [];
  const inLayer = stem !== undefined && [...parameters.keys()].some((known) => known.startsWith(`${stem}0.`));
  if (inLayer && Number(layer) >= dims.layers) return `config.json says ${layersKey} ${dims.layers}`;
  return suggest(name, parameters.keys());
}
