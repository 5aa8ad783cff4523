/** What a person names for output, whatever is there. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite, type TestContext } from "../../harness/test/suite";
import { descriptorOf } from "./descriptor";
import { systemError, writeAtomic } from "./files";
import { checkOutput, finalPlace, isStream, writeOutput } from "./output-file";

const test = suite("runtime/node/output-file");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-out-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A folder of its own in which others may look too. */
function place(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  chmodSync(folder, 0o755);
  return path;
}
const modeOf = (path: string) => statSync(path).mode & 0o7777;
const isRoot = process.getuid?.() === 0;
const unix = (t: TestContext) => process.platform === "win32" && t.skip("links, modes and pipes are not Windows's");

/** As a user who owns nothing here. */
async function asNobody<T>(t: TestContext, work: () => Promise<T>): Promise<T> {
  if (!isRoot || !process.seteuid || !process.setegid) return t.skip("only root can be somebody else");
  process.setegid(65534);
  process.seteuid(65534);
  try {
    return await work();
  } finally {
    process.seteuid(0);
    process.setegid(0);
  }
}

test("a link is followed, its file keeps mode and owner and is replaced whole", async (t) => {
  unix(t);
  const at = place("links");
  mkdirSync(join(at, "store"));
  const real = join(at, "store", "real.jsonl");
  writeFileSync(real, "old", { mode: 0o600 });
  if (isRoot) chownSync(real, 12345, 54321);
  symlinkSync("store/real.jsonl", join(at, "first"));
  symlinkSync(join(at, "first"), join(at, "link.jsonl"));
  const before = statSync(real).ino;
  await checkOutput(join(at, "link.jsonl"));
  await writeOutput(join(at, "link.jsonl"), "new");
  assert.is(readFileSync(real, "utf8"), "new");
  assert.is(modeOf(real), 0o600);
  if (isRoot) assert.equal([statSync(real).uid, statSync(real).gid], [12345, 54321]);
  assert.is.not(statSync(real).ino, before, "replaced, not overwritten");
  assert.is(readlinkSync(join(at, "link.jsonl")), join(at, "first"));
  assert.is(readlinkSync(join(at, "first")), "store/real.jsonl");
  // Modes of all kinds, the set-group bit among them.
  for (const mode of [0o640, 0o755, 0o666, 0o2664]) {
    chmodSync(real, mode);
    await writeOutput(real, "again");
    assert.is(modeOf(real), mode);
  }
  assert.equal(readdirSync(join(at, "store")), ["real.jsonl"]);
});

test("behind a link a file is made, and its folder; links in a circle are an error", async (t) => {
  unix(t);
  const at = place("dangling");
  symlinkSync("there/new.txt", join(at, "link"));
  await checkOutput(join(at, "link"));
  assert.equal(readdirSync(at), ["link"], "a check leaves nothing");
  await writeOutput(join(at, "link"), "made");
  assert.is(readFileSync(join(at, "there", "new.txt"), "utf8"), "made");
  assert.ok(lstatSync(join(at, "link")).isSymbolicLink());
  // A folder behind a link, and one that is not there yet.
  symlinkSync("there", join(at, "folder"));
  await writeOutput(join(at, "folder", "a.txt"), "a");
  assert.is(readFileSync(join(at, "there", "a.txt"), "utf8"), "a");
  symlinkSync("later", join(at, "soon"));
  for (const write of [writeOutput, writeAtomic]) await write(join(at, "soon", "b.txt"), "b");
  assert.is(readFileSync(join(at, "later", "b.txt"), "utf8"), "b");
  symlinkSync("b", join(at, "a"));
  symlinkSync("a", join(at, "b"));
  for (const write of [checkOutput, (path: string) => writeOutput(path, "x")])
    await refused(
      write(join(at, "a")),
      /cannot write .*dangling\/a: too many symbolic links, or links that lead in a circle/,
    );
});

