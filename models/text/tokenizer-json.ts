/**
 * What a `tokenizer.json` must be so that its ids are those of Python's `tokenizers`: byte-level BPE, whose vocabulary, merges and
 * added tokens Python reads as they stand. Where Python refuses, drops or renumbers something, this refuses.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const REMEDY = "make the ids with Python's tokenizers and give them ready: --tokens, or probe_tokens and pool_tokens";
const AGAIN = "download it again";
/** Ids are unsigned 32-bit numbers. */
const IDS = 2 ** 32;
/** Characters of the longest added token, and of all: the tree that finds them has a node for each. */
const LONGEST_ADDED = 1_000;
const ALL_ADDED = 500_000;

const show = (value: unknown) => (value === undefined ? "missing" : quoted(value));
const isId = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < IDS;

function fail(file: string, message: string, hint: string): never {
  throw new SpectroscopeError(`${file}: ${message}`, { code: "bad-input", hint });
}

/** @throws SpectroscopeError naming key and value of what no golden holds to Python, and of what Python would not read */
export function checkTokenizer(json: Json, file: string): void {
  const only = (key: string, value: unknown, accepted: boolean, what: string) => {
    if (!accepted) fail(file, `${key} is ${show(value)}, only ${what} is supported`, REMEDY);
  };
  const { model, normalizer, pre_tokenizer: words, added_tokens: added } = json;
  if (!isObject(model)) fail(file, `model is ${show(model)}, not an object`, AGAIN);
  only("model.type", model.type, model.type === "BPE", '"BPE"');
  for (const key of ["dropout", "byte_fallback", "continuing_subword_prefix", "end_of_word_suffix", "unk_token"]) {
    only(`model.${key}`, model[key], !model[key], "none");
  }
  if (!isObject(model.vocab)) fail(file, "model.vocab is not an object", AGAIN);
  if (!Array.isArray(model.merges)) fail(file, "model.merges is not a list", AGAIN);
  const form = isObject(normalizer) ? normalizer.type : (normalizer ?? null);
  only("normalizer", form, form === null || form === "NFC", "NFC or none");
  const kind = isObject(words) ? words.type : (words ?? null);
  only("pre_tokenizer", kind, isObject(words) && kind === "ByteLevel", 'one of type "ByteLevel"');
  const pattern = (isObject(words) ? words.use_regex : undefined) ?? true;
  only("pre_tokenizer.use_regex", pattern, pattern === true, "true");
  const flags = [model.ignore_merges, isObject(words) ? words.add_prefix_space : undefined];
  for (const [i, value] of flags.entries()) {
    const key = ["model.ignore_merges", "pre_tokenizer.add_prefix_space"][i];
    only(key, value, value === undefined || typeof value === "boolean", "true or false");
  }
  const vocabulary = new Map(Object.entries(model.vocab));
  checkVocabulary(vocabulary, file);
  checkMerges(model.merges, vocabulary, file);
  if (added !== undefined && !Array.isArray(added)) fail(file, "added_tokens is not a list", AGAIN);
  for (const [i, token] of (added ?? []).entries()) {
    const sound = isObject(token) && typeof token.content === "string" && token.content !== "";
    if (!sound || !isId(token.id)) fail(file, `added_tokens[${i}] lacks content or id`, AGAIN);
    for (const key of ["single_word", "lstrip", "rstrip"]) {
      only(`${key} of the added token ${show(token.content)}`, token[key], !token[key], "false");
    }
  }
  checkAdded(added ?? [], vocabulary, file);
}

function checkVocabulary(vocabulary: ReadonlyMap<string, unknown>, file: string): void {
  for (const [token, id] of vocabulary) {
    if (!isId(id))
      fail(file, `model.vocab gives ${quoted(token)} the id ${show(id)}`, "ids are whole numbers below 2^32");
  }
}

/** All merges are "a b", or all are ["a", "b"]; both and what they become are tokens. */
function checkMerges(merges: readonly unknown[], vocabulary: ReadonlyMap<string, unknown>, file: string): void {
  const lists = Array.isArray(merges[0]);
  for (const [i, merge] of merges.entries()) {
    // The first line of a merges.txt, which old conversions kept.
    if (!lists && typeof merge === "string" && merge.startsWith("#version")) continue;
    const pair: readonly unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    const sound = Array.isArray(merge) === lists && pair.length === 2 && pair.every((part) => typeof part === "string");
    if (!sound) fail(file, `model.merges[${i}] is ${show(merge)}, not a pair of tokens`, AGAIN);
    const unknown = [...pair, pair.join("")].find((token) => !vocabulary.has(String(token)));
    if (unknown !== undefined)
      fail(file, `model.merges[${i}] needs the token ${quoted(unknown)}`, "model.vocab lacks it");
  }
}

/**
 * An added token that the vocabulary has is that one; any other gets the next number after it, whatever id the file gives. What
 * the file says must be the same, or ids and names of Python's would be others.
 */
function checkAdded(
  added: readonly { readonly content: string; readonly id: number }[],
  vocabulary: ReadonlyMap<string, unknown>,
  file: string,
): void {
  const ids = new Map<string, unknown>();
  let next = vocabulary.size;
  let characters = 0;
  for (const { content, id } of added) {
    characters += content.length;
    if (content.length > LONGEST_ADDED || characters > ALL_ADDED) {
      const what = `the added token ${quoted(content, 40)} has ${content.length} characters, all so far ${characters}`;
      fail(file, what, `at most ${LONGEST_ADDED}, and ${ALL_ADDED} of all, are read`);
    }
    const python = ids.get(content) ?? vocabulary.get(content) ?? next++;
    if (id !== python) fail(file, `the added token ${quoted(content)} has id ${id}, Python gives it ${python}`, REMEDY);
    ids.set(content, python);
  }
}
