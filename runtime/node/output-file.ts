/**
 * What a person names for output: a file, through links; or a pipe, a terminal or another device, which is written through and
 * never replaced. Node only.
 */
import { constants, fstatSync, type Stats } from "node:fs";
import { access, type FileHandle, open, readlink, realpath, rename, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { escapeControls } from "../../kernels/escape";
import { descriptorOf, STDOUT, writeDescriptor } from "./descriptor";
import {
  absent,
  checkFolder,
  type FileParts,
  fileError,
  systemCode,
  systemError,
  withTemporary,
  writeParts,
  writeWhole,
} from "./files";

/** Links that may follow one another, as in Linux. */
const MOST_LINKS = 40;
/** Bytes copied at once. */
const BLOCK = 2 ** 20;

/** What a name leads to. */
type Target =
  | { readonly kind: "new" | "stream"; readonly place: string }
  | { readonly kind: "file"; readonly place: string; readonly there: Stats }
  | { readonly kind: "descriptor"; readonly place: string; readonly descriptor: number };

let stdoutWritten = false;

/** Whether an output was written to stdout: what else there is to say belongs elsewhere. */
export const stdoutHoldsAFile = (): boolean => stdoutWritten;

/**
 * Where a name leads in the end, whether anything is there or not.
 * @throws what the file system says; ELOOP where links lead in a circle
 */
export async function finalPlace(path: string): Promise<string> {
  let place = resolve(path);
  for (let links = 0; links <= MOST_LINKS; links++) {
    const folder = await realpath(dirname(place)).catch(absent);
    if (folder === undefined) return place;
    place = join(folder, basename(place));
    if (descriptorOf(place) !== undefined) return place;
    const to = await readlink(place).catch(noLink);
    if (to === undefined) return place;
    place = resolve(folder, to);
  }
  throw systemError("ELOOP");
}

/** Nothing, for what is no link. */
function noLink(error: unknown): undefined {
  if (systemCode(error) !== "EINVAL" && systemCode(error) !== "UNKNOWN") absent(error);
}

function refuse(path: string, what: string, hint: string): never {
  throw new SpectroscopeError(`cannot write ${escapeControls(path)}: ${what}`, { hint });
}

async function targetOf(path: string): Promise<Target> {
  if (path === "") refuse('""', "the name is empty", "name a file");
  const place = await finalPlace(path);
  const descriptor = descriptorOf(place);
  if (descriptor !== undefined) {
    fstatSync(descriptor);
    return { kind: "descriptor", place, descriptor };
  }
  const there = await stat(place).catch(absent);
  if (there?.isDirectory()) throw systemError("EISDIR");
  if (path.endsWith("/") || path.endsWith(sep)) refuse(path, "the name is of a directory", "name a file inside it");
  if (!there) return { kind: "new", place };
  if (there.isFile()) return { kind: "file", place, there };
  if (there.isFIFO() || there.isCharacterDevice()) return { kind: "stream", place };
  const what = there.isBlockDevice() ? "it is a block device" : there.isSocket() ? "it is a socket" : "it is no file";
  return refuse(path, what, "name a file or a pipe");
}

/**
 * Whether `writeOutput` could write there, asked before long work. @throws SpectroscopeError naming the path
 */
export async function checkOutput(path: string): Promise<void> {
  await named(path, async () => {
    const target = await targetOf(path);
    if (target.kind === "new") await checkFolder(target.place);
    else if (target.kind !== "descriptor") await access(target.place, constants.W_OK);
  });
}

/** Whether a name leads to a pipe, a terminal or another device. @throws SpectroscopeError naming the path */
export function isStream(path: string): Promise<boolean> {
  return named(path, async () => !["new", "file"].includes((await targetOf(path)).kind));
}

/**
 * Writes what a person named. Links are followed, also to a file that is yet to be made. A file is replaced whole or not at all,
 * and keeps its mode and, where this process may set it, its owner. Where its folder takes no other file (a folder that is
 * not writable, a file that is a mount of its own), it is overwritten in place after all of it was made elsewhere: a full disk
 * leaves the old content, a kill at that moment may leave both mixed. Pipes, terminals and other character devices are written
 * through. @throws SpectroscopeError naming the path
 */
export async function writeOutput(path: string, parts: FileParts): Promise<void> {
  await named(path, async () => {
    const target = await targetOf(path);
    if (target.kind === "new") await writeWhole(target.place, parts);
    else if (target.kind === "file") await replace(target.place, target.there, parts);
    else if (target.kind === "descriptor") await writeThrough(target.descriptor, parts);
    else {
      // Never made: what was a device a moment ago is one or is gone.
      const file = await open(target.place, constants.O_WRONLY | constants.O_NOCTTY);
      try {
        await writeParts(file, parts);
      } finally {
        await file.close();
      }
    }
  });
}

async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SpectroscopeError) throw error;
    throw fileError("write", path, error);
  }
}

