/** Files are there whole or not at all. */
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { readText, writeAtomic } from "./files";

const test = suite("runtime/node/files");
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

test("while a file is written the old one is there, whole", async () => {
  const path = join(folder, "whole.txt");
  await writeFile(path, "old");
  const seen: string[] = [];
  function* parts() {
    yield bytes("ne");
    // The writer is between two parts: what a reader, or a killed process, would leave.
    seen.push(readFileSync(path, "utf8"));
    yield bytes("w");
    seen.push(readFileSync(path, "utf8"));
  }
  await writeAtomic(path, parts());
  assert.equal(seen, ["old", "old"]);
  assert.is(await readFile(path, "utf8"), "new");
  assert.equal(await readdir(folder), ["whole.txt"]);
});

test("a write that fails half way leaves the old file and no other", async () => {
  const path = join(folder, "whole.txt");
  await writeFile(path, "old");
  function* parts() {
    yield bytes("half");
    throw new Error("the source of the parts failed");
  }
  let line = "";
  await writeAtomic(path, parts()).catch((error) => {
    line = error.line;
  });
  assert.match(line, /cannot write .*whole\.txt: the source of the parts failed/);
  assert.is(await readFile(path, "utf8"), "old");
  assert.equal(await readdir(folder), ["whole.txt"]);
});

test("a folder that cannot be made is an error at once, one that is a file too", async () => {
  if (process.platform === "linux")
    await refused(writeAtomic("/proc/no/such/folder/x.txt", "x"), /cannot write \/proc\//);
  const nested = join(folder, "a", "b", "c", "x.txt");
  await Promise.all([writeAtomic(nested, "1"), writeAtomic(join(folder, "a", "b", "d", "y.txt"), "2")]);
  assert.is(await readText(nested), "1");
  // Whoever makes a folder first, the others write into it.
  for (let round = 0; round < 30; round++) {
    const paths = Array.from({ length: 8 }, (_, i) => join(folder, `${round}`, "e", `${i}`, "x.txt"));
    await Promise.all(paths.map((path) => writeAtomic(path, "1")));
  }
  await refused(writeAtomic(join(nested, "under", "z.txt"), "3"), /cannot write .*z\.txt/);
});

test.run();
