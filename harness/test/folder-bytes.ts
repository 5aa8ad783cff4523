/** What lies in a folder, byte by byte. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";

/** SHA-256 of every file of a folder by its name, with `/`; of those that `wanted` names. */
export function folderBytes(folder: string, wanted: (name: string) => boolean = () => true): Record<string, string> {
  const hashOf = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    entries
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name.split(sep).join("/"), name] as const)
      .filter(([name]) => wanted(name))
      .map(([name, entry]) => [name, hashOf(entry)]),
  );
}

/** Files of a run directory that two equal runs share: everything but when it ran and how long. */
export const isResult = (name: string) => !/^(timing\.json|report\.html)$/.test(name);

/** Names of the files that two folders do not share to the byte. */
export function differingFiles(a: Record<string, string>, b: Record<string, string>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]).sort();
}
