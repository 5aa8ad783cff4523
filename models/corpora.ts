/** The texts of a run, out of what its config names: the model's own corpus, files of ready ids, or text. */
import { SpectroscopeError } from "../kernels/errors";
import type { Corpora, Corpus } from "../runtime/measure/corpus";
import type { Model } from "../runtime/transformer/family";
import type { ModelFiles } from "./formats/files";
import { parseTokens, type TokenBlock, tokenLimits } from "./formats/tokens";
import type { Preset, PresetText } from "./grammars/preset";
import { textBlock } from "./text/block";
import { readTokenNames } from "./text/names";
import { packingLine } from "./text/pack";
import { openTokenizer, type Tokenizer } from "./text/tokenizer";

/** The keys of a run's config that name its texts. */
export interface CorporaConfig extends PresetText {
  /** As a person calls it, for errors. */
  readonly model: string;
  /** Files of ready ids. */
  readonly probe_tokens?: string;
  readonly pool_tokens?: string;
  /** Files of text, plain or JSON lines. */
  readonly probe_text?: string;
  readonly pool_text?: string;
  /** Ids in a row of a text; without it as many as the model takes. */
  readonly row_length?: number;
}

/** What of a model its texts depend on. */
export interface CorporaModel {
  readonly model: Pick<Model, "dims">;
  /** Where its tokenizer lies, if it has one. */
  readonly source: { readonly store: ModelFiles };
  readonly preset?: Preset;
}

export interface CorporaOptions {
  /** Bytes of a file that the config names. Errors: its own, naming the file. */
  readonly read: (path: string) => Promise<Uint8Array>;
  /** Instead of the one in the model's directory. */
  readonly tokenizer?: Tokenizer;
  /** Told how much of a text fills rows. */
  readonly say?: (line: string) => void;
}

const usage = (message: string, hint?: string) => new SpectroscopeError(message, { code: "usage", hint });

/** Files of one kind; undefined where neither is named. @throws SpectroscopeError of usage when only one is */
function pair(config: CorporaConfig, kind: "tokens" | "text"): { probe: string; pool: string } | undefined {
  const { [`probe_${kind}` as const]: probe, [`pool_${kind}` as const]: pool } = config;
  if (!probe && !pool) return undefined;
  if (!probe || !pool) throw usage(`probe_${kind} and pool_${kind} must both be set, or neither`);
  return { probe, pool };
}

/**
 * The texts of a run: text that the model's tokenizer reads, by the rules of `textBlock`; ready ids; or the corpus of a model
 * that brings one. Tokens are called as the model's preset or its `tokenizer.json` calls them, else `#id`.
 * @throws SpectroscopeError of usage when text and ready ids, or only one of probe and pool, or none of all are set, or text for a
 *   model whose own corpus needs no tokenizer; those of the files' formats
 */
export async function openCorpora(
  config: CorporaConfig,
  model: CorporaModel,
  options: CorporaOptions,
): Promise<Corpora> {
  const [tokens, text] = [pair(config, "tokens"), pair(config, "text")];
  if (tokens && text) {
    throw usage("probe_tokens and probe_text are both set, and the pool's", "give ready ids or text, not both");
  }
  if (config.row_length !== undefined && !text) {
    throw usage("row_length goes with probe_text and pool_text", "ready ids come in rows of their own");
  }
  if (text && model.preset && !options.tokenizer) {
    throw usage(
      `model ${config.model} has no tokenizer to read probe_text and pool_text with`,
      "name a model that has: --set model=DIR, or give ready ids: probe_tokens and pool_tokens",
    );
  }
  if (text) return fromText(text, config, model, options);
  if (tokens) return fromTokens(tokens, model, options);
  if (model.preset) return model.preset.corpora(config, model.model.dims.positions);
  throw usage(
    `model ${config.model}: neither probe_text and pool_text nor probe_tokens and pool_tokens are set`,
    "give text: --set probe_text=FILE --set pool_text=FILE, or ready ids: --set probe_tokens=FILE --set pool_tokens=FILE",
  );
}

const unnamed = (id: number) => `#${id}`;

function named({ ids, rows, columns }: TokenBlock, nameOf: Corpus["nameOf"]): Corpus {
  return { ids, rows, columns, nameOf };
}

async function fromTokens(
  files: { readonly probe: string; readonly pool: string },
  { model, source, preset }: CorporaModel,
  { read, tokenizer }: CorporaOptions,
): Promise<Corpora> {
  const probe = parseTokens(await read(files.probe), files.probe, tokenLimits(model));
  const pool = parseTokens(await read(files.pool), files.pool, tokenLimits(model));
  const nameOf = preset?.nameOf ?? tokenizer?.nameOf ?? (await readTokenNames(source.store)) ?? unnamed;
  return { probe: named(probe, nameOf), pool: named(pool, nameOf) };
}

async function fromText(
  files: { readonly probe: string; readonly pool: string },
  { row_length }: CorporaConfig,
  { model, source }: CorporaModel,
  { read, tokenizer, say }: CorporaOptions,
): Promise<Corpora> {
  let opened: Promise<Tokenizer> | undefined;
  const open = () => {
    opened ??= tokenizer ? Promise.resolve(tokenizer) : openTokenizer(source.store);
    return opened;
  };
  const corpus = async (path: string): Promise<Corpus> => {
    const block = await textBlock(await read(path), path, {
      tokenizer: open,
      limits: tokenLimits(model),
      columns: row_length,
    });
    say?.(`${path}: ${packingLine(block)}`);
    return named(block, (await open()).nameOf);
  };
  return { probe: await corpus(files.probe), pool: await corpus(files.pool) };
}
