/** Whole files, read with errors a person can use and written so that a reader never sees half of one. Node only. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { escapeControls } from "../../kernels/escape";
import { systemCode, troubleOf } from "../../kernels/system-errors";
import { decodeText, parseJson } from "../formats/json";

export { systemCode };

/** Suffix of files that are being written; one left behind by a killed process is garbage. */
const TEMPORARY_SUFFIX = ".tmp";

/** What a file is made of. */
export type FileParts = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Temporary files that are being written now. */
const unfinished = new Set<string>();

function removeUnfinished(): void {
  for (const path of unfinished) rmSync(path, { force: true });
}

/** Ends the process as the signal would have, without what was half-written; where somebody else hears it, that one decides. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  removeUnfinished();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

/**
 * A name beside `path` for what nobody else must take for it. It is short, whatever the length of the path's own name, and
 * drawn, since processes of two containers share numbers.
 */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${process.pid}.${randomBytes(8).toString("hex")}${TEMPORARY_SUFFIX}`);
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
  if (unfinished.size === 0) {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
    process.on("exit", removeUnfinished);
  }
  unfinished.add(path);
}

function end(path: string): void {
  unfinished.delete(path);
  if (unfinished.size > 0) return;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
  process.off("exit", removeUnfinished);
}

/** One line for a failed file operation: what was tried, on which path, what the system said, and what to do. */
export function fileError(action: "read" | "write" | "list", path: string, cause: unknown): SpectroscopeError {
  const { what, hint, code } = troubleOf(cause) ?? {
    what: cause instanceof Error ? cause.message : String(cause),
    hint: undefined,
    code: "bad-input" as const,
  };
  return new SpectroscopeError(`cannot ${action} ${escapeControls(path)}: ${what}`, { code, hint, cause });
}

/** A refusal as the file system would say it, for what is refused before it is asked. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
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
 * Whether `writeAtomic` could write there, asked before long work. @throws SpectroscopeError naming the path
 */
export async function checkWritable(path: string): Promise<void> {
  try {
    await checkFolder(path);
  } catch (error) {
    throw fileError("write", path, error);
  }
}

/**
 * Whether the nearest folder of a path that exists takes files, which one that is made and removed again shows.
 * @throws what the file system says
 */
export async function checkFolder(path: string): Promise<void> {
  const there = await stat(path).catch(absent);
  if (there?.isDirectory()) throw systemError("EISDIR");
  let folder = dirname(resolve(path));
  let found = await stat(folder).catch(absent);
  for (; !found && folder !== dirname(folder); found = await stat(folder).catch(absent)) folder = dirname(folder);
  if (!found?.isDirectory()) throw systemError(found ? "ENOTDIR" : "ENOENT");
  await withTemporary(join(folder, "probe"), 0o600, async () => {});
}

/** Nothing, for what is not there. @throws any other error */
export function absent(error: unknown): undefined {
  if (systemCode(error) !== "ENOENT") throw error;
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
    if (code === "EEXIST") return madeBehind(path);
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path) throw error;
    // Where it is there by now another may just have made it.
    if (!(await stat(parent).catch(() => undefined))) await makeFolder(parent);
    await mkdir(path).catch((again) => {
      if (systemCode(again) !== "EEXIST") throw again;
    });
  }
}

/** What is there may be a link whose folder is yet to be made. */
async function madeBehind(path: string): Promise<void> {
  if (await stat(path).catch(absent)) return;
  const to = await readlink(path).catch(() => undefined);
  if (to !== undefined) await makeFolder(resolve(dirname(path), to));
}

/**
 * Opens a temporary file beside `path` for as long as `work` takes, and removes it unless `work` renamed it.
 * @param mode of the file, less what the process masks
 */
export async function withTemporary<T>(
  path: string,
  mode: number,
  work: (file: FileHandle, temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = temporaryName(path);
  begin(temporary);
  try {
    const file = await open(temporary, "wx+", mode);
    try {
      return await work(file, temporary);
    } finally {
      await file.close();
    }
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
    end(temporary);
  }
}

/** Writes parts one after another where a handle stands. */
export async function writeParts(file: FileHandle, parts: FileParts): Promise<void> {
  const whole = typeof parts === "string" || parts instanceof Uint8Array;
  // writeFile on a handle continues at its position and loops over short writes.
  for await (const part of whole ? [parts] : parts) await file.writeFile(part);
}

/**
 * Write a file whole or not at all: parts go to a temporary file in the same directory, which is flushed and then renamed
 * over `path`. Missing parent directories are made. @throws SpectroscopeError naming the path
 */
export async function writeAtomic(path: string, parts: FileParts): Promise<void> {
  try {
    await writeWhole(path, parts);
  } catch (error) {
    if (error instanceof SpectroscopeError) throw error;
    throw fileError("write", path, error);
  }
}

/** The same. @throws what the file system says */
export async function writeWhole(path: string, parts: FileParts): Promise<void> {
  await makeFolder(dirname(path));
  await withTemporary(path, 0o666, async (file, temporary) => {
    await writeParts(file, parts);
    await file.sync();
    await rename(temporary, path);
  });
}
