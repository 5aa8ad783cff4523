/**
 * The tokenizer of a model: `tokenizer.json` of its directory, through the npm package @huggingface/tokenizers, with ids equal
 * to those of Python's `tokenizers`. Only what is held to Python is accepted, byte-level BPE as every GPT-NeoX and Pythia
 * checkpoint has it; another kind is refused by name.
 */
import { type ByteLevelPreTokenizer, Tokenizer as PackageTokenizer } from "@huggingface/tokenizers";
import { SpectroscopeError } from "../../kernels/errors";
import { quoted, unquoted } from "../../kernels/quoted";
import { CONFIG, type ModelFiles, readJsonIfAny, TOKENIZER_SETTINGS as SETTINGS, TOKENIZER } from "../formats/files";
import { type TokenNames, tokenNames } from "./names";
import { checkTokenizer, isObject, type Json } from "./tokenizer-json";
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
  /** What may begin a row; undefined where the directory names none. @throws SpectroscopeError when what it names is none */
  beginOfText(): Token | undefined;
}

const END_OF_TEXT = "<|endoftext|>";

function fail(file: string, message: string, hint?: string, cause?: unknown): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code: "bad-input", hint, cause });
}

/** A file that a directory need not have. @throws SpectroscopeError when it is there and no JSON object */
async function readOptional(files: ModelFiles, key: string): Promise<Json> {
  const json = (await readJsonIfAny(files, key)) ?? {};
  return isObject(json) ? json : fail(files.nameOf(key), "not a JSON object", "download it again");
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
    const why = cause instanceof Error ? cause.message : String(cause);
    fail(file, `cannot be used: ${unquoted(why, 200)}`, "download it again", cause);
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
    fail(files.nameOf(SETTINGS), `"${role}_token" is ${quoted(entry)}, which ${TOKENIZER} does not have`, "correct it");
  }
  const stated = config[`${role}_token_id`] ?? undefined;
  if (stated === undefined) return undefined;
  // A list of one is as good as the one; which of several ends a document nobody says.
  const id = Array.isArray(stated) && stated.length === 1 ? stated[0] : stated;
  const what = `"${role}_token_id" is ${quoted(stated)}`;
  const name = `name a special token in ${SETTINGS}: "${role}_token"`;
  if (Array.isArray(id)) fail(files.nameOf(CONFIG), `${what}, which is no single token`, name);
  const content = typeof id === "number" ? find.content(id) : undefined;
  if (content === undefined) fail(files.nameOf(CONFIG), `${what}, which ${TOKENIZER} does not have`, "correct it");
  if (find.isSpecial(content)) return { id: id as number, content };
  // transformers' default ids belong to no tokenizer in particular: an ordinary token would end every document unseen.
  const ordinary = `${what}, which ${TOKENIZER} has as the ordinary token ${quoted(content)}`;
  return fail(files.nameOf(CONFIG), ordinary, `correct it, or ${name}`);
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
  checkTokenizer(json, file);
  const names = await readOptional(files, SETTINGS);
  const config = await readOptional(files, CONFIG);
  const prefix = names.add_prefix_space ?? undefined;
  const stated = (json.pre_tokenizer as Json).add_prefix_space ?? false;
  if (prefix !== undefined && prefix !== stated) {
    const other = `add_prefix_space of ${TOKENIZER} is ${quoted(stated)}`;
    fail(files.nameOf(SETTINGS), `"add_prefix_space" is ${quoted(prefix)}, but ${other}`, "make them agree");
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
    // Only now: transformers gives every config a default, which belongs to no tokenizer in particular.
    beginOfText: () => special("bos", names, config, find, files),
  };
}
