/**
 * A lock between processes: a file that names its holder (`lock-holder.ts`) and is taken, taken over and given up by
 * `lock-protocol.ts`. A holder that lives on this machine keeps it whatever any clock says; of one on another machine (a shared
 * disk), or in another container, it is left over when it was not touched for a minute.
 */
import { constants } from "node:fs";
import { link, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { SpectroscopeError } from "../../kernels/errors";
import { escapeControls } from "../../kernels/escape";
import type { StoreHolder } from "../store/store";
import { fileError, makeFolder, systemCode } from "./files";
import { holderOf, processHolders } from "./lock-holder";
import { type LockFiles, LockProtocol, type LockTimes } from "./lock-protocol";

const TIMES: LockTimes = { touch: 5_000, stale: 60_000 };

/** What `work` gives; undefined where the system says one of `codes`. */
async function unless<T>(codes: RegExp, work: Promise<T>): Promise<T | undefined> {
  return work.catch((error) => {
    if (codes.test(systemCode(error) ?? "")) return undefined;
    throw error;
  });
}

/** No lock of ours is a link, and opening a pipe would wait for its writer. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

function noLock(path: string): SpectroscopeError {
  return new SpectroscopeError(`${escapeControls(path)}: is there and is no file, so it is no lock`, {
    code: "bad-input",
    hint: "move it away",
  });
}

const diskFiles: LockFiles = {
  write: (path, text) => writeFile(path, text, { flag: "wx" }),
  link: (from, to) =>
    link(from, to).then(
      () => true,
      // Where there are no links the systems have many words for it; what else is wrong `create` finds too.
      (error) => (systemCode(error) === "EEXIST" ? false : undefined),
    ),
  async create(path) {
    const file = await unless(/^EEXIST$/, open(path, "wx"));
    if (!file) return undefined;
    return async (text) => {
      try {
        await file.writeFile(text);
      } finally {
        await file.close();
      }
    };
  },
  async read(path) {
    // Opened before it is asked for its time: a file server's client may remember an old one for a name.
    const file = await unless(/^ENOENT$/, open(path, READ)).catch((error) => {
      throw systemCode(error) === "ELOOP" ? noLock(path) : error;
    });
    try {
      if (file && !(await file.stat()).isFile()) throw noLock(path);
      return file && { at: (await file.stat()).mtimeMs, text: await file.readFile("utf8") };
    } finally {
      await file?.close();
    }
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  async beginning(path) {
    const names = await readdir(dirname(path));
    return names.filter((name) => name.startsWith(basename(path))).map((name) => join(dirname(path), name));
  },
  clock: () => performance.now(),
  wait: (ms) => sleep(ms),
};

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

/** Where no thread can be had the lock is held all the same, as far as this machine sees, and elsewhere for a minute. */
function startTouching(path: string, text: string, touch: number): Worker | undefined {
  try {
    const worker = new Worker(TOUCH, { eval: true, workerData: { path, text, touch } });
    worker.on("error", () => {});
    worker.unref();
    return worker;
  } catch {
    return undefined;
  }
}

export class LockFile {
  private constructor(
    readonly path: string,
    private readonly text: string,
    private readonly protocol: LockProtocol,
    private readonly worker: Worker | undefined,
  ) {}

  /** Takes the lock at `path`; who holds it, where another does. @throws SpectroscopeError naming the path */
  static async take(path: string, times: LockTimes = TIMES): Promise<LockFile | StoreHolder> {
    const protocol = new LockProtocol(diskFiles, processHolders, times);
    const { held, text } = await named("write", path, async () => {
      await makeFolder(dirname(path));
      return protocol.acquire(path);
    });
    if (!held) return holderOf(text);
    const lock = new LockFile(path, text, protocol, startTouching(path, text, times.touch));
    await protocol.sweep(path).catch(() => {});
    return lock;
  }

  get holder(): StoreHolder {
    return holderOf(this.text);
  }

  /** Whether it is still this process that holds it. @throws SpectroscopeError naming the path */
  async isHeld(): Promise<boolean> {
    return named("read", this.path, () => this.protocol.isHeld(this.path, this.text));
  }

  /** Gives the lock up; one that another took meanwhile stays. One that cannot be removed is left over. */
  async release(): Promise<void> {
    await this.worker?.terminate();
    await this.protocol.release(this.path, this.text).catch(() => processHolders.forget(this.text));
  }
}

async function named<T>(action: "read" | "write", path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof SpectroscopeError ? error : fileError(action, path, error);
  }
}
