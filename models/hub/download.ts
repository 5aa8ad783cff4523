/** One file from a server into the cache: resumed where it stopped, checked against its hash, then given its name. Node only. */
import { constants } from "node:fs";
import { open, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { fileError, systemCode } from "../../runtime/node/files";
import { hashFile } from "../../runtime/node/hash";
import { withLock } from "../../runtime/node/lock";
import { type CacheFolder, sizeOf } from "./cache";
import { interrupted, Passing } from "./failures";
import type { HttpClient, Reply } from "./http";
import { masked } from "./masked";

/** What tells that a file is the right one. */
export type Check =
  | { readonly kind: "sha256" | "git-sha1"; readonly hex: string }
  /** A server that names no hash: only that it still gives what it promised. */
  | { readonly kind: "validator"; readonly value: string };

export interface RemoteFile {
  /** In the snapshot. */
  readonly name: string;
  readonly url: string;
  /** Name of its blob in the cache. */
  readonly blob: string;
  /** Bytes, when the server tells. */
  readonly size?: number;
  readonly check: Check;
  /** Error for an answer that is neither the file nor a redirect. */
  readonly refused: (reply: Reply) => SpectroscopeError;
}

/** The part of a file handle that a download uses. */
export interface PartialFile {
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  stat(): Promise<{ size: number }>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The disk, so that a test can fill it. */
export interface Disk {
  /** Opens for writing at any place and keeps what is there. */
  open(path: string): Promise<PartialFile>;
  /** Bytes that may be written below an existing directory; undefined when the file system does not tell. */
  free(directory: string): Promise<number | undefined>;
}

export const realDisk: Disk = {
  open: (path) => open(path, constants.O_RDWR | constants.O_CREAT, 0o666),
  free: async (directory) => {
    try {
      const { bavail, bsize, blocks } = await statfs(directory);
      return blocks > 0 ? bavail * bsize : undefined;
    } catch {
      return undefined;
    }
  },
};

export interface DownloadOptions {
  readonly disk: Disk;
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
  /** Bytes of this file that lie on the disk, now and then. */
  readonly progress?: (bytes: number) => void;
}

/** Error for a disk that is full, before or while writing. */
export function diskFull(what: string, directory: string, cause?: unknown): SpectroscopeError {
  return new SpectroscopeError(`${what}: no space left in ${directory}`, {
    code: "disk-full",
    hint: "free some space and run the command again: it goes on from here; or set HF_HUB_CACHE to another disk",
    cause,
  });
}

/** What a hash in hexadecimal is checked by. */
export function checkOf(hex: string): Check {
  return { kind: hex.length === 64 ? "sha256" : "git-sha1", hex };
}

/** Whether a file on the disk is the one that was promised: by its size, and by its hash where there is one. */
export async function satisfies(
  path: string,
  { check, size }: Pick<RemoteFile, "check" | "size">,
  signal?: AbortSignal,
): Promise<boolean> {
  const bytes = await sizeOf(path);
  if (bytes === undefined || (size !== undefined && bytes !== size)) return false;
  return check.kind === "validator" || (await hashFile(path, check.kind, signal)) === check.hex;
}

/** A file whose size nobody tells is a small one. */
const UNSIZED_BYTES = 256 << 20;
/** So much in one try is worth another. Less may be all that there will ever be. */
const WORTH_BYTES = 1 << 14;

/** Where the bytes of an answer begin in the file. @throws Passing when they do not continue what is there */
function startOf(reply: Reply, file: RemoteFile, have: number): number {
  const coding = reply.headers["content-encoding"];
  if (coding !== undefined && coding !== "identity" && (reply.status === 200 || reply.status === 206)) {
    reply.body.destroy();
    throw new SpectroscopeError(
      `${file.name}: ${reply.url.host} sends it compressed (${coding}), which was not asked for`,
      {
        code: "network",
        hint: "check the proxy and HF_ENDPOINT",
      },
    );
  }
  if (reply.status === 200) return 0;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)/.exec(reply.headers["content-range"] ?? "");
  const whole = range === null || range[2] === "*" || file.size === undefined || Number(range[2]) === file.size;
  if (reply.status === 206 && Number(range?.[1]) === have && whole) return have;
  reply.body.destroy();
  if (reply.status === 206) throw new Passing(`${reply.url.host} sent another part of ${file.name} than was asked for`);
  throw file.refused(reply);
}

/** What the disk says does not pass by trying again, what the network says may; both end the same loop. */
class DiskFailure extends Error {}

async function put(target: PartialFile, part: Uint8Array, at: number): Promise<void> {
  try {
    for (let done = 0; done < part.length; ) {
      done += (await target.write(part, done, part.length - done, at + done)).bytesWritten;
    }
  } catch (cause) {
    throw new DiskFailure("write failed", { cause });
  }
}

/** Writes an answer's body from `at` on. @throws Passing when it ends too soon */
async function pour(
  reply: Reply,
  file: RemoteFile,
  target: PartialFile,
  at: number,
  tell: (bytes: number) => void,
): Promise<number> {
  let end = at;
  const most = file.size ?? UNSIZED_BYTES;
  try {
    for await (const part of reply.body as AsyncIterable<Uint8Array>) {
      if (end + part.length > most) {
        const promised = file.size === undefined ? `${most} bytes, and told no size` : `the ${most} bytes it promised`;
        throw new SpectroscopeError(`${file.name}: ${reply.url.host} sends more than ${promised}`, {
          code: "hash-mismatch",
          hint: "check HF_ENDPOINT and the proxy",
        });
      }
      await put(target, part, end);
      end += part.length;
      tell(end);
    }
  } catch (error) {
    if (error instanceof SpectroscopeError || error instanceof DiskFailure) throw error;
    throw new Passing(`${file.name}: connection lost (${systemCode(error) ?? masked((error as Error).message)})`);
  }
  if (file.size !== undefined && end < file.size) throw new Passing(`${file.name}: the connection ended too soon`);
  return end;
}

/** Brings the partial file to its full length; returns how many bytes came over the network. */
async function fill(client: HttpClient, file: RemoteFile, path: string, options: DownloadOptions): Promise<number> {
  const target = await options.disk.open(path);
  let received = 0;
  // A server that knows no ranges sends the same bytes again and again: only what nobody had yet is progress.
  let furthest = 0;
  try {
    return await client.persist(async (progressed) => {
      let { size: have } = await target.stat();
      if (file.size !== undefined && have > file.size) {
        await target.truncate(0);
        have = 0;
      }
      furthest = Math.max(furthest, have);
      options.progress?.(have);
      if (have === file.size) return received;
      const reply = await client.ask("GET", file.url, have > 0 ? { range: `bytes=${have}-` } : {});
      // Nothing is left to send: the file is whole and only its size was not told.
      if (reply.status === 416 && file.size === undefined) {
        reply.body.destroy();
        return received;
      }
      const at = startOf(reply, file, have);
      const { check } = file;
      if (check.kind === "validator" && validatorOf(reply) !== check.value) {
        reply.body.destroy();
        throw new SpectroscopeError(`${file.url} changed while it was fetched`, { code: "network", hint: "try again" });
      }
      let last = at;
      const end = await pour(reply, file, target, at, (bytes) => {
        received += bytes - last;
        last = bytes;
        if (bytes - furthest >= WORTH_BYTES) {
          furthest = bytes;
          progressed();
        }
        options.progress?.(bytes);
      });
      await target.truncate(end);
      await target.sync();
      return received;
    });
  } finally {
    await target.close();
  }
}

/** What a server without hashes tells a file's versions apart by. */
export function validatorOf(reply: Reply): string | undefined {
  const { etag, "last-modified": date } = reply.headers;
  return etag ?? date;
}

/**
 * Makes sure that the cache holds a file's blob; returns how many bytes came over the network. What was written stays when it
 * fails, and the next call goes on from there; only a file whose hash is wrong is deleted.
 * @throws SpectroscopeError `network`, `disk-full`, `hash-mismatch`, `interrupted`
 */
export async function fetchBlob(
  client: HttpClient,
  folder: CacheFolder,
  file: RemoteFile,
  options: DownloadOptions,
): Promise<number> {
  const blob = folder.blob(file.blob);
  const partial = folder.partial(file.blob);
  const { signal, say } = options;
  const work = async () => {
    let received = 0;
    for (;;) {
      // Another process may have brought it while this one waited.
      if (await satisfies(blob, file, signal)) return received;
      await rm(blob, { force: true });
      const resumed = ((await sizeOf(partial)) ?? 0) > 0;
      received += await fill(client, file, partial, options);
      if (file.check.kind !== "validator") {
        const got = await hashFile(partial, file.check.kind, signal);
        if (got !== file.check.hex) {
          await rm(partial, { force: true });
          // The part from an earlier time may be what is wrong.
          if (resumed) {
            say?.(`${file.name}: what an earlier download left was damaged; starting over`);
            continue;
          }
          throw new SpectroscopeError(
            `${file.name}: its ${file.check.kind} is ${got}, the hub says ${file.check.hex}`,
            {
              code: "hash-mismatch",
              hint: "it was deleted; run the command again, and if it persists check the proxy and HF_ENDPOINT",
            },
          );
        }
      }
      await rename(partial, blob);
      return received;
    }
  };
  try {
    const waiting = () => say?.(`${file.name}: another process is fetching it; waiting`);
    return await withLock(folder.lock(file.blob), work, { signal, waiting });
  } catch (thrown) {
    const error = thrown instanceof DiskFailure ? thrown.cause : thrown;
    if (signal?.aborted) throw interrupted();
    if (error instanceof SpectroscopeError) throw error;
    // Somebody else finished the same file under a lock that was taken for a leftover.
    if (systemCode(error) === "ENOENT" && (await sizeOf(blob)) !== undefined) return 0;
    if (/^(ENOSPC|EDQUOT)$/.test(systemCode(error) ?? "")) throw diskFull(file.name, dirname(blob), error);
    throw fileError("write", partial, error);
  }
}
