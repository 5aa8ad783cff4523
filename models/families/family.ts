import type { Model } from "../../runtime/transformer/family";

/** A kind of models, by one file here: how its `config.json` and its checkpoints are read. */
export interface Family {
  /** `model_type` in config.json. */
  readonly modelType: string;
  /** The class that `architectures` in config.json names. */
  readonly architecture: string;
  /** The class inside it, which has no unembedding and whose checkpoints lack the prefix. */
  readonly innerArchitecture: string;
  /** What every name in a checkpoint of that class begins with, but the unembedding's. */
  readonly prefix: string;
  /** Name of an unembedding that is not tied. */
  readonly unembedding: string;
  /** The keys of config.json that say how large its tensors are, for errors. */
  readonly sizeKeys: Readonly<Record<"vocab" | "hidden" | "layers" | "intermediate", string>>;
  /**
   * The model that a config describes. The config may claim any size: what takes time or memory by it, such as the list of
   * parameters, is made when it is first asked for, and that is after the claim was held against the weights.
   * @param json the parsed `config.json`, whose `model_type` or `architectures` is this family's
   * @param file its name in errors
   * @throws SpectroscopeError naming file, key and value
   */
  parse(json: Readonly<Record<string, unknown>>, file: string): Model;
  /** The parameter's name of a stored tensor; nothing for a buffer that follows from the config. */
  canonical(stored: string): string | undefined;
}
