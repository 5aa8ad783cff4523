/**
 * A lock between processes: a file that only one can create, which names its holder. A holder that lives on this machine keeps it
 * whatever any clock says; of one on another machine (a shared disk) it is left over when it was not touched for a minute.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { type FileHandle, link, open, readFile, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { fileError, makeFolder, systemCode, temporaryName } from "./files";

/** How often a holder touches its lock, and when one that is not touched is left over, milliseconds. */
export interface LockTimes {
  readonly touch: number;
  readonly stale: number;
}
const TIMES: LockTimes = { touch: 5_000, stale: 60_000 };

/** How long a lock that was taken by mistake may be away. */
const RETURN_MS = 100;

/** Locks that this process holds, by what makes them its own. */
const own = new Set<string>();
let count = 0;

const read = (file: () => string) => {
  try {
    return file().trim();
  } catch {
    return "";
  }
};

/** Since when a process runs, in the kernel's ticks, so that a number used again is not taken for the process it was; "" where nobody tells. */
function startOf(pid: number): string {
  // The second field is the program's name in parentheses, and may hold anything.
  return read(() => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!.split(" ")[19]);
}

/** This machine since its start, and which numbers of processes are meant: containers of one host share its name. "" where nobody tells. */
function machine(): string {
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1"));
  return boot && `${boot} ${read(() => readlinkSync("/proc/self/ns/pid"))}`;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/** What stands in a lock, a line each. */
function sign(): string {
  const token = `${Date.now().toString(36)}.${count++}.${Math.random().toString(36).slice(2)}`;
  return [process.pid, hostname(), machine(), startOf(process.pid), token, ""].join("\n");
}

/** Whether the holder of a lock on this machine lives; undefined for one of another machine, or where nothing is known of it. */
function holderLives(text: string): boolean | undefined {
  const [pid, host, place = "", start = ""] = text.split("\n");
  if (host !== hostname() || (place !== "" && place !== machine())) return undefined;
  if (Number(pid) === process.pid) return own.has(text);
  if (!alive(Number(pid))) return false;
  return start === "" || startOf(Number(pid)) === start;
}

/** Milliseconds since a file was touched, by the clock of the disk that it lies on. */
async function ageOf(path: string): Promise<number> {
  const probe = temporaryName(path);
  try {
    await (await open(probe, "wx")).close();
    return (await stat(probe)).mtimeMs - (await stat(path)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}

async function content(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw fileError("read", path, error);
  });
}

/** Removes a lock if nobody holds it any more; whether the way is free. */
async function cleared(path: string, { stale }: LockTimes): Promise<boolean> {
  const seen = await content(path);
  if (seen === undefined) return true;
  const lives = holderLives(seen);
  if (lives || (lives === undefined && !((await ageOf(path).catch(() => 0)) > stale))) return false;
  // Two may have seen it. Whoever renames it has it; what is no longer the lock that was seen goes back.
  const taken = temporaryName(path);
  try {
    await rename(path, taken);
    if ((await content(taken)) !== seen) await link(taken, path).catch(() => {});
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw fileError("write", path, error);
  } finally {
    await rm(taken, { force: true });
  }
  return true;
}

/** Touches a lock from a thread of its own: a main thread that computes hears no timers. By writing: the disk's clock counts. */
const TOUCH = `
const { openSync, readFileSync, writeSync, closeSync } = require("node:fs");
const { path, text, touch } = require("node:worker_threads").workerData;
setInterval(() => {
  try {
    const file = openSync(path, "r+");
    try {
      if (readFileSync(file, "utf8") === text) writeSync(file, text, 0);
    } finally {
      closeSync(file);
    }
  } catch {}
}, touch);`;

export class LockFile {
  private constructor(
    readonly path: string,
    private readonly text: string,
    private readonly worker: Worker,
  ) {}

  /** Takes the lock at `path`; nothing where another holds it. @throws SpectroscopeError naming the path */
  static async take(path: string, times: LockTimes = TIMES): Promise<LockFile | undefined> {
    for (;;) {
      const text = await create(path);
      if (text !== undefined) {
        const worker = new Worker(TOUCH, { eval: true, workerData: { path, text, touch: times.touch } });
        worker.unref();
        return new LockFile(path, text, worker);
      }
      if (!(await cleared(path, times))) return undefined;
    }
  }

  /** Whether it is still this process that holds it. */
  async isHeld(): Promise<boolean> {
    if ((await content(this.path)) === this.text) return true;
    // Another may have taken it for one that was left over, and puts it back.
    await sleep(RETURN_MS);
    return (await content(this.path)) === this.text;
  }

  /** Gives the lock up; one that another took meanwhile stays. */
  async release(): Promise<void> {
    await this.worker.terminate();
    if (await this.isHeld().catch(() => false)) await rm(this.path, { force: true }).catch(() => {});
    own.delete(this.text);
  }
}

/** Makes the file, and says what stands in it; nothing where it is there. */
async function create(path: string): Promise<string | undefined> {
  const text = sign();
  let file: FileHandle | undefined;
  try {
    await makeFolder(dirname(path));
    file = await open(path, "wx");
    own.add(text);
    await file.writeFile(text);
    return text;
  } catch (error) {
    own.delete(text);
    if (!file && systemCode(error) === "EEXIST") return undefined;
    if (file) await rm(path, { force: true });
    throw fileError("write", path, error);
  } finally {
    await file?.close();
  }
}
