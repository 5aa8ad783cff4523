/** Locks under real processes: at once, stopped, killed at any moment, and in another container. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { LockFile } from "./lock-file";

/** This file again, as a process that takes a lock: what it does, the lock, and a file of who came in and who went out. */
const [role, path, log] = process.env.SPECTROSCOPE_TEST_LOCK?.split("\n") ?? [];
const TIMES = { touch: 500, stale: 1_500 };
const note = (sign: string) => appendFileSync(log, `${sign}${process.pid}\n`);

/** Holds the lock for a while; whether it was free. */
async function hold(ms: number): Promise<boolean> {
  const lock = await LockFile.take(path, TIMES);
  if (!(lock instanceof LockFile)) return false;
  note("+");
  await sleep(ms);
  assert.ok(await lock.isHeld());
  note("-");
  await lock.release();
  return true;
}

if (role === "once") {
  process.stdout.write("ready\n");
  process.stdin.once("data", async () => {
    await hold(300);
    process.exit();
  });
  await new Promise(() => {});
} else if (role === "again") {
  process.stdout.write("ready\n");
  for (;;) if (!(await hold(5 * Math.random()))) await sleep(3 * Math.random());
} else if (role === "keep") {
  await LockFile.take(path, TIMES);
  setInterval(() => {}, 1_000);
  process.stdout.write("ready\n");
  await new Promise(() => {});
}

const test = suite("runtime/node/lock-race");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-race-"));
const children = new Set<ChildProcess>();
test.after(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const place = (name: string) => {
  const within = join(folder, name);
  mkdirSync(within);
  return { within, lock: join(within, "x.lock"), log: join(folder, `${name}.log`) };
};

/** Another process, once it is there. */
async function start(does: string, lock: string, log: string, before: readonly string[] = []): Promise<ChildProcess> {
  const [command, ...parameters] = [...before, process.execPath, process.argv[1]];
  const child = spawn(command, parameters, {
    env: { ...process.env, SPECTROSCOPE_TEST_LOCK: [does, lock, log].join("\n"), SPECTROSCOPE_TEST_RESULTS: "" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.add(child);
  await new Promise((done, failed) => {
    child.stdout.once("data", done);
    child.once("exit", failed);
  });
  return child;
}

const ended = (child: ChildProcess) => new Promise<void>((done) => child.once("exit", () => done()));
const aged = (lock: string) => utimesSync(lock, new Date(Date.now() - 3.6e6), new Date(Date.now() - 3.6e6));

/** Who came in while another was. Whoever was killed was in until then, or to its last line. */
function intrusions(log: string, killed: ReadonlySet<string> = new Set()): readonly string[] {
  const lines = readFileSync(log, "utf8").split("\n").filter(Boolean);
  const found: string[] = [];
  let inside: string | undefined;
  lines.forEach((line, at) => {
    const id = line.slice(1);
    const went = line[0] === "-";
    if (went && inside !== id) found.push(`${id} went out, though ${inside} was in`);
    const ended =
      inside !== undefined && killed.has(inside) && !lines.slice(at).some((later) => later.slice(1) === inside);
    if (!went && inside !== undefined && !ended) found.push(`${id} came in while ${inside} was`);
    inside = went ? undefined : id;
  });
  return found;
}

test("of processes that find a lock left over at once one has it, and it leaves nothing", async () => {
  const { within, lock, log } = place("stale");
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all(Array.from({ length: 4 }, () => start("once", lock, log)));
    writeFileSync(lock, `999999999\n${hostname()}\n`);
    const ends = all.map(ended);
    for (const child of all) child.stdin?.write("go\n");
    await Promise.all(ends);
    assert.is(readFileSync(log, "utf8").split("+").length - 1, round + 1, readFileSync(log, "utf8"));
  }
  assert.equal(intrusions(log), []);
  assert.equal(readdirSync(within), []);
});

test("a process that is stopped keeps its lock for as long as it is, and gives it up once it is killed", async () => {
  const { within, lock, log } = place("stopped");
  const child = await start("keep", lock, log);
  child.kill("SIGSTOP");
  aged(lock);
  await sleep(3 * TIMES.touch);
  const refusal = await LockFile.take(lock, TIMES);
  assert.not(refusal instanceof LockFile);
  assert.equal({ ...refusal, since: undefined }, { process: `${child.pid}`, host: hostname(), since: undefined });
  const end = ended(child);
  child.kill("SIGKILL");
  await end;
  const mine = await LockFile.take(lock, TIMES);
  assert.instance(mine, LockFile);
  await (mine as LockFile).release();
  assert.equal(readdirSync(within), []);
});

test("killed at any moment: nobody comes in while another lives, somebody always does, and nothing is left", async (t) => {
  const { within, lock, log } = place("killed");
  const killed = new Set<string>();
  const all = await Promise.all(Array.from({ length: 3 }, () => start("again", lock, log)));
  for (let kill = 0; kill < 8; kill++) {
    await sleep(20 + 60 * Math.random());
    const child = all.shift()!;
    const end = ended(child);
    child.kill("SIGKILL");
    await end;
    killed.add(`${child.pid}`);
    all.push(await start("again", lock, log));
  }
  for (const child of all) {
    const end = ended(child);
    child.kill("SIGKILL");
    await end;
    killed.add(`${child.pid}`);
  }
  const before = readFileSync(log, "utf8").split("+").length - 1;
  t.note(`${before} holds, ${killed.size} kills`);
  // Of what was killed before it said whose it is nobody can tell but by its age.
  await sleep(1.2 * TIMES.stale);
  const mine = await LockFile.take(lock, TIMES);
  assert.instance(mine, LockFile);
  await (mine as LockFile).release();
  assert.equal(readdirSync(within), []);
  assert.equal(intrusions(log, killed), []);
});

test("a process of another container, whose number means another here, keeps its lock while it lives", async (t) => {
  const container = ["unshare", "-pf", "--kill-child", "--mount-proc"];
  if (spawnSync(container[0], [...container.slice(1), "true"]).status !== 0) t.skip("no containers can be made here");
  const { lock, log } = place("container");
  const child = await start("keep", lock, log, container);
  assert.is(readFileSync(lock, "utf8").split("\n")[0], "1");
  // Its clock was wrong, for all that can be seen.
  aged(lock);
  assert.not((await LockFile.take(lock, TIMES)) instanceof LockFile);
  await sleep(1.2 * TIMES.stale);
  assert.not((await LockFile.take(lock, TIMES)) instanceof LockFile);
  const end = ended(child);
  child.kill("SIGKILL");
  await end;
  assert.not((await LockFile.take(lock, TIMES)) instanceof LockFile, "who can tell");
  await sleep(1.2 * TIMES.stale);
  const mine = await LockFile.take(lock, TIMES);
  assert.instance(mine, LockFile);
  await (mine as LockFile).release();
});

test.run();
