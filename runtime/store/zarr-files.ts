/** A store as zarrita sees it, whose keys begin with a slash: read checked. */
import type { AbsolutePath, AsyncMutable } from "zarrita";
import { SpectroscopeError } from "../../kernels/errors";
import { sha256 } from "./sha256";
import type { Store } from "./store";

/** Metadata of a group or an array. */
export const METADATA = "zarr.json";

/** With `expected`, every file that is read must be the one that was finished. */
export class ZarrFiles implements AsyncMutable {
  /** SHA-256 in hexadecimal by name from the store's root, for example `phi/c/0/0`. */
  expected?: ReadonlyMap<string, string>;

  constructor(readonly store: Store) {}

  /** What a key (`/phi/c/0/0`) is called for people. */
  nameOf(key: string): string {
    return this.store.nameOf(key.slice(1));
  }

  /** Bytes in a buffer of their own, or undefined where no file is. @throws SpectroscopeError for an altered or lost file */
  async get(key: AbsolutePath): Promise<Uint8Array | undefined> {
    const expected = this.expected?.get(key.slice(1));
    const bytes = await this.store.get(key.slice(1));
    if (expected === undefined) return bytes;
    if (bytes === undefined) throw this.damaged(`${this.nameOf(key)}: is lost`);
    const found = await sha256(bytes);
    if (found === expected) return bytes;
    const what = `altered or damaged: SHA-256 ${found.slice(0, 12)}, expected ${expected.slice(0, 12)}`;
    throw this.damaged(`${this.nameOf(key)}: ${what}`);
  }

  private damaged(message: string): SpectroscopeError {
    const hint = `delete ${this.store.name} to have it computed again`;
    return new SpectroscopeError(message, { code: "bad-input", hint });
  }

  async set(key: AbsolutePath, bytes: Uint8Array): Promise<void> {
    await this.store.set(key.slice(1), bytes);
  }

  async has(key: AbsolutePath): Promise<boolean> {
    return (await this.store.size(key.slice(1))) !== undefined;
  }

  /** Names in a group that have metadata: its arrays and groups. */
  async members(key: AbsolutePath): Promise<string[]> {
    const group = key === "/" ? "" : key;
    const names = await this.store.names(group.slice(1));
    const present = await Promise.all(names.map((name) => this.has(`${group}/${name}/${METADATA}` as AbsolutePath)));
    return names.filter((_, i) => present[i]);
  }
}
