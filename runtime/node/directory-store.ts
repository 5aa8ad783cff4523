/** A folder as a store: a key is a path below it. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, readlink, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { escapeControls } from "../../kernels/escape";
import { checkKey, joinKeys, locked, type Parts, type Store } from "../store/store";
import { fileError, isTemporary, removeLeftover, systemCode, writeAtomic } from "./files";
import { LockFile } from "./lock-file";
import type { LockTimes } from "./lock-protocol";

/** The longest name that file systems take. */
const NAME_BYTES = 255;

/** One read of at most this many bytes: Node refuses 2 GiB at once. */
const READ_BYTES = 2 ** 28;

export class DirectoryStore implements Store {
  private lock?: LockFile;
  /** Folders whose names may not outlive a power cut yet; one list for a store and all below it. */
  private readonly unsynced: Set<string>;

  /** `parent`: the store that this one is a part of; `times`: of the lock. */
  constructor(
    readonly name: string,
    private readonly parent?: DirectoryStore,
    private readonly times?: LockTimes,
  ) {
    this.unsynced = parent?.unsynced ?? new Set();
  }

  nameOf(key: string): string {
    return join(this.name, ...checkKey(this.name, key).split("/").filter(Boolean));
  }

  async get(key: string, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array | undefined> {
    const path = this.nameOf(key);
    return absent("read", path, () => readPart(path, range));
  }

  async set(key: string, parts: Parts): Promise<void> {
    await this.checkHeld();
    const path = this.nameOf(key);
    await writeAtomic(path, this.whileHeld(parts));
    this.renamedIn(path);
  }

  async size(key: string): Promise<number | undefined> {
    const path = this.nameOf(key);
    const found = await absent("read", path, () => stat(path));
    return found?.isFile() ? found.size : undefined;
  }

  async list(prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    for (const entry of await this.entries(prefix)) {
      const key = joinKeys(prefix, entry.name);
      if (entry.isDirectory()) keys.push(...(await this.list(key)));
      else keys.push(key);
    }
    return keys.sort();
  }

  async names(prefix: string): Promise<readonly string[]> {
    return (await this.entries(prefix)).map(({ name }) => name).sort();
  }

  /** What a killed process left half-written is none, and goes where nobody else writes. */
  private async entries(prefix: string) {
    const path = this.nameOf(prefix);
    const all = (await absent("list", path, () => readdir(path, { withFileTypes: true }), prefix === "")) ?? [];
    if (this.holder) for (const { name } of all) await removeLeftover(join(path, name));
    return all.filter(({ name }) => !isTemporary(name) && !name.endsWith(".lock"));
  }

  async delete(prefix: string): Promise<void> {
    await this.checkHeld();
    const path = this.nameOf(prefix);
    try {
      await rm(path, { recursive: true, force: true });
    } catch (error) {
      // Below a file there is nothing.
      if (systemCode(error) === "ENOTDIR") return;
      throw fileError("write", path, error);
    }
    this.renamedIn(path);
  }

  /** Notes the folder whose names changed, and those that may have been made for it. */
  private renamedIn(path: string): void {
    const top = dirname(resolve(this.root.name));
    for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
      this.unsynced.add(folder);
      if (folder === top || folder === dirname(folder)) return;
    }
  }

  async flush(): Promise<void> {
    for (const path of this.unsynced) {
      // Not every system lets a folder be opened.
      const folder = await open(path, "r").catch(() => undefined);
      await folder?.sync().catch(() => {});
      await folder?.close();
    }
    this.unsynced.clear();
  }

  below(prefix: string): DirectoryStore {
    return new DirectoryStore(this.nameOf(prefix), this, this.times);
  }

  private get root(): DirectoryStore {
    return this.parent?.root ?? this;
  }

  /** The store, this one or one that it is a part of, that is held. */
  private get holder(): DirectoryStore | undefined {
    return this.lock ? this : this.parent?.holder;
  }

