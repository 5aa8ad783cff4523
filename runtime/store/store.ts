/**
 * Bytes under keys of "/"-separated names: a folder, a browser's private files, a Map. All that runs know of disks. Keys have no
 * leading slash. Fits zarrita's `AsyncMutable` with a slash in front.
 */
export interface Store {
  /** For people and errors: "runs/nano", "memory". */
  readonly name: string;
  /** Bytes in a buffer of their own, or undefined where nothing is; `range`: from byte `from` up to, not including, `to`. */
  get(key: string, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array | undefined>;
  /** Writes a value whole or not at all, over an earlier one. @throws SpectroscopeError naming store and key */
  set(key: string, parts: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Bytes of a value, or undefined where nothing is. */
  size(key: string): Promise<number | undefined>;
  /** All keys below a prefix of whole names ("" for all), sorted by code unit; what is being written is none. */
  list(prefix: string): Promise<readonly string[]>;
  /** Removes a key, and every key below it. */
  delete(prefix: string): Promise<void>;
  /** The part of this store whose keys begin with `prefix/`, as a store of its own. */
  below(prefix: string): Store;
  /** The name of a key for people and errors: "runs/nano/manifest.json". */
  nameOf(key: string): string;
  /** Nobody else writes under this store meanwhile. @throws SpectroscopeError `locked` where somebody does */
  exclusive<T>(body: () => Promise<T>): Promise<T>;
}