test("what no file can be is refused by name, before anything is done", async (t) => {
  unix(t);
  const at = place("refused");
  const server = createServer();
  const socket = join(at, "socket");
  await new Promise<void>((done) => server.listen(socket, done));
  writeFileSync(join(at, "file"), "");
  const wrong: [string, RegExp][] = [
    [at, /refused: it is a directory, not a file; name a file inside it/],
    [`${join(at, "new")}/`, /new\/: the name is of a directory/],
    [`${join(at, "file")}/`, /file\/: the name is of a directory/],
    [join(at, "file", "x"), /a part of the path is a file/],
    [socket, /socket: it is a socket; name a file or a pipe/],
    ["", /cannot write "": the name is empty/],
    [join(at, "n".repeat(256)), /the name is too long; choose a shorter one/],
    [join(at, "n".repeat(256), "x"), /the name is too long/],
    ["/proc/no/such/x", /cannot write \/proc\/no\/such\/x: /],
    [join(at, "a\nb\u001b[31m", "\u009b".repeat(200)), /a\\nb\\u001b\[31m/],
  ];
  if (isRoot) {
    const disk = join(at, "disk");
    if (spawnSync("mknod", [disk, "b", "7", "200"]).status === 0) wrong.push([disk, /disk: it is a block device/]);
  }
  try {
    for (const [path, said] of wrong) {
      await refused(checkOutput(path), said);
      await refused(writeOutput(path, "x"), said);
    }
  } finally {
    server.close();
  }
});

test("a name of 255 bytes is a name", async (t) => {
  unix(t);
  const at = place("long");
  for (const name of ["n".repeat(255), "é".repeat(127), "x"])
    for (const write of [writeOutput, writeAtomic]) {
      const path = join(at, name);
      await checkOutput(path);
      await write(path, "1");
      await write(path, "2");
      assert.is(readFileSync(path, "utf8"), "2");
    }
  assert.is(readdirSync(at).length, 3);
});

test("a pipe is written through, as is a character device, which stays one; a full one says so", async (t) => {
  unix(t);
  const at = place("streams");
  const pipe = join(at, "pipe");
  execFileSync("mkfifo", [pipe]);
  await checkOutput(pipe);
  assert.is(await isStream(pipe), true);
  const [{ stdout }] = await Promise.all([
    promisify(execFile)("cat", [pipe], { maxBuffer: 2 ** 24 }),
    writeOutput(pipe, [new Uint8Array(2 ** 20).fill(97), new TextEncoder().encode("end")]),
  ]);
  assert.is(stdout.length, 2 ** 20 + 3);
  assert.ok(stdout.endsWith("aend") && lstatSync(pipe).isFIFO());
  if (!isRoot) return;
  // Nodes of this test's own: those of the machine are never named.
  for (const [name, minor] of [
    ["null", "3"],
    ["full", "7"],
  ])
    if (spawnSync("mknod", [join(at, name), "c", "1", minor]).status !== 0) t.skip("no device nodes can be made here");
  symlinkSync("null", join(at, "to-null"));
  for (const name of ["null", "to-null"]) {
    await checkOutput(join(at, name));
    await writeOutput(join(at, name), "nothing");
  }
  await refused(writeOutput(join(at, "full"), "x"), /full: no space left on the device/);
  assert.ok(lstatSync(join(at, "null")).isCharacterDevice() && lstatSync(join(at, "full")).isCharacterDevice());
  assert.equal(readdirSync(at).sort(), ["full", "null", "pipe", "to-null"]);
});

test("descriptors of this process are known by their paths", async (t) => {
  if (process.platform !== "linux") t.skip("these paths are Linux's");
  const own = await finalPlace("/dev/stdout");
  assert.is(descriptorOf(own), 1);
  assert.is(descriptorOf(await finalPlace("/dev/fd/2")), 2);
  assert.is(descriptorOf(`/proc/${process.pid}/fd/63`), 63);
  for (const other of ["/proc/1/fd/1", "/dev/full", "/tmp/dev/fd/1"]) assert.is(descriptorOf(other), undefined, other);
  await refused(checkOutput("/dev/fd/987"), /cannot write \/dev\/fd\/987: it is not open for this/);
});

test("a file in a folder that takes no other is overwritten in place; a folder that may not be written is refused", async (t) => {
  unix(t);
  const at = place("closed");
  const path = join(at, "mine");
  writeFileSync(path, "a long old content");
  chmodSync(path, 0o666);
  const before = statSync(path).ino;
  await asNobody(t, async () => {
    for (const text of ["short", "x".repeat(100_000), ""]) {
      await checkOutput(path);
      await writeOutput(path, text);
      assert.is(readFileSync(path, "utf8"), text);
    }
    function* broken() {
      yield new TextEncoder().encode("half");
      throw new Error("the source failed");
    }
    await refused(writeOutput(path, broken()), /the source failed/);
    assert.is(readFileSync(path, "utf8"), "", "it was made elsewhere first");
    for (const write of [checkOutput, (name: string) => writeOutput(name, "x")])
      await refused(write(join(at, "new")), /new: permission denied; check who may read and write it/);
  });
  assert.is(statSync(path).ino, before);
  chmodSync(path, 0o444);
  chmodSync(at, 0o777);
  await asNobody(t, async () => {
    for (const write of [checkOutput, (name: string) => writeOutput(name, "x")])
      await refused(write(path), /mine: permission denied/);
  });
  assert.equal(readdirSync(at), ["mine"]);
});

test("a full disk leaves the old content, also of a file that is a mount of its own", async (t) => {
  if (!isRoot || process.platform !== "linux") t.skip("only root can mount");
  const at = place("full");
  const run = (...words: string[]) => spawnSync(words[0], words.slice(1)).status === 0;
  mkdirSync(join(at, "disk"));
  if (!run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", join(at, "disk"))) t.skip("nothing can be mounted here");
  try {
    const small = join(at, "disk", "small");
    writeFileSync(small, "old");
    await refused(writeOutput(small, "x".repeat(100_000)), /small: no space left on the device; free some space/);
    assert.is(readFileSync(small, "utf8"), "old");
    assert.equal(readdirSync(join(at, "disk")), ["small"]);
    const mount = join(at, "mounted");
    writeFileSync(mount, "");
    if (!run("mount", "--bind", small, mount)) return;
    try {
      await writeOutput(mount, "through");
      assert.is(readFileSync(small, "utf8"), "through");
      await refused(writeOutput(mount, "x".repeat(100_000)), /mounted: no space left on the device/);
      assert.is(readFileSync(small, "utf8"), "through", "a longer one fails before a byte is lost");
    } finally {
      run("umount", mount);
    }
  } finally {
    run("umount", join(at, "disk"));
  }
});

test("a rename that fails leaves the old and no other file", async () => {
  const at = place("rename");
  mkdirSync(join(at, "taken"));
  writeFileSync(join(at, "taken", "x"), "old");
  await refused(writeAtomic(join(at, "taken"), "new"), /cannot write .*taken: /);
  assert.equal(readdirSync(at), ["taken"]);
  assert.ok(existsSync(join(at, "taken", "x")));
  assert.is(systemError("EIO").message, "EIO");
});

test.run();
