/**
 * The cache that Python's huggingface_hub and this program share: `models--OWNER--NAME/` holds `blobs/` named by the hash of
 * their content, `snapshots/COMMIT/` with links to them by file name, and `refs/REVISION` with the commit of a branch or tag.
 * Node only.
 */
import { copyFile, link, open, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileError, makeFolder, writeAtomic } from "../../runtime/node/files";
import { hashFile } from "../../runtime/node/hash";
import { CONFIG, INDEX, SINGLE, TOKENIZER, TOKENIZER_SETTINGS } from "../formats/files";
import { readShardIndex } from "../formats/safetensors-reader";
import { ModelFolder } from "./model-folder";

/** Taken along when a repository has them; the tokenizer is made of them. */
export const TOKENIZER_FILES = [TOKENIZER, TOKENIZER_SETTINGS, "special_tokens_map.json"];

const COMMIT = /^[0-9a-f]{40}$/;
const TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# A cache of downloads: https://bford.info/cachedir/\n";

/** Bytes of the file that a path leads to, links followed; undefined when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}

/** Names of what a model directory lacks to be loaded; empty when it is whole. A link whose blob is gone counts as missing. */
export async function lacking(directory: string): Promise<string[]> {
  const absent = async (name: string) => (await sizeOf(join(directory, name))) === undefined;
  const missing = (await absent(CONFIG)) ? [CONFIG] : [];
  if (!(await absent(SINGLE))) return missing;
  if (await absent(INDEX)) return [...missing, SINGLE];
  for (const shard of new Set((await readShardIndex(new ModelFolder(directory), INDEX)).values())) {
    if (await absent(shard)) missing.push(shard);
  }
  return missing;
}

/** One repository's part of the cache. */
export class CacheFolder {
  /**
   * @param root `.../models--OWNER--NAME`
   * @param locks where the locks of its downloads lie
   * @param cache the whole that it is a part of, if it is the hub's
   */
  constructor(
    readonly root: string,
    readonly locks: string,
    readonly cache?: string,
  ) {}

  static ofRepo(cache: string, repo: string): CacheFolder {
    const name = `models--${repo.replace("/", "--")}`;
    return new CacheFolder(join(cache, name), join(cache, ".locks", name), cache);
  }

  blob(name: string): string {
    return join(this.root, "blobs", name);
  }

  /** A blob's bytes so far; the name is the one that huggingface_hub gave it for years. */
  partial(name: string): string {
    return `${this.blob(name)}.incomplete`;
  }

  lock(name: string): string {
    // Not NAME.lock: that is Python's, which leaves it behind when it is done and asks the system who holds it.
    return join(this.locks, `${name}.spectroscope.lock`);
  }

  snapshot(commit: string): string {
    return join(this.root, "snapshots", commit);
  }

  /** The commit that a revision stood for when it was last fetched; a full commit stands for itself. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (COMMIT.test(revision)) return revision;
    try {
      const commit = (await readFile(join(this.root, "refs", revision), "utf8")).trim();
      // One that was written by half says nothing.
      return COMMIT.test(commit) ? commit : undefined;
    } catch {
      return undefined;
    }
  }

  /** Which revisions are here, for an error that says so. */
  async revisions(): Promise<string[]> {
    const entries = await readdir(join(this.root, "refs"), { recursive: true, withFileTypes: true }).catch(() => []);
    const refs = join(this.root, "refs");
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(refs, join(entry.parentPath ?? entry.path, entry.name)));
  }

  /** Notes what a branch, a tag or a short commit stands for. @throws SpectroscopeError */
  async record(revision: string, commit: string): Promise<void> {
    if (revision === commit || (await this.commitOf(revision)) === commit) return;
    await writeAtomic(join(this.root, "refs", revision), commit);
  }

  /** Makes the folders, and marks the cache for backup programs as Python does. @throws SpectroscopeError */
  async prepare(): Promise<void> {
    try {
      await makeFolder(join(this.root, "blobs"));
      if (this.cache) await writeFile(join(this.cache, "CACHEDIR.TAG"), TAG, { flag: "wx" }).catch(() => {});
    } catch (error) {
      throw fileError("write", this.root, error);
    }
  }

  /**
   * Puts a blob into a snapshot under a file's name, unless it is there: a relative symbolic link, so that the cache can be moved;
   * where the file system has none, a hard link or a copy. It gets its name when it is whole. One at a time in a snapshot.
   * @throws SpectroscopeError
   */
  async place(commit: string, file: string, blob: string, symlinks: boolean): Promise<void> {
    const from = this.blob(blob);
    const to = join(this.snapshot(commit), file);
    // Always the same name, so that what a killed process left is written over.
    const fresh = join(dirname(to), `.${basename(to)}.spectroscope.tmp`);
    try {
      if (await isSame(from, to)) return;
      await makeFolder(dirname(to));
      await rm(fresh, { force: true });
      await put(from, fresh, symlinks);
      await rename(fresh, to);
    } catch (error) {
      throw fileError("write", to, error);
    } finally {
      // A hard link that is renamed over another of the same file stays.
      await rm(fresh, { force: true }).catch(() => {});
    }
  }
}

/** Makes a blob's link or copy. @throws what the file system says */
async function put(from: string, to: string, symlinks: boolean): Promise<void> {
  const made = (step: Promise<void>) =>
    step.then(
      () => true,
      () => false,
    );
  if (symlinks && (await made(symlink(relative(dirname(to), from), to)))) return;
  if (await made(link(from, to))) return;
  await copyFile(from, to);
  // On the disk before it has its name, or a power cut leaves half of it under that.
  const copy = await open(to, "r+");
  await copy.sync().finally(() => copy.close());
}

/** Whether a file of a snapshot is a blob: the same file by a link, or a copy of the same bytes. */
async function isSame(blob: string, path: string): Promise<boolean> {
  const [a, b] = await Promise.all([blob, path].map((one) => stat(one).catch(() => undefined)));
  if (!a || !b?.isFile() || a.size !== b.size) return false;
  if (a.ino === b.ino && a.dev === b.dev && a.ino !== 0) return true;
  return (await hashFile(blob, "sha256")) === (await hashFile(path, "sha256"));
}
