/** Whole files, read with errors a person can use and written so that a reader never sees half of one. Node only. */
import { rmSync } from "node:fs";
import { access, constants, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { decodeText, parseJson } from "../formats/json";

/** Suffix of files that are being written; one left behind by a killed process is garbage. */
const TEMPORARY_SUFFIX = ".tmp";

let temporaryCount = 0;

/** Temporary files that are being written now. */
const unfinished = new Set<string>();

/** Ends the process as the signal would have, without what was half-written; where somebody else hears it, that one decides. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  for (const path of unfinished) rmSync(path, { force: true });
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

/** A name beside `path` for what nobody else must take for it. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${temporaryCount++}${TEMPORARY_SUFFIX}`);
}

/** Whether a file is one that is being written, or was when its process was killed. */
export function isTemporary(path: string): boolean {
  const name = basename(path);
  return name.startsWith(".") && name.endsWith(TEMPORARY_SUFFIX);
}

/** Removes what another process was writing when it was killed; nothing that this one writes now. */
export async function removeLeftover(path: string): Promise<void> {
  if (isTemporary(path) && !unfinished.has(path)) await rm(path, { force: true });
}

function begin(path: string): void {
  if (unfinished.size === 0) for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
  unfinished.add(path);
}

function end(path: string): void {
  unfinished.delete(path);
  if (unfinished.size === 0) for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
}

/** The `code` of a Node system error ("ENOENT"), if it is one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** One line for a failed file operation: what was tried, on which path, what the system said, and what to do. */
export function fileError(action: "read" | "write" | "list", path: string, cause: unknown): SpectroscopeError {
  const code = systemCode(cause);
  const known: Record<string, [what: string, hint: string]> = {
    ENOENT: ["no such file or directory", "check the path"],
    ENOTDIR: ["a part of the path is a file, not a directory", "check the path"],
    EISDIR: ["it is a directory, not a file", "name a file inside it"],
    EACCES: ["permission denied", "check who may read and write it"],
    EPERM: ["not permitted", "check who may read and write it"],
    EROFS: ["the file system is read-only", "choose another place"],
    ENOSPC: ["no space left on the device", "free some space or choose another place"],
  };
  const [what, hint] = (code && known[code]) || [cause instanceof Error ? cause.message : String(cause), undefined];
  return new SpectroscopeError(`cannot ${action} ${path}: ${what}`, { code: "bad-input", hint, cause });
}

/** Bytes of a file. @throws SpectroscopeError naming the path */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/** Text of a file, strict UTF-8; a byte order mark is dropped. @throws SpectroscopeError naming the path */
export async function readText(path: string): Promise<string> {
  return decodeText(await readBytes(path), path);
}

/** JSON value of a file. @throws SpectroscopeError naming the path */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readText(path), path);
}

/**
 * Whether a file could be written at `path`, asked before long work: the nearest folder that exists must take files.
 * @throws SpectroscopeError naming the path
 */
export async function checkWritable(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw fileError("write", path, Object.assign(new Error(), { code: "EISDIR" }));
  let folder = dirname(resolve(path));
  for (;;) {
    try {
      const found = await stat(folder);
      if (!found.isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
      await access(folder, constants.W_OK);
      return;
    } catch (error) {
      if (systemCode(error) !== "ENOENT" || folder === dirname(folder)) throw fileError("write", path, error);
      folder = dirname(folder);
    }
  }
}

/**
 * Makes a folder and those it lies in. Node's own recursive mkdir tries for ever where a file system refuses new folders by
 * ENOENT, as /proc does. @throws what the file system says
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path) throw error;
    // Where it is there by now another may just have made it.
    if (!(await stat(parent).catch(() => undefined))) await makeFolder(parent);
    await mkdir(path).catch((again) => {
      if (systemCode(again) !== "EEXIST") throw again;
    });
  }
}

/**
 * Write a file whole or not at all: parts go to a temporary file in the same directory, which is flushed and then renamed
 * over `path`. Missing parent directories are made. @throws SpectroscopeError naming the path
 */
export async function writeAtomic(
  path: string,
  parts: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await makeFolder(dirname(path));
    begin(temporary);
    const file = await open(temporary, "wx");
    try {
      const whole = typeof parts === "string" || parts instanceof Uint8Array;
      for await (const part of whole ? [parts] : parts) {
        // writeFile on a handle continues at its position and loops over short writes.
        await file.writeFile(part);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (error instanceof SpectroscopeError) throw error;
    throw fileError("write", path, error);
  } finally {
    end(temporary);
  }
}
