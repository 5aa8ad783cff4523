/** Hashes of files. Node only. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/**
 * Hash of a file's content in hexadecimal, read piece by piece: SHA-256, or the SHA-1 that git names the file by.
 * @throws what the file system or the signal throws
 */
export async function hashFile(path: string, kind: "sha256" | "git-sha1", signal?: AbortSignal): Promise<string> {
  const file = await open(path, "r");
  try {
    const hash = createHash(kind === "git-sha1" ? "sha1" : "sha256");
    // What git hashes begins with a line about the object.
    if (kind === "git-sha1") hash.update(`blob ${(await file.stat()).size}\0`);
    for await (const part of file.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      signal?.throwIfAborted();
      hash.update(part as Uint8Array);
    }
    return hash.digest("hex");
  } finally {
    await file.close();
  }
}
