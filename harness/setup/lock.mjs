/**
 * One set-up of a checkout at a time: a file in it names who is at work, and others wait. It spares work. Nothing depends on it:
 * what is put in place is put whole, so that two who both take themselves for its holder do no harm.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { constants, hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How often the holder touches it, when one on another machine that is not touched is left over, how often it is looked at. */
const TIMES = { touch: 5_000, stale: 60_000, poll: 200 };

export const lockOf = (root) => join(root, ".cache", "setup.lock");

const attempt = (read) => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** Since when a process runs, so that a number used again is not taken for the process it was. */
const startOf = (pid) =>
  attempt(() => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1).split(" ")[19]) ?? "";

/** This machine since its start, and whose numbers of processes are meant: containers of one host may share its name. */
const place = () =>
  [hostname(), "/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"]
    .map((file, at) =>
      at === 0 ? file : attempt(() => (at === 1 ? readFileSync : readlinkSync)(file, "latin1").trim()),
    )
    .join(" ");

function sign() {
  const { pid } = process;
  const since = new Date().toISOString();
  return JSON.stringify({ pid, place: place(), start: startOf(pid), since, token: randomBytes(8).toString("hex") });
}

const read = (path) => attempt(() => readFileSync(path, "utf8"));

/** What a lock says; nothing where it is half-written. */
const holderOf = (text) => attempt(() => JSON.parse(text ?? ""));

/** Whether the holder lives; undefined where nobody here can know. */
function lives(holder) {
  if (typeof holder?.pid !== "number" || holder.place !== place()) return undefined;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  return !holder.start || startOf(holder.pid) === holder.start;
}

/** Milliseconds since the lock was touched, by the clock of the disk that it lies on. */
function ageOf(path) {
  const probe = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(probe, "");
    return statSync(probe).mtimeMs - statSync(path).mtimeMs;
  } catch {
    return 0;
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Makes the lock if nobody has it. Throws what the file system says, above all that one may not write here. */
function take(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    if (error.code === "ENOSPC" || error.code === "EDQUOT") rmSync(path, { force: true });
    throw error;
  }
}

/** Removes a lock that nobody holds any more. */
function clear(path, stale) {
  const seen = read(path);
  if (seen === undefined) return;
  const alive = lives(holderOf(seen));
  if (alive || (alive === undefined && ageOf(path) <= stale)) return;
  // Two may have seen it: whoever renames it has it, and what is no longer the lock that was seen goes back.
  const taken = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, taken);
    if (read(taken) !== seen) linkSync(taken, path);
  } catch {
    // Another was faster.
  } finally {
    rmSync(taken, { force: true });
  }
}

function touch(path, text) {
  attempt(() => {
    if (read(path) !== text) return;
    // By writing, for the disk's clock counts.
    const file = openSync(path, "r+");
    writeSync(file, text, 0);
    closeSync(file);
  });
}

/** Gives the lock up, once, and whatever ends the process. */
function releaser(path, text) {
  const release = () => {
    if (read(path) === text) rmSync(path, { force: true });
  };
  // An exit as shells count signals, so that who hears of it ends what it started.
  const onSignal = (signal) => process.exit(128 + constants.signals[signal]);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const done = () => {
    release();
    process.off("exit", release);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on("exit", release);
  for (const signal of signals) process.on(signal, onSignal);
  return done;
}

/** Does `work` while nobody else sets up this checkout. Throws what `work` throws, and that the checkout may not be written. */
export async function locked(root, work, { say = console.error, ...given } = {}) {
  const times = { ...TIMES, ...given };
  const path = lockOf(root);
  const text = sign();
  for (let told = false; !take(path, text); ) {
    clear(path, times.stale);
    const holder = holderOf(read(path));
    if (!told && holder) {
      const [host] = String(holder.place).split(" ");
      say(`process ${holder.pid} on ${host} sets up this checkout since ${holder.since}: waiting for it`);
      told = true;
    }
    await sleep(times.poll);
  }
  const done = releaser(path, text);
  const beat = setInterval(() => touch(path, text), times.touch);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    done();
  }
}
