/**
 * The tokenizer of a model: `tokenizer.json` of its directory, through the npm package @huggingface/tokenizers, with ids equal
 * to those of Python's `tokenizers`. Only what is held to Python is accepted, byte-level BPE as every GPT-NeoX and Pythia
 * checkpoint has it; another kind is refused by name.
 */
import { type ByteLevelPreTokenizer, Tokenizer as PackageTokenizer } from "@huggingface/tokenizers";
import { SpectroscopeError } from "../../kernels/errors";
import { CONFIG, type ModelFiles, readJsonIfAny, TOKENIZER_SETTINGS as SETTINGS, TOKENIZER } from "../formats/files";
import { type TokenNames, tokenNames } from "./names";
import { Normalizer, WORD } from "./unicode";

/** A token by its id and the text that the tokenizer writes for it. */
export interface Token {
  readonly id: number;
  readonly content: string;
}

/** Text to ids. */
export interface Tokenizer {
  /** Path of the `tokenizer.json`. */
  readonly file: string;
  /** Ids of a text, nothing put before or after it. Special tokens that the text spells out become their ids, as in Python. */
  encode(text: string): Uint32Array;
  /** The text of an id, see `decodeByteLetters`. */
  readonly nameOf: TokenNames;
  /** What follows a document. */
  readonly endOfText: Token;
  /** What may begin a row; undefined where the directory names none. */
  readonly beginOfText?: Token;
}

const END_OF_TEXT = "<|endoftext|>";
const REMEDY = "make the ids with Python's tokenizers and give them ready: --tokens, or probe_tokens and pool_tokens";

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const show = (value: unknown) => JSON.stringify(value) ?? "missing";

function fail(file: string, message: string, hint?: string, cause?: unknown): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code: "bad-input", hint, cause });
}

/** A file that a directory need not have. @throws SpectroscopeError when it is there and no JSON object */
async function readOptional(files: ModelFiles, key: string): Promise<Json> {
  const json = (await readJsonIfAny(files, key)) ?? {};
  return isObject(json) ? json : fail(files.nameOf(key), "not a JSON object", "download it again");
}

/** Refuses, by key and value, everything that no golden holds to Python. */
function checkSupported(json: Json, file: string): void {
  const only = (key: string, value: unknown, accepted: boolean, what: string) => {
    if (!accepted) fail(file, `${key} is ${show(value)}, only ${what} is supported`, REMEDY);
  };
  const { model, normalizer, pre_tokenizer: words, added_tokens: added } = json;
  if (!isObject(model)) fail(file, `model is ${show(model).slice(0, 40)}, not an object`, "download it again");
  only("model.type", model.type, model.type === "BPE", '"BPE"');
  for (const key of ["dropout", "byte_fallback", "continuing_subword_prefix", "end_of_word_suffix", "unk_token"]) {
    only(`model.${key}`, model[key], !model[key], "none");
  }
  if (!isObject(model.vocab)) fail(file, "model.vocab is not an object", "download it again");
  if (!Array.isArray(model.merges)) fail(file, "model.merges is not a list", "download it again");
  const form = isObject(normalizer) ? normalizer.type : (normalizer ?? null);
  only("normalizer", form, form === null || form === "NFC", "NFC or none");
  const kind = isObject(words) ? words.type : (words ?? null);
  only("pre_tokenizer", kind, kind === "ByteLevel", '"ByteLevel"');
  const pattern = (words as Json).use_regex ?? true;
  only("pre_tokenizer.use_regex", pattern, pattern === true, "true");
  if (added !== undefined && !Array.isArray(added)) fail(file, "added_tokens is not a list", "download it again");
  (added ?? []).forEach((token: unknown, i: number) => {
    const sound = isObject(token) && typeof token.content === "string" && token.content !== "";
    if (!sound || !Number.isSafeInteger(token.id))
      fail(file, `added_tokens[${i}] lacks content or id`, "download it again");
    for (const key of ["single_word", "lstrip", "rstrip"]) {
      only(`${key} of the added token ${show(token.content)}`, token[key], !token[key], "false");
    }
  });
}

