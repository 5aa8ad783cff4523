/** The built program for a user without a home: no HOME, and no line in the system's list of users. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { program } from "../test/program";
import { suite, type TestContext } from "../test/suite";

const test = suite("harness/cli/homeless");
const USER = 54321;
const folder = mkdtempSync(join(tmpdir(), "spectroscope-homeless-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Whether others may go into a folder, and into all that it lies in. */
function open(path: string): boolean {
  return (statSync(path).mode & 0o001) !== 0 && (dirname(path) === path || open(dirname(path)));
}

function run(t: TestContext, words: string[], variables: Record<string, string>) {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return t.skip("only root can be another user");
  if (!open(dirname(program)) || !open(dirname(process.execPath))) return t.skip("others may not read this checkout");
  accessSync(process.execPath, constants.X_OK);
  const env = { PATH: process.env.PATH, ...variables };
  return spawnSync(process.execPath, [program, ...words], { encoding: "utf8", cwd: "/", env, uid: USER, gid: USER });
}

test("a cache that a variable names needs no home", (t) => {
  const { status, stderr } = run(t, ["fetch", "own/tiny", "--offline"], { HF_HUB_CACHE: folder });
  assert.is(status, 1);
  assert.match(stderr, /^spectroscope: own\/tiny is not in the cache .*\n$/);
});

test("where none is named, it is said which variable would", (t) => {
  const { status, stdout, stderr } = run(t, ["fetch", "own/tiny", "--offline", "--json"], {});
  assert.is(status, 1);
  assert.match(stderr, /^spectroscope: there is no home .* set HF_HOME, or HF_HUB_CACHE, to a folder\n$/);
  assert.is(JSON.parse(stdout).code, "bad-input");
  const web = run(t, ["fetch", "http://127.0.0.1:1/m", "--offline"], { HF_HUB_CACHE: folder });
  assert.match(web.stderr, /there is no home .* HF_ASSETS_CACHE/);
});

test("what is computed on is found without one", (t) => {
  const { status, stderr } = run(t, ["devices", "--adapter", "wasm"], {});
  assert.is(status, 0, stderr);
  assert.ok([0, 3].includes(run(t, ["devices", "--adapter", "gpu"], {}).status ?? -1));
});

test.run();
