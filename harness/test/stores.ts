/** Stores of every kind, for tests that hold whatever lies under them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DirectoryStore } from "../../runtime/node/directory-store";
import { MemoryStore } from "../../runtime/store/memory-store";
import { joinKeys, need, type Store } from "../../runtime/store/store";
import type { Suite } from "./suite";

export interface StoreKind {
  readonly kind: string;
  /** A store of that name; opened again it holds what it held. */
  readonly open: (name: string) => Store;
}

/** A memory and a folder, which is gone when the suite has run. */
export function storeKinds(test: Suite): readonly StoreKind[] {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const memory = new MemoryStore();
  return [
    { kind: "memory", open: (name) => memory.below(name) },
    { kind: "directory", open: (name) => new DirectoryStore(join(folder, name)) },
  ];
}

/** Changes what lies under a key. */
export async function alter(store: Store, key: string, change: (bytes: Uint8Array) => Uint8Array | undefined) {
  const bytes = await need(store, key);
  await store.set(key, change(bytes) ?? bytes);
}

/** Flips a bit of one byte, counted from the end where it is negative. */
export const flipped =
  (at: number, bit = 1) =>
  (bytes: Uint8Array) => {
    const changed = bytes.slice();
    changed[at < 0 ? changed.length + at : at] ^= bit;
    return changed;
  };

/** A store that tells, before it does so, what it writes: `set KEY`, `delete KEY`, `flush`. What `told` throws stops it. */
export function watched(store: Store, told: (what: string) => void, prefix = ""): Store {
  return {
    name: store.name,
    get: (key, range) => store.get(key, range),
    size: (key) => store.size(key),
    list: (below) => store.list(below),
    names: (below) => store.names(below),
    nameOf: (key) => store.nameOf(key),
    async set(key, parts) {
      told(`set ${joinKeys(prefix, key)}`);
      await store.set(key, parts);
    },
    async delete(key) {
      told(`delete ${joinKeys(prefix, key)}`);
      await store.delete(key);
    },
    async flush() {
      told("flush");
      await store.flush();
    },
    below: (part) => watched(store.below(part), told, joinKeys(prefix, part)),
    exclusive: (body) => store.exclusive(body),
  };
}

/** Does work over a store that its process is killed at after `count` writes; whether it was. */
export async function killedAfter(
  count: number,
  store: Store,
  work: (store: Store) => Promise<unknown>,
): Promise<boolean> {
  let left = count;
  const killed = new Error("killed");
  const dying = watched(store, (what) => {
    if (what !== "flush" && left-- <= 0) throw killed;
  });
  return work(dying).then(
    () => false,
    (error) => {
      if (error !== killed) throw error;
      return true;
    },
  );
}
