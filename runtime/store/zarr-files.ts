/** The files of a Zarr store, for zarrita: read checked, written whole. Node only. */
import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AbsolutePath, AsyncMutable } from "zarrita";
import { SpectroscopeError } from "../../kernels/errors";
import { fileError, systemCode, TEMPORARY_SUFFIX, writeAtomic } from "../node/files";

/** Metadata of a group or an array. */
export const METADATA = "zarr.json";

/** A store on disk. With `expected`, every file that is read must be the one that was finished. */
export class ZarrFiles implements AsyncMutable {
  /** SHA-256 in hexadecimal by name from the store's root, for example `phi/c/0/0`. */
  expected?: ReadonlyMap<string, string>;

  constructor(readonly directory: string) {}

  /** Where a key (`/phi/c/0/0`) lies. */
  pathOf(key: string): string {
    return join(this.directory, ...key.split("/").filter(Boolean));
  }

  /** Bytes in a buffer of their own, or undefined where no file is. @throws SpectroscopeError for an altered or lost file */
  async get(key: AbsolutePath): Promise<Uint8Array | undefined> {
    const path = this.pathOf(key);
    const expected = this.expected?.get(key.slice(1));
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw fileError("read", path, error);
      if (expected === undefined) return undefined;
      throw this.damaged(`${path}: is lost`, error);
    }
    if (expected !== undefined) {
      const found = createHash("sha256").update(bytes).digest("hex");
      if (found !== expected) {
        throw this.damaged(
          `${path}: altered or damaged: SHA-256 ${found.slice(0, 12)}, expected ${expected.slice(0, 12)}`,
        );
      }
    }
    // A small Buffer may share its memory with others, and decoders look at the whole of it.
    return new Uint8Array(bytes);
  }

  private damaged(message: string, cause?: unknown): SpectroscopeError {
    const hint = `delete ${this.directory} to have it computed again`;
    return new SpectroscopeError(message, { code: "bad-input", hint, cause });
  }

  async set(key: AbsolutePath, bytes: Uint8Array): Promise<void> {
    await writeAtomic(this.pathOf(key), bytes);
  }

  async has(key: AbsolutePath): Promise<boolean> {
    return stat(this.pathOf(key)).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** Names of all files from the root, with `/`, sorted by code unit; leftovers of a killed process are removed. */
  async list(folder = ""): Promise<string[]> {
    const path = this.pathOf(folder);
    const names: string[] = [];
    try {
      for (const entry of await readdir(path, { withFileTypes: true })) {
        const name = folder ? `${folder}/${entry.name}` : entry.name;
        if (entry.isDirectory()) names.push(...(await this.list(name)));
        else if (entry.name.startsWith(".") && entry.name.endsWith(TEMPORARY_SUFFIX)) {
          await rm(join(path, entry.name), { force: true });
        } else names.push(name);
      }
    } catch (error) {
      throw fileError("list", path, error);
    }
    return names.sort();
  }

  /** Names of the folders in a group that have metadata: its arrays and groups. */
  async members(key: AbsolutePath): Promise<string[]> {
    const path = this.pathOf(key);
    try {
      const entries = await readdir(path, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
      const present = await Promise.all(
        names.map((name) => this.has(`${key === "/" ? "" : key}/${name}/${METADATA}` as AbsolutePath)),
      );
      return names.filter((_, i) => present[i]).sort();
    } catch (error) {
      throw fileError("list", path, error);
    }
  }
}
