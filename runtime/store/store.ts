import { SpectroscopeError } from "../../kernels/errors";

/** Bytes of a value: whole, or piece by piece. */
export type Parts = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

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
  set(key: string, parts: Parts): Promise<void>;
  /** Bytes of a value, or undefined where nothing is. */
  size(key: string): Promise<number | undefined>;
  /** All keys below a prefix of whole names ("" for all), sorted by code unit; what is being written is none. */
  list(prefix: string): Promise<readonly string[]>;
  /** Names directly below a prefix, of keys and of prefixes, sorted by code unit: what can be asked of a folder that is not ours. */
  names(prefix: string): Promise<readonly string[]>;
  /** Removes a key, and every key below it. */
  delete(prefix: string): Promise<void>;
  /** What was set and deleted before outlives a power cut, whatever is set afterwards. */
  flush(): Promise<void>;
  /** The part of this store whose keys begin with `prefix/`, as a store of its own. */
  below(prefix: string): Store;
  /** The name of a key for people and errors: "runs/nano/manifest.json". */
  nameOf(key: string): string;
  /**
   * Nobody else writes under this store meanwhile. Once another has taken its place all the same, what this store and those below
   * it are told to write is refused. @throws SpectroscopeError `locked` where somebody writes
   */
  exclusive<T>(body: () => Promise<T>): Promise<T>;
}

/** Whether a text may be a key, or a prefix of whole names. */
export function isKey(key: string): boolean {
  const sound = (name: string) => /^[^.\\:\0][^\\:\0]*$/.test(name) && !name.endsWith(".lock");
  return key === "" || key.split("/").every(sound);
}

/**
 * A key, or a prefix of whole names, as it is; "" for a store itself. @throws SpectroscopeError for one that could lead out of the
 * store, mean something else on some system, or be a store's own file: those begin with "." or end with ".lock"
 */
export function checkKey(store: string, key: string): string {
  if (isKey(key)) return key;
  throw new SpectroscopeError(`${store}: ${JSON.stringify(key)} is no key`, {
    code: "bad-input",
    hint: "use names without \\ and : between single slashes, none with a dot in front or .lock at its end",
  });
}

/** A key below a prefix. */
export const joinKeys = (prefix: string, key: string) => (prefix && key ? `${prefix}/${key}` : prefix || key);

/** What is known of who holds a store: number of the process, its host, since when. */
export interface StoreHolder {
  readonly process?: string;
  readonly host?: string;
  readonly since?: Date;
}

/** What another's hold on a store is refused with. */
export function locked(store: string, { process, host, since }: StoreHolder = {}): SpectroscopeError {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = since && [since.getFullYear(), two(since.getMonth() + 1), two(since.getDate())].join("-");
  const known = [
    process && `process ${process}`,
    host && `on ${host}`,
    since && `since ${day} ${two(since.getHours())}:${two(since.getMinutes())}`,
  ].filter(Boolean);
  const who = known.length > 0 ? ` (${known.join(" ")})` : "";
  return new SpectroscopeError(`${store}: another process is writing this run${who}`, {
    code: "locked",
    hint: "wait for it, or choose another directory",
  });
}

/** @throws SpectroscopeError where nothing is under the key */
export async function need(store: Store, key: string): Promise<Uint8Array> {
  const bytes = await store.get(key);
  if (bytes) return bytes;
  throw new SpectroscopeError(`cannot read ${store.nameOf(key)}: there is no such file`, {
    code: "bad-input",
    hint: "check the name",
  });
}
