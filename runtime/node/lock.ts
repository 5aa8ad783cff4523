/**
 * A lock between processes: a file that only one can create. It saves double work and no more: what it guards writes the same
 * bytes to the same places whoever writes, so a lock broken by mistake costs bandwidth, not a file. Node only.
 */
import { open, readFile, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileError, makeFolder, systemCode } from "./files";

/** A holder touches its lock so often; one untouched for `STALE_MS` is left over from a process that was killed. */
const TOUCH_MS = 5_000;
const STALE_MS = 60_000;
const POLL_MS = 200;

/** Within a process a lock is waited for in line, so that only one at a time deals with its file. */
const lines = new Map<string, Promise<unknown>>();

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/** Whether nobody holds the lock at `path` any more. */
async function abandoned(path: string): Promise<boolean> {
  try {
    const [pid, host] = (await readFile(path, "utf8")).split("\n");
    if (Date.now() - (await stat(path)).mtimeMs > STALE_MS) return true;
    // Our own number is no holder's: a container may give a new process the number of the one it replaces.
    return host === hostname() && (Number(pid) === process.pid || !alive(Number(pid)));
  } catch {
    // It was released in between; the next try to create it tells.
    return false;
  }
}

async function create(path: string): Promise<boolean> {
  try {
    await makeFolder(dirname(path));
    const file = await open(path, "wx");
    // A full disk still takes a file's name; its content only helps to find leftovers sooner.
    await file.writeFile(`${process.pid}\n${hostname()}\n`).catch(() => {});
    await file.close();
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw fileError("write", path, error);
  }
}

interface LockOptions {
  readonly signal?: AbortSignal;
  /** Called once if another process holds the lock. */
  readonly waiting?: () => void;
}

async function locked<T>(path: string, body: () => Promise<T>, { signal, waiting }: LockOptions): Promise<T> {
  signal?.throwIfAborted();
  let told = false;
  while (!(await create(path))) {
    if (await abandoned(path)) {
      await rm(path, { force: true });
      continue;
    }
    if (!told) waiting?.();
    told = true;
    await sleep(POLL_MS, undefined, { signal });
  }
  const touch = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), TOUCH_MS);
  touch.unref();
  try {
    return await body();
  } finally {
    clearInterval(touch);
    await rm(path, { force: true }).catch(() => {});
  }
}

/** Does `body` while holding the lock at `path`. @throws what `body` throws, and the signal's reason while waiting */
export function withLock<T>(path: string, body: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const mine = (lines.get(path) ?? Promise.resolve()).then(() => locked(path, body, options));
  // The next in line waits for the end, whichever it is.
  const end = mine.then(
    () => {},
    () => {},
  );
  lines.set(path, end);
  void end.then(() => lines.get(path) === end && lines.delete(path));
  return mine;
}