/** The package's tokenizer, with its two Unicode questions answered as Python answers them. */
function build(json: Json, file: string): PackageTokenizer {
  try {
    const normalizer = json.normalizer ?? null;
    // Templates that put tokens around a text, and decoding, are not wanted here.
    const parts = { added_tokens: [], ...json, normalizer, post_processor: null, decoder: null };
    const tokenizer = new PackageTokenizer(parts, {});
    if (normalizer !== null) tokenizer.normalizer = new Normalizer({ type: "NFC" });
    (tokenizer.pre_tokenizer as ByteLevelPreTokenizer).pattern = WORD;
    return tokenizer;
  } catch (cause) {
    fail(file, `cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, "download it again", cause);
  }
}

/**
 * The token for a role ("eos", "bos"): `<role>_token` of tokenizer_config.json, else `<role>_token_id` of config.json.
 * @throws SpectroscopeError when one of them names a token that the tokenizer does not have
 */
function special(role: "bos" | "eos", names: Json, config: Json, find: Finder, files: ModelFiles): Token | undefined {
  const entry = names[`${role}_token`] ?? undefined;
  if (entry !== undefined) {
    const content = isObject(entry) ? entry.content : entry;
    const id = typeof content === "string" ? find.id(content) : undefined;
    if (id !== undefined) return { id, content: content as string };
    fail(files.nameOf(SETTINGS), `"${role}_token" is ${show(entry)}, which ${TOKENIZER} does not have`, "correct it");
  }
  const id = config[`${role}_token_id`] ?? undefined;
  if (id === undefined) return undefined;
  const content = typeof id === "number" ? find.content(id) : undefined;
  if (content !== undefined && find.isSpecial(content)) return { id: id as number, content };
  if (content !== undefined) {
    // transformers' default ids belong to no tokenizer in particular: an ordinary token would end every document unseen.
    const what = `"${role}_token_id" is ${show(id)}, which ${TOKENIZER} has as the ordinary token ${show(content)}`;
    fail(files.nameOf(CONFIG), what, `correct it, or name a special token in ${SETTINGS}: "${role}_token"`);
  }
  fail(files.nameOf(CONFIG), `"${role}_token_id" is ${show(id)}, which ${TOKENIZER} does not have`, "correct it");
}

interface Finder {
  id(content: string): number | undefined;
  content(id: number): string | undefined;
  /** Whether it is an added token that is marked as special. */
  isSpecial(content: string): boolean;
}

/**
 * The tokenizer of a model's directory. The end-of-text token is `eos_token` of tokenizer_config.json, else `eos_token_id` of
 * config.json, else `<|endoftext|>`; the begin-of-text token the same with `bos`, without the last resort. Settings for
 * truncation and padding in tokenizer.json are ignored: a text is taken whole.
 * @throws SpectroscopeError naming file, key and value
 */
export async function openTokenizer(files: ModelFiles): Promise<Tokenizer> {
  const file = files.nameOf(TOKENIZER);
  const json = await readJsonIfAny(files, TOKENIZER);
  if (json === undefined) {
    fail(
      files.name,
      `no ${TOKENIZER}, which reading text needs`,
      "put the model's there, or give ready ids: --tokens, or probe_tokens and pool_tokens",
    );
  }
  if (!isObject(json)) fail(file, "not a JSON object", "download it again");
  checkSupported(json, file);
  const names = await readOptional(files, SETTINGS);
  const config = await readOptional(files, CONFIG);
  const prefix = names.add_prefix_space ?? undefined;
  const stated = (json.pre_tokenizer as Json).add_prefix_space ?? false;
  if (prefix !== undefined && prefix !== stated) {
    const other = `add_prefix_space of ${TOKENIZER} is ${show(stated)}`;
    fail(files.nameOf(SETTINGS), `"add_prefix_space" is ${show(prefix)}, but ${other}`, "make them agree");
  }

  const tokenizer = build(json, file);
  const added = (Array.isArray(json.added_tokens) ? json.added_tokens : []).filter(isObject);
  const find: Finder = {
    id: (content) => tokenizer.token_to_id(content),
    content: (id) => tokenizer.id_to_token(id),
    isSpecial: (content) => added.some((token) => token.content === content && token.special === true),
  };
  const last = find.id(END_OF_TEXT);
  const fallback = last === undefined ? undefined : { id: last, content: END_OF_TEXT };
  const endOfText = special("eos", names, config, find, files) ?? fallback;
  if (!endOfText) {
    fail(files.name, "no end-of-text token", `name one of the tokenizer's in ${SETTINGS}: "eos_token"`);
  }
  return {
    file,
    encode: (text) => Uint32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids),
    nameOf: tokenNames(json) as TokenNames,
    endOfText,
    beginOfText: special("bos", names, config, find, files),
  };
}
