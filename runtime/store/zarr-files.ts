/** A store as zarrita sees it, whose keys begin with a slash: what is written is hashed, what is read is checked. */
import type { AbsolutePath, AsyncMutable } from "zarrita";
import { SpectroscopeError } from "../../kernels/errors";
import { sha256 } from "./sha256";
import type { Store } from "./store";

/** Metadata of a group or an array. */
export const METADATA = "zarr.json";

/** SHA-256 in hexadecimal by name from a store's root, for example `phi/c/0/0`. */
export type Hashes = ReadonlyMap<string, string>;

/** What is wrong with a file that should have a hash; nothing where it has it. */
export async function faultOf(bytes: Uint8Array | undefined, expected: string): Promise<string | undefined> {
  if (bytes === undefined) return "is lost";
  const found = await sha256(bytes);
  if (found === expected) return undefined;
  return `altered or damaged: SHA-256 ${found.slice(0, 12)}, expected ${expected.slice(0, 12)}`;
}

/** With `expected`, the store is finished: it has those files and no others, and each that is read must be the one that was written. */
export class ZarrFiles implements AsyncMutable {
  expected?: Hashes;
  /** Of what was written through this, taken from the bytes in memory before they go to the disk. */
  readonly written = new Map<string, string>();

  constructor(readonly store: Store) {}

  /** What a key (`/phi/c/0/0`) is called for people. */
  nameOf(key: string): string {
    return this.store.nameOf(key.slice(1));
  }

  /** Bytes in a buffer of their own, or undefined where no file is. @throws SpectroscopeError for an altered, lost or foreign file */
  async get(key: AbsolutePath): Promise<Uint8Array | undefined> {
    const name = key.slice(1);
    const { expected } = this;
    if (!expected) return this.store.get(name);
    const hash = expected.get(name);
    // Whatever lies there under another name was not written by who finished the store.
    if (hash === undefined) return undefined;
    const bytes = await this.store.get(name);
    const fault = await faultOf(bytes, hash);
    if (fault === undefined) return bytes;
    const hint = `delete ${this.store.name} to have it computed again`;
    throw new SpectroscopeError(`${this.nameOf(key)}: ${fault}`, { code: "bad-input", hint });
  }

  async set(key: AbsolutePath, bytes: Uint8Array): Promise<void> {
    const name = key.slice(1);
    const hash = await sha256(bytes);
    await this.store.set(name, bytes);
    this.written.set(name, hash);
  }

  async has(key: AbsolutePath): Promise<boolean> {
    const name = key.slice(1);
    return this.expected ? this.expected.has(name) : (await this.store.size(name)) !== undefined;
  }

  /** Bytes of a file, or undefined where none is; unchecked. */
  size(key: AbsolutePath): Promise<number | undefined> {
    return this.store.size(key.slice(1));
  }

  /** How many chunks an array has on disk, or should have. */
  async chunkCount(array: AbsolutePath): Promise<number> {
    const chunks = `${array.slice(1)}/c`;
    if (!this.expected) return (await this.store.list(chunks)).length + ((await this.has(`/${chunks}`)) ? 1 : 0);
    let count = 0;
    for (const key of this.expected.keys()) if (key === chunks || key.startsWith(`${chunks}/`)) count++;
    return count;
  }

  /** Names in a group that have metadata: its arrays and groups. */
  async members(key: AbsolutePath): Promise<string[]> {
    const group = key === "/" ? "" : key;
    const names = await this.store.names(group.slice(1));
    const present = await Promise.all(names.map((name) => this.has(`${group}/${name}/${METADATA}` as AbsolutePath)));
    return names.filter((_, i) => present[i]);
  }
}