async function writeThrough(descriptor: number, parts: FileParts): Promise<void> {
  if (descriptor === STDOUT) stdoutWritten = true;
  const whole = typeof parts === "string" || parts instanceof Uint8Array;
  try {
    for await (const part of whole ? [parts] : parts) writeDescriptor(descriptor, part);
  } catch (error) {
    // A reader of stdout that has seen enough is none of ours.
    if (descriptor !== STDOUT || systemCode(error) !== "EPIPE") throw error;
  }
}

/** Refusals of a folder, where the file itself may still be written. */
const FOLDERS_OWN = ["EACCES", "EPERM", "EROFS", "EBUSY", "EXDEV"];
const ofFolder = (error: unknown) => FOLDERS_OWN.includes(systemCode(error) ?? "");

async function replace(place: string, there: Stats, parts: FileParts): Promise<void> {
  await access(place, constants.W_OK);
  let begun = false;
  const write = async (file: FileHandle, temporary: string) => {
    begun = true;
    await writeParts(file, parts);
    await keep(file, there);
    await file.sync();
    await rename(temporary, place).catch((error) => {
      if (!ofFolder(error)) throw error;
      return overwrite(place, file);
    });
  };
  await withTemporary(place, 0o600, write).catch((error) => {
    if (begun || !ofFolder(error)) throw error;
    return withTemporary(join(tmpdir(), basename(place)), 0o600, write);
  });
}

/** Gives a file the owner and the mode of another, as far as this process may. */
async function keep(file: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const own = await file.stat();
  let same = true;
  if (own.uid !== uid || own.gid !== gid)
    await file.chown(uid, gid).catch(() => {
      same = false;
    });
  await file.chmod(mode & (same ? 0o7777 : 0o777));
}

/** Overwrites a file by another's bytes. What is longer than before goes first: a full disk is met before anything is lost. */
async function overwrite(place: string, from: FileHandle): Promise<void> {
  const to = await open(place, "r+");
  try {
    const [{ size: before }, { size }] = [await to.stat(), await from.stat()];
    try {
      await copy(from, to, before, size);
      await to.sync();
    } catch (error) {
      await to.truncate(before).catch(() => {});
      throw error;
    }
    await copy(from, to, 0, Math.min(before, size));
    await to.truncate(size);
    await to.sync();
  } finally {
    await to.close();
  }
}

async function copy(from: FileHandle, to: FileHandle, start: number, end: number): Promise<void> {
  const block = new Uint8Array(Math.min(BLOCK, Math.max(0, end - start)));
  for (let at = start; at < end; ) {
    const { bytesRead } = await from.read(block, 0, Math.min(block.length, end - at), at);
    if (bytesRead === 0) throw systemError("EIO");
    for (let done = 0; done < bytesRead; ) {
      const { bytesWritten } = await to.write(block, done, bytesRead - done, at + done);
      done += bytesWritten;
    }
    at += bytesRead;
  }
}
