/**
 * A store that is there whole or not at all: it is written beside its place under another name. What finishes it are two
 * attributes of the root group, written last: `completed` = 1 and `sha256`, the hash of every other file by name; then it
 * gets its own name. A file is checked against its hash when it is read, so opening is cheap and a block of a large array
 * costs no more than its bytes. Node only.
 */
import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { fileError, systemCode } from "../node/files";
import { hashFile } from "../node/hash";
import { ZarrGroup } from "./zarr";
import { METADATA } from "./zarr-files";

/** What a store that is being written has after its name. */
export const PARTIAL = ".partial";
const OLD_SUFFIX = ".old";

/** So that a name outlives a power cut. Not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** Marks a store as finished and gives it its name, over an earlier one. @throws SpectroscopeError naming the path */
export async function finishStore(group: ZarrGroup, path: string): Promise<void> {
  const { files } = group;
  const hashes: Record<string, string> = {};
  for (const name of await files.list()) {
    if (name !== METADATA) hashes[name] = await hashFile(files.pathOf(name), "sha256");
  }
  await group.setAttributes({ sha256: hashes, completed: 1 });
  try {
    await rm(path + OLD_SUFFIX, { recursive: true, force: true });
    await rename(path, path + OLD_SUFFIX).catch((error) => {
      if (systemCode(error) !== "ENOENT") throw error;
    });
    await rename(files.directory, path);
    await syncFolder(dirname(path));
    await rm(path + OLD_SUFFIX, { recursive: true, force: true });
  } catch (error) {
    throw fileError("write", path, error);
  }
}

/** Opens a finished store. Everything that is read from it is checked. @throws SpectroscopeError when it is not finished */
export async function openFinished(path: string): Promise<ZarrGroup> {
  const group = await ZarrGroup.open(path);
  const { completed, sha256 } = group.attributes;
  if (completed !== 1 || typeof sha256 !== "object" || sha256 === null) {
    throw new SpectroscopeError(`${path}: not finished: its attribute completed or sha256 is missing`, {
      code: "bad-input",
      hint: "run the command that began it again",
    });
  }
  group.files.expected = new Map(Object.entries(sha256 as Record<string, string>));
  return group;
}

/** One hash for the whole content: of the lines that `sha256sum` prints for all files but the root's metadata, by name. */
export function contentDigest(group: ZarrGroup): string {
  const hash = createHash("sha256");
  for (const [name, sum] of [...(group.files.expected ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${sum}  ${name}\n`);
  }
  return hash.digest("hex");
}
