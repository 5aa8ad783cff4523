/** Names and shapes of a GPT-NeoX model's parameters, and the check of a checkpoint against them. No disk here. */
import { SpectroscopeError } from "../kernels/errors";
import { suggest } from "../kernels/suggest";
import type { NeoxConfig } from "../runtime/transformer/config";
import { EMBEDDING, parameterShapes, UNEMBEDDING } from "../runtime/transformer/parameters";

const UNEMBEDDING_ALIAS = "lm_head.weight";

/** Number of parameters. */
export function parameterCount(config: NeoxConfig): number {
  let count = 0;
  for (const shape of parameterShapes(config).values()) count += shape.reduce((product, size) => product * size, 1);
  return count;
}

/** Causal masks and rotary frequencies that old checkpoints carry; they follow from the config. */
const BUFFER = /^gpt_neox\.(layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)|rotary_emb\.inv_freq)$/;

/** What a checkpoint says about one tensor, before its values are read. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The file that holds it, for errors. */
  readonly file: string;
}

const FLOATS = new Set(["F32", "F16", "BF16", "F64"]);

/**
 * Match a checkpoint's tensors with the config.
 * @returns for every parameter, in order, the name under which the checkpoint stores it; `redundant` is a stored unembedding
 *   of a tied model, whose values must equal the embedding's
 * @throws SpectroscopeError naming file and tensor: missing, unknown (with the nearest known name), wrong shape or type
 */
export function matchParameters(
  config: NeoxConfig,
  stored: ReadonlyMap<string, StoredTensor>,
  source: string,
): { names: Map<string, string>; redundant?: string } {
  const fail = (message: string, hint: string): never => {
    throw new SpectroscopeError(message, { code: "bad-input", hint });
  };
  const shapes = parameterShapes(config);
  const names = new Map<string, string>();
  let redundant: string | undefined;

  for (const [name, tensor] of stored) {
    const canonical = name === UNEMBEDDING_ALIAS ? UNEMBEDDING : name;
    const tied = canonical === UNEMBEDDING && config.tieWordEmbeddings;
    const shape = shapes.get(tied ? EMBEDDING : canonical);
    if (shape === undefined) {
      if (BUFFER.test(name)) continue;
      const layer = /^gpt_neox\.layers\.(\d+)\./.exec(name)?.[1];
      const tooDeep = layer !== undefined && Number(layer) >= config.numHiddenLayers;
      const hint = tooDeep
        ? `config.json says num_hidden_layers ${config.numHiddenLayers}`
        : suggest(name, shapes.keys());
      return fail(`${tensor.file}: unexpected tensor ${JSON.stringify(name)} [${tensor.shape.join(", ")}]`, hint);
    }
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
    if (tied) redundant = name;
    else if (names.has(canonical)) return fail(`${source}: both ${UNEMBEDDING} and ${name} are present`, "keep one");
    else names.set(canonical, name);
  }

  const missing = [...shapes.keys()].filter((name) => !names.has(name));
  if (missing.length > 0) {
    const name = missing[0];
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
    const bare = stored.has(name.replace(/^gpt_neox\./, ""));
    return fail(
      `${source}: missing tensor ${JSON.stringify(name)} [${shapes.get(name)?.join(", ")}]${more}`,
      bare
        ? "the names lack the prefix gpt_neox.: save the GPTNeoXForCausalLM, not its inner model"
        : name === UNEMBEDDING
          ? 'a model without it must say "tie_word_embeddings": true in config.json'
          : "config.json and weights must be of the same model",
    );
  }
  return { names: new Map([...shapes.keys()].map((name) => [name, names.get(name) as string])), redundant };
}
