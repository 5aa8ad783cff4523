/** What lies in a folder or a store, byte by byte. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { need, type Store } from "../../runtime/store/store";

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** SHA-256 of every file of a folder by its name, with `/`; of those that `wanted` names. */
export function folderBytes(folder: string, wanted: (name: string) => boolean = () => true): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    entries
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name.split(sep).join("/"), name] as const)
      .filter(([name]) => wanted(name))
      .map(([name, entry]) => [name, hashOf(readFileSync(join(folder, entry)))]),
  );
}

/** SHA-256 of every value of a store by its key; of those that `wanted` names. */
export async function storeBytes(
  store: Store,
  wanted: (key: string) => boolean = () => true,
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const key of await store.list("")) if (wanted(key)) hashes[key] = hashOf(await need(store, key));
  return hashes;
}

/** Files of a run that two equal runs share: everything but when it ran and how long. */
export const isResult = (name: string) => !/^(timing\.json|report\.html)$/.test(name);

/** Names of the files that two folders do not share to the byte. */
export function differingFiles(a: Record<string, string>, b: Record<string, string>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]).sort();
}
