/** JSON objects that hold a hash of themselves: `sha256`, of everything else in them, whatever the order of keys. */
import { canonical, type Json, type JsonObject, normalizeJson } from "../formats/json";
import { sha256 } from "./sha256";

/** Hash of a value, the same however its text is laid out. */
export const jsonHash = (value: Json) => sha256(new TextEncoder().encode(canonical(value)));

/** The value with its hash. @throws TypeError for what JSON cannot hold */
export async function seal<V extends object>(value: V): Promise<V & { readonly sha256: string }> {
  return { ...value, sha256: await jsonHash(normalizeJson(value as JsonObject)) };
}

/** Whether a value that was read is the one that was sealed. */
export async function isSealed({ sha256: told, ...rest }: JsonObject): Promise<boolean> {
  try {
    return told === (await jsonHash(rest));
  } catch (error) {
    // Nested deeper than the engine follows: nothing that we wrote is.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const SEAL = /\n<!-- sha256 ([0-9a-f]{64}) of all before this line -->\n$/;

/** HTML with a last line that holds the hash of all before it. */
export async function sealText(html: string): Promise<string> {
  const hash = await sha256(new TextEncoder().encode(html));
  return `${html}\n<!-- sha256 ${hash} of all before this line -->\n`;
}

/** Whether HTML is what was sealed. */
export async function isSealedText(bytes: Uint8Array): Promise<boolean> {
  // A character for each byte, so that places are those of the bytes.
  const text = new TextDecoder("latin1").decode(bytes);
  const match = SEAL.exec(text);
  return match !== null && (await sha256(bytes.subarray(0, match.index))) === match[1];
}
