/** What every store promises, and what a folder promises besides. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { refused, refusedAtOnce } from "../../harness/test/refused";
import { storeKinds } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { DirectoryStore } from "../node/directory-store";
import { locked, type Store } from "./store";

const test = suite("runtime/store/store");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-store-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const text = async (store: Store, key: string) => {
  const found = await store.get(key);
  return found && new TextDecoder().decode(found);
};

for (const { kind, open } of storeKinds(test)) {
  test(`${kind}: values under keys, whole and in parts, listed and removed by whole names`, async () => {
    const store = open("plain");
    assert.equal([await store.get("a"), await store.size("a"), await store.list("")], [undefined, undefined, []]);
    await store.delete("a");
    await store.set("a/b", bytes("one"));
    await store.set("a/c d/e=0.1", [bytes("tw"), bytes("o")]);
    async function* parts() {
      yield bytes("th");
      yield bytes("ree");
    }
    await store.set("ab", parts());
    await store.set("B", new Uint8Array(0));
    assert.equal(await store.list(""), ["B", "a/b", "a/c d/e=0.1", "ab"]);
    assert.equal(
      [await store.list("a"), await store.list("a/b"), await store.list("x")],
      [["a/b", "a/c d/e=0.1"], [], []],
    );
    assert.equal(
      [await store.names(""), await store.names("a"), await store.names("x")],
      [["B", "a", "ab"], ["b", "c d"], []],
    );
    assert.equal(
      [await text(store, "a/c d/e=0.1"), await text(store, "ab"), await text(store, "B")],
      ["two", "three", ""],
    );
    assert.equal([await store.size("ab"), await store.size("a"), await store.size("B")], [5, undefined, 0]);
    await store.set("ab", bytes("over"));
    const range = async (from: number, to: number) => new TextDecoder().decode(await store.get("ab", { from, to }));
    assert.equal([await range(1, 3), await range(2, 9), await range(4, 4)], ["ve", "er", ""]);
    assert.is(await store.get("none", { from: 0, to: 1 }), undefined);
    await store.delete("a");
    assert.equal(await store.list(""), ["B", "ab"], "ab does not lie below a");
    await store.delete("ab");
    assert.equal(await store.list(""), ["B"]);
    await store.flush();
    await store.delete("");
    assert.equal(await store.list(""), []);
  });

  test(`${kind}: what is read is the reader's own, and what is written the store's`, async () => {
    const store = open("own");
    const value = bytes("abc");
    await store.set("x", value);
    value[0] = 0;
    const read = (await store.get("x"))!;
    assert.equal([read.byteOffset, read.buffer.byteLength], [0, 3]);
    read[1] = 0;
    assert.is(await text(store, "x"), "abc");
  });

  test(`${kind}: a value that cannot be made is not there, and the one before it stays`, async () => {
    const store = open("half");
    await store.set("x", bytes("old"));
    function* parts() {
      yield bytes("half");
      throw new Error("the source of the parts failed");
    }
    for (const key of ["x", "y/z"]) {
      await store.set(key, parts()).then(
        () => assert.unreachable(),
        (error) => assert.match(error.message, "the source of the parts failed"),
      );
    }
    assert.equal([await text(store, "x"), await store.list("")], ["old", ["x"]]);
  });

  test(`${kind}: a part of a store is a store`, async () => {
    const store = open("whole");
    const part = store.below("samples_l0 attn.zarr");
    await part.set("phi/zarr.json", bytes("{}"));
    assert.equal(await store.list(""), ["samples_l0 attn.zarr/phi/zarr.json"]);
    assert.equal([await part.list(""), await part.below("phi").list("")], [["phi/zarr.json"], ["zarr.json"]]);
    assert.equal(await part.names("phi"), ["zarr.json"]);
    assert.match(part.nameOf("phi"), /whole.samples_l0 attn\.zarr.phi$/);
    assert.is(part.nameOf(""), part.name);
    await part.delete("");
    assert.equal(await store.list(""), []);
  });

  test(`${kind}: no key leads out of the store, or to what is the store's own`, async () => {
    const store = open("keys");
    for (const key of [
      "..",
      "../x",
      "a/../../x",
      "/a",
      "a/",
      "a//b",
      ".",
      "a/.hidden",
      "a\\b",
      "c:x",
      "a\0b",
      "x.lock",
    ]) {
      await refused(store.set(key, bytes("x")), /is no key; use names without/);
      await refused(store.get(key), /is no key/);
      await refused(store.delete(key), /is no key/);
      refusedAtOnce(() => store.below(key), /is no key/);
      refusedAtOnce(() => store.nameOf(key), /is no key/);
    }
    assert.equal(await store.list(""), []);
  });

  test(`${kind}: one at a time, told at once and freed when the body throws; parts are held for themselves`, async () => {
    const [one, two] = [open("held"), open("held")];
    const who =
      kind === "directory" ? ` \\(process ${process.pid} on [\\w.-]+ since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\\)` : "";
    const wrong = new RegExp(
      `held: another process is writing this run${who}; wait for it, or choose another directory`,
    );
    await one.exclusive(async () => {
      await refused(
        two.exclusive(async () => assert.unreachable()),
        wrong,
      );
      await refused(
        one.exclusive(async () => assert.unreachable()),
        wrong,
      );
      await one.below("part").exclusive(async () => {
        await one.set("part/x", bytes("in"));
        assert.equal([await one.list(""), await one.names("")], [["part/x"], ["part"]], "a hold is no key");
      });
      await one.set("y", bytes("in"));
    });
    await one.exclusive(() => Promise.reject(new Error("no"))).catch(() => {});
    assert.is(await two.exclusive(async () => "free"), "free");
    assert.equal(await one.list(""), ["part/x", "y"]);
  });
}

test("what a killed process left half-written is never listed, and goes where nobody else writes", async () => {
  const path = join(folder, "killed");
  const store = new DirectoryStore(path);
  await store.set("a/x", bytes("x"));
  const left = [join(path, ".manifest.json.1.0.tmp"), join(path, "a", ".x.1.0.tmp")];
  for (const file of left) writeFileSync(file, "half");
  assert.equal([await store.list(""), await store.names(""), await store.names("a")], [["a/x"], ["a"], ["x"]]);
  assert.ok(left.every(existsSync), "another process may be writing");
  await store.exclusive(async () => {
    const slow = async function* () {
      yield bytes("n");
      // This one is being written now.
      await store.list("");
      yield bytes("ew");
    };
    await store.set("a/y", slow());
  });
  assert.not(left.some(existsSync));
  assert.equal(
    [await store.list(""), readdirSync(join(path, "a"))],
    [
      ["a/x", "a/y"],
      ["x", "y"],
    ],
  );
});

test("one folder has one lock, however it is spelled and whatever leads to it", async () => {
  const path = join(realpathSync(folder), "real");
  mkdirSync(path);
  symlinkSync(path, join(folder, "link"));
  const within = process.cwd();
  const spellings = [path, `${path}/`, join(folder, "link"), relative(within, path), `${path}/../real`];
  for (const one of spellings) {
    await new DirectoryStore(one).exclusive(async () => {
      assert.ok(existsSync(`${path}.lock`));
      for (const other of spellings) {
        await refused(
          new DirectoryStore(other).exclusive(async () => assert.unreachable()),
          /another process/,
        );
      }
    });
  }
  const unmade = join(folder, "link", "not", "yet");
  await new DirectoryStore(unmade).exclusive(async () => {
    await refused(
      new DirectoryStore(join(path, "not", "yet")).exclusive(async () => {}),
      /another process/,
    );
  });
  assert.not(existsSync(unmade), "it is not made before anything is in it");
  symlinkSync(join("link", "later"), join(folder, "ahead"));
  await new DirectoryStore(join(folder, "ahead")).exclusive(async () => {
    assert.ok(existsSync(join(path, "later.lock")), "of a link it is where it leads, there or not");
  });
  assert.equal(readdirSync(join(path, "not")), []);
  const long = join(path, "n".repeat(255));
  await new DirectoryStore(long).exclusive(async () => {
    await refused(
      new DirectoryStore(long).exclusive(async () => {}),
      /another process/,
    );
  });
  assert.equal(readdirSync(path), ["not"]);
});

test("a lock that another process took is noticed: nothing is written any more, and its lock stays", async () => {
  const path = join(folder, "stolen");
  const store = new DirectoryStore(path, undefined, { touch: 20, stale: 60_000 });
  const lock = `${path}.lock`;
  await store.exclusive(async () => {
    await store.set("before", bytes("x"));
    writeFileSync(lock, "1\nanother-machine\n");
    // Its touch comes by some times.
    await sleep(300);
    const taken = /stolen: another process has taken this run's lock; run the same command again/;
    await refused(store.set("after", bytes("x")), taken);
    await refused(store.below("part").set("after", bytes("x")), taken);
    await refused(store.delete("before"), taken);
  });
  assert.equal(await store.list(""), ["before"]);
  assert.is(readFileSync(lock, "utf8"), "1\nanother-machine\n");
});

test("errors name the path", async () => {
  const path = join(folder, "errors");
  const store = new DirectoryStore(path);
  await store.set("file", bytes("x"));
  await store.set("dir/file", bytes("x"));
  await refused(store.get("dir"), /cannot read .*errors.dir: it is a directory/);
  await refused(store.set("file/below", bytes("x")), /cannot write .*errors.file.below/);
  await refused(
    new DirectoryStore(join(path, "file")).names(""),
    /cannot list .*errors.file: a part of the path is a file/,
  );
});

test("a store that another holds is told with who and since when, on the clock of whoever reads it", () => {
  const since = new Date(2026, 0, 5, 3, 7);
  assert.match(
    locked("run", { process: "12", host: "here", since }).message,
    /process 12 on here since 2026-01-05 03:07/,
  );
  assert.match(locked("run", { since: new Date(2026, 11, 31, 23, 59) }).message, /since 2026-12-31 23:59/);
  assert.not.match(locked("run").message, /process \d|since/);
});

test.run();
