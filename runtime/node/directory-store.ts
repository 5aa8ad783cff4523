/** A folder as a store that is only read. Node only. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileError, systemCode } from "./files";

/** One read of at most this many bytes: Node refuses more than 2 GiB at once. */
const READ_BYTES = 1 << 28;

/** What is no value but no failure either: nothing there, or a part of the key is a file. */
const isAbsent = (error: unknown) => ["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "");

/** Files below a folder by their path, with `/`. A file is opened for each read, so nothing needs to be closed. */
export class DirectoryStore {
  constructor(readonly name: string) {}

  nameOf(key: string): string {
    return join(this.name, key);
  }

  /** Bytes of a file, or of a part of it as far as it goes; undefined where there is none. @throws SpectroscopeError */
  async get(key: string, range?: { readonly from: number; readonly to: number }): Promise<Uint8Array | undefined> {
    try {
      const file = await open(this.nameOf(key), "r");
      try {
        const { from = 0, to = (await file.stat()).size } = range ?? {};
        const out = new Uint8Array(to - from);
        let done = 0;
        while (done < out.length) {
          const part = Math.min(READ_BYTES, out.length - done);
          const { bytesRead } = await file.read(out, done, part, from + done);
          // The file ends before the range does.
          if (bytesRead === 0) return out.slice(0, done);
          done += bytesRead;
        }
        return out;
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw fileError("read", this.nameOf(key), error);
    }
  }

  async size(key: string): Promise<number | undefined> {
    const found = await this.found(key);
    return found?.isFile() ? found.size : undefined;
  }

  private async found(key: string) {
    try {
      return await stat(this.nameOf(key));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw fileError("read", this.nameOf(key), error);
    }
  }

  /** Names directly below a prefix, sorted. */
  async names(prefix: string): Promise<readonly string[]> {
    try {
      return (await readdir(this.nameOf(prefix))).sort();
    } catch (error) {
      if (isAbsent(error)) return [];
      throw fileError("list", this.nameOf(prefix), error);
    }
  }
}
