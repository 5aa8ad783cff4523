/** Starts of a checkout that is not set up, or no longer: several at once, ended ones, and by whom it does not belong to. */
import {
  accessSync,
  chmodSync,
  constants,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import * as assert from "uvu/assert";
import { projectRoot } from "../../runtime/node/root";
import { suite } from "../test/suite";
import { SmallCheckout, type Start } from "./small-checkout";

const test = suite("harness/setup/first-start");
const NOBODY = 65534;

interface NpmScript {
  failure(word: string, ended: { readonly stderr: string }): Error;
}

async function withCheckout(body: (checkout: SmallCheckout) => Promise<void>): Promise<void> {
  const checkout = new SmallCheckout();
  try {
    await body(checkout);
  } finally {
    chmodSync(checkout.root, 0o755);
    rmSync(checkout.root, { recursive: true, force: true });
  }
}

function printed(start: Start, text: string): void {
  assert.equal([start.status, start.stdout], [0, `${text}\n`], start.stderr);
}

function refused({ status, stdout, stderr }: Start, text: string | RegExp): void {
  assert.is(status, 1, stderr);
  assert.is(stdout, "");
  const lines = stderr
    .trim()
    .split("\n")
    .filter((line) => line !== "installing npm packages (once)");
  assert.is(lines.length, 1, stderr);
  assert.match(lines[0], text);
}

/** Until something is so. */
async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; !what(); tries++) {
    if (tries > 6000) throw new Error("waited for too long");
    await sleep(10);
  }
}

test("two first starts at once both run; one installs and builds, the other says that it waits", () =>
  withCheckout(async (checkout) => {
    const starts = await Promise.all([checkout.start(), checkout.start(), checkout.start()]);
    for (const start of starts) printed(start, "one");
    assert.is(checkout.installs().length, 1);
    assert.is(
      starts.filter(({ stderr }) => /^process \d+ on .* sets up this checkout .*waiting/m.test(stderr)).length,
      2,
    );
    assert.equal(readdirSync(join(checkout.root, ".cache")), [], "nothing of the work stays");
    printed(await checkout.start(), "one");
  }));

test("two who both take themselves for the only one, as on two machines, do each other no harm", () =>
  withCheckout(async (checkout) => {
    const first = checkout.start({ env: { NPM_TOGETHER: "2" } });
    await until(() => checkout.installs().length === 1);
    rmSync(join(checkout.root, ".cache", "setup.lock"));
    const second = checkout.start({ env: { NPM_TOGETHER: "2" } });
    for (const start of await Promise.all([first, second])) printed(start, "one");
    const folders = checkout.installs();
    assert.is(new Set(folders).size, 2, "each installs in a folder of its own");
    assert.ok(
      folders.every((line) => line.includes(join(".cache", "fresh-"))),
      folders.join(),
    );
  }));

test("a first start that was killed leaves nothing that stops the next", () =>
  withCheckout(async (checkout) => {
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      let kill: ((signal: NodeJS.Signals) => void) | undefined;
      const before = checkout.installs().length;
      const started = (end: typeof kill) => {
        kill = end;
      };
      const killed = checkout.start({ env: { NPM_MS: "20000" }, started });
      await until(() => checkout.installs().length > before);
      kill?.(signal);
      assert.is.not((await killed).status, 0);
      assert.not(checkout.has("node_modules"));
      assert.is(checkout.has(".cache/setup.lock"), signal === "SIGKILL");
    }
    printed(await checkout.start(), "one");
  }));

test("packages of another lockfile are replaced whole", () =>
  withCheckout(async (checkout) => {
    checkout.write("node_modules/.package-lock.json", '{"packages": {"node_modules/esb');
    checkout.write("node_modules/old/index.js", "");
    printed(await checkout.start(), "one");
    assert.not(checkout.has("node_modules/old"));
  }));

test("packages and programs of which a part is gone are made again", () =>
  withCheckout(async (checkout) => {
    printed(await checkout.start(), "one");
    await sleep(20);
    const built = join(checkout.root, "dist", "spectroscope.mjs");
    for (const bytes of [0, 1_000_000]) {
      truncateSync(built, bytes);
      printed(await checkout.start(), "one");
    }
    assert.is(checkout.installs().length, 1);
    rmSync(join(checkout.root, "node_modules", "esbuild"));
    checkout.program("two");
    printed(await checkout.start(), "two");
    assert.is(checkout.installs().length, 2);
  }));

test("who may not write a checkout does not run half of what is built there", (t) =>
  withCheckout(async (checkout) => {
    printed(await checkout.start(), "one");
    truncateSync(join(checkout.root, "dist", "spectroscope.mjs"), 0);
    const who = stranger(checkout);
    if (typeof who === "string") return t.skip(who);
    refused(await checkout.start(who), /this checkout cannot be set up by you/);
  }));

