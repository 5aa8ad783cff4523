/** Locks between processes: one at a time, and none left over from the dead. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { withLock } from "./lock";

const test = suite("runtime/node/lock");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-lock-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

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
  assert.not(existsSync(path));
});

test("a lock of a process that is gone, or of nobody for a minute, is taken; one that is held is waited for", async () => {
  const path = join(folder, "b.lock");
  const dead = spawnSync(process.execPath, ["-e", "console.log(process.pid)"], { encoding: "utf8" }).stdout.trim();
  writeFileSync(path, `${dead}\n${hostname()}\n`);
  assert.is(await withLock(path, async () => "taken"), "taken");
  writeFileSync(path, "1\nanother-machine\n");
  utimesSync(path, new Date(Date.now() - 61_000), new Date(Date.now() - 61_000));
  assert.is(await withLock(path, async () => "taken"), "taken");
  writeFileSync(path, "1\nanother-machine\n");
  let waited = 0;
  const stop = AbortSignal.timeout(500);
  await withLock(path, async () => assert.unreachable(), { signal: stop, waiting: () => waited++ }).catch((error) =>
    assert.is(error.name, "AbortError"),
  );
  assert.is(waited, 1);
  assert.ok(existsSync(path));
});

test.run();
