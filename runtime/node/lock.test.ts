/** Locks between processes: one at a time, none lost while its holder lives, and none left over from the dead. */
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { DirectoryStore } from "./directory-store";
import { withLock } from "./lock";
import { LockFile } from "./lock-file";
import type { LockTimes } from "./lock-protocol";

/** This file again, as a process that holds a folder's lock and is heard of no more: it computes. */
const BUSY = process.env.SPECTROSCOPE_TEST_BUSY;
const TIMES = { touch: 50, stale: 500 };
/** As they are, but for how long a lock is watched. */
const SOON = { touch: 50, stale: 60_000 };
const block = (ms: number) => {
  const until = Date.now() + ms;
  while (Date.now() < until);
};
if (BUSY) {
  await new DirectoryStore(BUSY, undefined, TIMES).exclusive(async () => {
    process.stdout.write("held\n");
    await sleep(20);
    block(60_000);
  });
}

const test = suite("runtime/node/lock");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-lock-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The lock, if it is free. */
async function take(path: string, times?: LockTimes): Promise<LockFile | undefined> {
  const found = await LockFile.take(path, times);
  return found instanceof LockFile ? found : undefined;
}

const minutesAgo = (path: string, minutes: number) => {
  const then = new Date(Date.now() - 60_000 * minutes);
  utimesSync(path, then, then);
};
const deadPid = () =>
  spawnSync(process.execPath, ["-e", "console.log(process.pid)"], { encoding: "utf8" }).stdout.trim();

test("one at a time, also within a process, and released when the body throws", async () => {
  const path = join(folder, "deep", "a.lock");
  let inside = 0;
  let most = 0;
  const body = async () => {
    most = Math.max(most, ++inside);
    await sleep(20);
    inside--;
  };
  await Promise.all(Array.from({ length: 20 }, () => withLock(path, body)));
  assert.is(most, 1);
  await withLock(path, () => Promise.reject(new Error("no"))).catch(() => {});
  assert.equal(readdirSync(join(folder, "deep")), []);
});

test("a lock of a process that is gone, or of nobody for a minute, is taken; one that is held is waited for", async () => {
  const path = join(folder, "b.lock");
  writeFileSync(path, `${deadPid()}\n${hostname()}\n`);
  assert.is(await withLock(path, async () => "taken"), "taken");
  writeFileSync(path, "1\nanother-machine\n");
  minutesAgo(path, 50 / 60);
  assert.equal(await LockFile.take(path), { process: "1", host: "another-machine" });
  minutesAgo(path, 61 / 60);
  await (await take(path, SOON))!.release();
  writeFileSync(path, "1\nanother-machine\n");
  let waited = 0;
  const stop = AbortSignal.timeout(500);
  await withLock(path, async () => assert.unreachable(), { signal: stop, waiting: () => waited++ }).catch((error) =>
    assert.is(error.name, "AbortError"),
  );
  assert.is(waited, 1);
  assert.ok(existsSync(path));
});

test("a process that computes for long keeps its run, whatever the clock says; killed it has lost it", async () => {
  const path = join(folder, "busy");
  const lock = `${path}.lock`;
  const child = spawn(process.execPath, [process.argv[1]], {
    env: { ...process.env, SPECTROSCOPE_TEST_BUSY: path, SPECTROSCOPE_TEST_RESULTS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await new Promise<void>((done) => child.stdout.once("data", () => done()));
    const store = new DirectoryStore(path, undefined, TIMES);
    // Longer than what makes a lock stale here; its thread touches it all the same.
    await sleep(2 * TIMES.stale);
    assert.ok(Date.now() - statSync(lock).mtimeMs < TIMES.stale, "touched while its main thread computes");
    minutesAgo(lock, 60);
    await refused(
      store.exclusive(async () => assert.unreachable()),
      /busy: another process is writing this run/,
    );
    child.kill("SIGKILL");
    await new Promise((done) => child.once("exit", done));
    assert.is(await store.exclusive(async () => "taken"), "taken");
    assert.not(existsSync(lock));
  } finally {
    child.kill("SIGKILL");
  }
});

test("a number that another process has by now is not the holder's; one of another machine's is not looked up here", async () => {
  const path = join(folder, "reused.lock");
  const lock = (await take(path))!;
  const text = readFileSync(path, "utf8");
  await lock.release();
  const [pid, host, machine, start, token] = text.split("\n");
  assert.equal([pid, host], [String(process.pid), hostname()]);
  const lines = (count: number) => text.split("\n").slice(0, count).join("\n");
  const written = (...lines: string[]) => writeFileSync(path, `${lines.join("\n")}\n`);
  const taken = async () => {
    const found = await take(path, SOON);
    await found?.release();
    return found !== undefined;
  };
  // Our parent lives.
  written(String(process.ppid), host);
  assert.not(await taken());
  // What is not whole may be anybody's.
  for (const part of ["", pid, `${pid}\n${host.slice(0, 1)}`, lines(5).slice(0, -3)]) {
    writeFileSync(path, part);
    assert.not(await taken(), JSON.stringify(part));
    minutesAgo(path, 2);
    assert.ok(await taken(), JSON.stringify(part));
  }
  if (process.platform === "linux") {
    // Killed, and its parent does not look.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
    const zombie = String(await new Promise((done) => parent.stdout.once("data", done))).trim();
    await sleep(300);
    process.kill(Number(zombie), 0);
    written(zombie, host);
    assert.ok(await taken(), "it has ended");
    parent.kill();
    written(String(process.ppid), host, machine, start, token);
    assert.ok(await taken(), "it began at another time");
    written(deadPid(), host, "another boot", start, token);
    assert.not(await taken(), "as long as it is touched");
    minutesAgo(path, 2);
    assert.ok(await taken());
  }
  // What this very process holds no more is no lock of its.
  written(pid, host, machine, start, token);
  assert.ok(await taken());
});

test("of many that find a lock left over one has it", async () => {
  const path = join(folder, "many.lock");
  const dead = deadPid();
  for (let round = 0; round < 20; round++) {
    writeFileSync(path, `${dead}\n${hostname()}\n`);
    const locks = await Promise.all(Array.from({ length: 6 }, () => take(path)));
    const held = locks.filter((lock) => lock !== undefined);
    const own = await Promise.all(held.map((lock) => lock.isHeld()));
    assert.equal(own, [true], `round ${round}: ${held.length} took it`);
    for (const lock of held) await lock.release();
  }
  assert.equal(
    readdirSync(folder).filter((name) => name.includes("many")),
    [],
  );
});

test.run();
