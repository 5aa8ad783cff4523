/** A store that is gone with its process: for pages and tests. */
import { joinBytes } from "./sha256";
import { checkKey, joinKeys, locked, type Parts, type Store } from "./store";

export class MemoryStore implements Store {
  /** `prefix`, values and holds: of the store that this one is a part of. */
  constructor(
    readonly name = "memory",
    private readonly prefix = "",
    private readonly values = new Map<string, Uint8Array>(),
    private readonly held = new Set<string>(),
  ) {}

  private keyOf(key: string): string {
    return joinKeys(this.prefix, checkKey(this.name, key));
  }

  async get(key: string, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array | undefined> {
    return this.values.get(this.keyOf(key))?.slice(range?.from, range?.to);
  }

  async set(key: string, parts: Parts): Promise<void> {
    const place = this.keyOf(key);
    const pieces: Uint8Array[] = [];
    for await (const part of parts instanceof Uint8Array ? [parts] : parts) pieces.push(new Uint8Array(part));
    this.values.set(place, joinBytes(pieces));
  }

  async size(key: string): Promise<number | undefined> {
    return this.values.get(this.keyOf(key))?.length;
  }

  async list(prefix: string): Promise<readonly string[]> {
    const from = this.keyOf(prefix);
    const start = from && `${from}/`;
    const own = this.prefix ? this.prefix.length + 1 : 0;
    const found = [...this.values.keys()].filter((key) => key.startsWith(start));
    return found.map((key) => key.slice(own)).sort();
  }

  async names(prefix: string): Promise<readonly string[]> {
    const start = prefix ? prefix.length + 1 : 0;
    return [...new Set((await this.list(prefix)).map((key) => key.slice(start).split("/")[0]))].sort();
  }

  async delete(prefix: string): Promise<void> {
    for (const key of await this.list(prefix)) this.values.delete(this.keyOf(key));
    this.values.delete(this.keyOf(prefix));
  }

  async flush(): Promise<void> {}

  below(prefix: string): Store {
    return new MemoryStore(this.nameOf(prefix), this.keyOf(prefix), this.values, this.held);
  }

  nameOf(key: string): string {
    return joinKeys(this.name, checkKey(this.name, key));
  }

  async exclusive<T>(body: () => Promise<T>): Promise<T> {
    if (this.held.has(this.prefix)) throw locked(this.name);
    this.held.add(this.prefix);
    try {
      return await body();
    } finally {
      this.held.delete(this.prefix);
    }
  }
}
