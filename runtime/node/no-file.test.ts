/** What lies where a file of a run, or its lock, belongs and is none: refused by name at once, never waited for, never touched. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { DirectoryStore } from "./directory-store";

const test = suite("runtime/node/no-file");

const scratch = mkdtempSync(join(tmpdir(), "no-file-"));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

/** Makes a pipe; whether this system has any. */
const pipe = (path: string) => spawnSync("mkfifo", [path]).status === 0;

test("a pipe or a folder in a file's place is refused by name", async () => {
  const store = new DirectoryStore(join(scratch, "files"));
  mkdirSync(join(store.name, "folder.json"), { recursive: true });
  await refused(store.get("folder.json"), /cannot read .*folder\.json: it is a directory; move it away/);
  if (pipe(join(store.name, "pipe.json")))
    await refused(store.get("pipe.json"), /cannot read .*pipe\.json: it is no file; move it away/);
});

test("below a file there is nothing to delete", async () => {
  const store = new DirectoryStore(join(scratch, "below"));
  mkdirSync(store.name);
  writeFileSync(join(store.name, "unit.zarr"), "x");
  await store.delete("unit.zarr/zarr.json");
  assert.is(readFileSync(join(store.name, "unit.zarr"), "utf8"), "x");
  await store.delete("unit.zarr");
  assert.not(existsSync(join(store.name, "unit.zarr")));
});

test("a lock that is a link, a folder or a pipe is refused by name, and what a link leads to is left alone", async () => {
  const run = join(scratch, "run");
  const other = join(scratch, "other");
  writeFileSync(other, "precious");
  const lock = `${run}.lock`;
  const makers: (() => unknown)[] = [
    () => symlinkSync(other, lock),
    () => symlinkSync(join(scratch, "nowhere"), lock),
    () => symlinkSync(lock, lock),
    () => mkdirSync(lock),
    () => pipe(lock),
  ];
  for (const make of makers) {
    if (make() === false) continue;
    const held = new DirectoryStore(run).exclusive(async () => assert.unreachable());
    await refused(held, /run\.lock: is there and is no file, so it is no lock; move it away/);
    rmSync(lock, { recursive: true });
  }
  assert.is(readFileSync(other, "utf8"), "precious");
  assert.not(existsSync(join(scratch, "nowhere")));
});

test("a lock that names nobody is said to, by its name", async () => {
  const run = join(scratch, "unsigned");
  writeFileSync(`${run}.lock`, "");
  const held = new DirectoryStore(run).exclusive(async () => assert.unreachable());
  await refused(held, /may be writing this run: .*unsigned\.lock does not say who; try again in a minute/);
});

test.run();
