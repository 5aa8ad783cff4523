/** Token ids as a person reads them, from the vocabulary of a `tokenizer.json`. Any tokenizer that lists one will do. */

import { firstInvalidUtf8 } from "../../runtime/formats/utf8";
import { type ModelFiles, readJsonIfAny, TOKENIZER } from "../formats/files";

/** Text of an id; `#id` where the vocabulary has none. */
export type TokenNames = (id: number) => string;

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The byte of each of GPT-2's letters: a printable byte of Latin-1 is its own letter, the 68 others follow from U+0100 on.
 * Source: `bytes_to_unicode` of GPT-2's encoder.
 */
const BYTE_OF: ReadonlyMap<string, number> = (() => {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  const others = bytes.filter((byte) => !printable(byte));
  return new Map([
    ...bytes.filter(printable).map((byte) => [String.fromCharCode(byte), byte] as const),
    ...others.map((byte, i) => [String.fromCharCode(256 + i), byte] as const),
  ]);
})();

/**
 * Text of a token that is spelled by GPT-2's letters: "Ġthe" is " the", "Ċ" a line feed. A byte that is no whole character of
 * UTF-8, because the character is cut over tokens, is written `\xc3`. A token with other letters is text as it stands.
 */
export function decodeByteLetters(token: string): string {
  const bytes: number[] = [];
  for (const letter of token) {
    const byte = BYTE_OF.get(letter);
    if (byte === undefined) return token;
    bytes.push(byte);
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = Uint8Array.from(bytes);
  let text = "";
  while (rest.length > 0) {
    const whole = firstInvalidUtf8(rest);
    text += decoder.decode(rest.subarray(0, whole));
    if (whole < rest.length) text += `\\x${rest[whole].toString(16).padStart(2, "0")}`;
    rest = rest.subarray(whole + 1);
  }
  return text;
}

/** Sequences in sequences that are looked into. */
const DEEPEST = 20;

/** Whether a part of a tokenizer, or a part of a sequence of them, spells bytes by GPT-2's letters. */
function isByteLevel(part: unknown, depth = 0): boolean {
  if (!isObject(part) || depth > DEEPEST) return false;
  const inner = [part.pretokenizers, part.decoders].flatMap((list) => (Array.isArray(list) ? list : []));
  return part.type === "ByteLevel" || inner.some((own) => isByteLevel(own, depth + 1));
}

/** Names out of a parsed `tokenizer.json`; undefined where it has no vocabulary by name. */
export function tokenNames(json: unknown): TokenNames | undefined {
  if (!isObject(json) || !isObject(json.model) || !isObject(json.model.vocab)) return undefined;
  const decode = [json.pre_tokenizer, json.decoder].some((part) => isByteLevel(part))
    ? decodeByteLetters
    : (token: string) => token;
  const spelled = new Map(Object.entries(json.model.vocab).map(([token, id]) => [id, token]));
  // What is added stands outside the alphabet of bytes: it is text.
  const added = new Map(
    (Array.isArray(json.added_tokens) ? json.added_tokens : [])
      .filter(isObject)
      .map(({ id, content }) => [id, String(content)]),
  );
  return (id) => {
    const token = spelled.get(id);
    return added.get(id) ?? (token === undefined ? `#${id}` : decode(token));
  };
}

/** Names of a model's tokens; undefined where its directory lists none. @throws SpectroscopeError when the file is no JSON */
export async function readTokenNames(files: ModelFiles): Promise<TokenNames | undefined> {
  return tokenNames(await readJsonIfAny(files, TOKENIZER));
}