  /** Parts of a value, which may take long to make: the lock must be ours still when the last is written. */
  private async *whileHeld(parts: Parts): AsyncIterable<Uint8Array> {
    yield* parts instanceof Uint8Array ? [parts] : parts;
    await this.checkHeld();
  }

  /**
   * Comes before every change. Between it and the change nobody on this machine takes the lock, as long as this process lives. One
   * of another machine does if this one is stopped just then, and for a minute: the change that was checked is then made late, and
   * is the last.
   */
  private async checkHeld(): Promise<void> {
    const { holder } = this;
    if (!holder || (await holder.lock?.isHeld())) return;
    throw new SpectroscopeError(`${holder.name}: another process has taken this run's lock`, {
      code: "locked",
      hint: "run the same command again once no other process writes it",
    });
  }

  async exclusive<T>(body: () => Promise<T>): Promise<T> {
    if (this.lock) throw locked(this.name, this.lock.holder);
    const path = lockOf(await realPath(this.name));
    const lock = await LockFile.take(path, this.times);
    if (!(lock instanceof LockFile))
      throw lock.process === undefined ? unsigned(this.name, path) : locked(this.name, lock);
    this.lock = lock;
    try {
      return await body();
    } finally {
      this.lock = undefined;
      await lock.release();
    }
  }
}

/** What `work` gives; undefined where nothing is. `whole`: it asks for all of a store. @throws SpectroscopeError naming the path */
async function absent<T>(
  action: "read" | "list",
  path: string,
  work: () => Promise<T>,
  whole = false,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (error instanceof SpectroscopeError) throw error;
    // Below a file there is nothing; a store that is one itself is a mistake.
    if (code === "ENOENT" || (code === "ENOTDIR" && !whole)) return undefined;
    throw fileError(action, path, error);
  }
}

function noFile(path: string, what: string): SpectroscopeError {
  return new SpectroscopeError(`cannot read ${escapeControls(path)}: it ${what}`, {
    code: "bad-input",
    hint: "move it away",
  });
}

/** A file, or a part of it as far as the file goes. */
async function readPart(path: string, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array> {
  // Opening a pipe would wait for its writer.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const there = await file.stat();
    if (!there.isFile()) throw noFile(path, there.isDirectory() ? "is a directory" : "is no file");
    const { size } = there;
    const { from, to } = range ?? { from: 0, to: size };
    const bytes = new Uint8Array(Math.max(0, Math.min(to, size) - from));
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(READ_BYTES, bytes.length - at), from + at);
      if (bytesRead === 0) return bytes.slice(0, at);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** A lock that names no holder: half-written by one of another machine, or none of ours. */
function unsigned(name: string, path: string): SpectroscopeError {
  return new SpectroscopeError(
    `${name}: another process may be writing this run: ${escapeControls(path)} does not say who`,
    {
      code: "locked",
      hint: "try again in a minute: it counts as left over when nobody touches it",
    },
  );
}

/** Beside a folder, by its name; by what follows from that where the name leaves no room. */
function lockOf(path: string): string {
  const name = `${basename(path)}.lock`;
  if (Buffer.byteLength(name) <= NAME_BYTES) return join(dirname(path), name);
  return join(dirname(path), `.${createHash("sha256").update(name).digest("hex")}.lock`);
}

/** The one path of a folder that may be there or not, however it is spelled and whatever links lead to it. */
async function realPath(path: string): Promise<string> {
  const whole = resolve(path);
  try {
    return await realpath(whole);
  } catch (error) {
    if (systemCode(error) !== "ENOENT" || whole === dirname(whole)) throw fileError("read", path, error);
    const folder = await realPath(dirname(whole));
    // A link to what is not made yet.
    const to = await readlink(whole).catch(() => undefined);
    return to === undefined ? join(folder, basename(whole)) : realPath(resolve(folder, to));
  }
}
