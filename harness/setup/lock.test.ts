/** The lock of a set-up, what is put in place under it, and what it is held against. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import * as assert from "uvu/assert";
import { projectRoot } from "../../runtime/node/root";
import { suite } from "../test/suite";

interface Times {
  readonly touch?: number;
  readonly stale?: number;
  readonly poll?: number;
  readonly say?: (line: string) => void;
}
interface LockScript {
  locked<T>(root: string, work: () => Promise<T> | T, times?: Times): Promise<T>;
}
interface PutScript {
  swap(fresh: string, target: string, last: string): void;
}
interface AdapterScript {
  isWhole(folder: string): boolean;
}
interface DependenciesScript {
  checkNode(version: string): void;
}

const test = suite("harness/setup/lock");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-setup-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The scripts run as they are, without a build. */
const script = (name: string) => import(pathToFileURL(join(projectRoot(), "harness", "setup", name)).href);
let roots = 0;
function fresh(): { root: string; lock: string } {
  const root = join(folder, `${roots++}`);
  mkdirSync(join(root, ".cache"), { recursive: true });
  return { root, lock: join(root, ".cache", "setup.lock") };
}

const elsewhere = JSON.stringify({ pid: 1, place: "another-host x y", start: "1", since: "then", token: "t" });

test("one at a time, and a lock goes away whatever its work ends with", async () => {
  const { locked }: LockScript = await script("lock.mjs");
  const { root, lock } = fresh();
  let inside = 0;
  const work = async () => {
    assert.is(++inside, 1);
    await sleep(20);
    inside--;
  };
  await Promise.all(Array.from({ length: 5 }, () => locked(root, work, { poll: 3, say: () => {} })));
  await locked(root, () => Promise.reject(new Error("no"))).catch(() => {});
  assert.not(existsSync(lock));
});

test("a holder on another machine keeps it while it touches it, and not longer", async () => {
  const { locked }: LockScript = await script("lock.mjs");
  const { root, lock } = fresh();
  writeFileSync(lock, elsewhere);
  const lines: string[] = [];
  let taken = false;
  const mine = locked(root, async () => true, { stale: 1500, poll: 10, say: (line) => lines.push(line) });
  void mine.then(() => {
    taken = true;
  });
  for (let beats = 0; beats < 40; beats++) {
    await sleep(60);
    writeFileSync(lock, elsewhere);
  }
  assert.not(taken);
  assert.is(await mine, true);
  assert.equal(lines, ["process 1 on another-host sets up this checkout since then: waiting for it"]);
});

test("while it works the lock is touched; one that another took meanwhile is left to it", async () => {
  const { locked }: LockScript = await script("lock.mjs");
  const { root, lock } = fresh();
  await locked(
    root,
    async () => {
      const mine = readFileSync(lock, "utf8");
      const since = statSync(lock).mtimeMs;
      for (let waited = 0; statSync(lock).mtimeMs === since && waited < 10_000; waited += 20) await sleep(20);
      assert.ok(statSync(lock).mtimeMs > since);
      assert.is(readFileSync(lock, "utf8"), mine);
      writeFileSync(lock, elsewhere);
    },
    { touch: 10 },
  );
  assert.is(readFileSync(lock, "utf8"), elsewhere);
});

test("a lock of a dead process, or of a number that another process has now, is taken over", async () => {
  const { locked }: LockScript = await script("lock.mjs");
  const { root, lock } = fresh();
  const mine = await locked(root, () => JSON.parse(readFileSync(lock, "utf8")));
  for (const left of [
    { ...mine, pid: 2 ** 22 + 1 },
    { ...mine, start: "0" },
  ]) {
    if (process.platform !== "linux" && left.start === "0") continue;
    writeFileSync(lock, JSON.stringify(left));
    assert.is(await locked(root, () => true, { poll: 5 }), true);
  }
});

test("a folder takes another's place, whatever lies there", async () => {
  const { swap }: PutScript = await script("put.mjs");
  const { root } = fresh();
  const target = join(root, "modules");
  const place = (what: string) => {
    const made = join(root, `fresh-${what}`);
    mkdirSync(made);
    writeFileSync(join(made, "last"), what);
    swap(made, target, "last");
    assert.equal([readdirSync(target), readFileSync(join(target, "last"), "utf8")], [["last"], what]);
  };
  place("first");
  writeFileSync(join(target, "more"), "");
  place("second");
  mkdirSync(join(root, "away"));
  writeFileSync(join(root, "away", "kept"), "");
  rmSync(target, { recursive: true });
  symlinkSync(join(root, "away"), target);
  place("third");
  assert.equal(readdirSync(join(root, "away")), ["kept"], "what a link led to is somebody else's");
});

test("a driver that was half-fetched or cut is not taken for one", async () => {
  const { isWhole }: AdapterScript = await script("adapter.mjs");
  const { root } = fresh();
  const write = (name: string, text: string) => writeFileSync(join(root, name), text);
  assert.not(isWhole(root));
  write("vk_swiftshader_icd.json", JSON.stringify({ ICD: { library_path: "./lib.so" } }));
  assert.not(isWhole(root));
  write("lib.so", "");
  assert.not(isWhole(root));
  write("lib.so", "12345");
  assert.ok(isWhole(root), "as an earlier version left it");
  write("fetched.json", JSON.stringify({ files: { "lib.so": 6 } }));
  assert.not(isWhole(root));
  write("lib.so", "123456");
  assert.ok(isWhole(root));
  write("vk_swiftshader_icd.json", '{"ICD": {"libr');
  assert.not(isWhole(root));
});

test("Node that is too old is said so", async () => {
  const { checkNode }: DependenciesScript = await script("dependencies.mjs");
  assert.throws(() => checkNode("18.20.1"), /Node 18\.20\.1 is too old: install Node 20 or later/);
  checkNode("20.0.0");
});

test.run();