test("starts while another builds never read half of what is built", () =>
  withCheckout(async (checkout) => {
    printed(await checkout.start(), "one");
    for (const text of ["two", "three"]) {
      await sleep(20);
      checkout.program(text);
      const all = await Promise.all(Array.from({ length: 4 }, () => checkout.start()));
      for (const start of all) printed(start, text);
    }
    assert.equal(
      readdirSync(join(checkout.root, "dist")).filter((name) => name.includes("tmp") || name.includes("fresh")),
      [],
    );
  }));

test("what changes while it is built counts as newer", () =>
  withCheckout(async (checkout) => {
    printed(await checkout.start(), "one");
    await sleep(20);
    writeFileSync(join(checkout.root, "asconfig.json"), "{ }");
    checkout.program("two");
    // The compiler runs for 600 ms, before the program is bundled; the kernels' source changes meanwhile.
    const first = checkout.start({ env: { ASC_MS: "100" } });
    await sleep(500);
    checkout.write("kernels/abi.ts", "export const accessorModules = () => ({ 'new.ts': '' });\n");
    await first;
    printed(await checkout.start(), "two");
    assert.ok(checkout.has("dist/abi/new.ts"));
    // Built, and nothing newer: not built again.
    const { stderr } = await checkout.start();
    assert.is(stderr, "");
  }));

/** Who may not write the checkout, or why nobody can be found who may not. */
function stranger(checkout: SmallCheckout): { uid?: number } | string {
  if (process.platform === "win32") return "no users to be";
  if (process.getuid?.() === 0) {
    try {
      accessSync(process.execPath, constants.X_OK);
    } catch {
      return "nobody else may run Node";
    }
    return { uid: NOBODY };
  }
  for (const folder of ["", ".cache", "dist"]) if (checkout.has(folder)) chmodSync(join(checkout.root, folder), 0o555);
  return {};
}

test("who may not write a checkout is told that, in one line and as JSON", (t) =>
  withCheckout(async (checkout) => {
    const who = stranger(checkout);
    if (typeof who === "string") return t.skip(who);
    refused(
      await checkout.start(who),
      /this checkout cannot be set up by you \(permission denied\); who owns it must run it once/,
    );
    const { status, stdout } = await checkout.start({ ...who, words: ["devices", "--json"] });
    assert.is(status, 1);
    const { error, code } = JSON.parse(stdout);
    assert.is(code, "checkout-not-writable");
    assert.match(error, "permission denied");
  }));

test("who may not write a checkout runs what is built there, with a word if sources are newer", (t) =>
  withCheckout(async (checkout) => {
    printed(await checkout.start(), "one");
    await sleep(20);
    checkout.program("two");
    const who = stranger(checkout);
    if (typeof who === "string") return t.skip(who);
    const start = await checkout.start(who);
    printed(start, "one");
    assert.match(start.stderr, /^sources are newer than what is built.*running what is there\n$/);
    const later = Date.now() / 1000 + 5;
    utimesSync(join(checkout.root, "dist", "spectroscope.mjs"), later, later);
    assert.is((await checkout.start(who)).stderr, "");
  }));

test("why npm failed is said in a line that is true", () =>
  withCheckout(async (checkout) => {
    const { failure }: NpmScript = await import(pathToFileURL(join(projectRoot(), "harness", "setup", "npm.mjs")).href);
    const said = (...lines: string[]) => failure("ci", { stderr: `${lines.join("\n")}\n` }).message;
    assert.match(
      said("npm error code ENOTFOUND", "npm error request to https://me:SECRET@r.example/x failed"),
      /cannot be reached \(ENOTFOUND: request to https:\/\/\*\*\*@r\.example\/x failed\); check the network/,
    );
    assert.match(said("npm error code E403", "npm error 403 Forbidden"), /gives no access \(E403: 403 Forbidden\)/);
    assert.match(said("npm error code ENOSPC", "npm error syscall write"), "no space left");
    assert.match(said("npm ERR! code EACCES", "npm ERR! path /x/.npm"), /may not write \/x\/\.npm .*npm_config_cache/);
    assert.match(said("npm error code EINTEGRITY", "npm error sha512-x"), "not what package-lock.json names");
    assert.match(said("it fell over"), "npm ci failed: no code: it fell over");
    const down = { NPM_FAILS: "npm error code ECONNREFUSED\nnpm error reason: connect refused\n" };
    refused(
      await checkout.start({ env: down }),
      /registry cannot be reached \(ECONNREFUSED: reason: connect refused\)/,
    );
    refused(await checkout.start({ env: { PATH: join(checkout.root, "none") } }), /npm is not there/);
    const { stdout } = await checkout.start({ env: { NPM_FAILS: "npm error code EUSAGE\n" }, words: ["--json"] });
    assert.is(JSON.parse(stdout).code, "npm-failed");
    assert.not(checkout.has("node_modules"));
    printed(await checkout.start(), "one");
  }));

test.run();
