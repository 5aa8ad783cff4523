/** Waiting for a lock between processes (`lock-file.ts`): for downloads, of which a second one would be double work. */
import { setTimeout as sleep } from "node:timers/promises";
import { LockFile } from "./lock-file";

const POLL_MS = 200;

/** Within a process a lock is waited for in line, so that only one at a time deals with its file. */
const lines = new Map<string, Promise<unknown>>();

interface LockOptions {
  readonly signal?: AbortSignal;
  /** Called once if another process holds the lock. */
  readonly waiting?: () => void;
}

async function locked<T>(path: string, body: () => Promise<T>, { signal, waiting }: LockOptions): Promise<T> {
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    const lock = await LockFile.take(path);
    if (lock instanceof LockFile) {
      try {
        return await body();
      } finally {
        await lock.release();
      }
    }
    if (!told) waiting?.();
    told = true;
    await sleep(POLL_MS, undefined, { signal });
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
