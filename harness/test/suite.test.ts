/** The harness itself: what must turn a run red does. Each case is a small script run in a process of its own. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import * as assert from "uvu/assert";
import { projectRoot } from "../../runtime/node/root";
import { selector } from "./selection";
import { suite, type TestRecord } from "./suite";

const test = suite("harness/suite");

/** This process's own environment without what selects among its cases. */
const { SPECTROSCOPE_TEST_GREP, SPECTROSCOPE_TEST_LIST, ...environment } = process.env;

/** Bundles and runs a test file; returns its exit code and records. */
function runScript(
  body: string,
  selection: Record<string, string> = {},
): { code: number | null; records: TestRecord[]; stray: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-suite-"));
  const results = join(folder, "results.json");
  const root = projectRoot();
  const source = `import { suite } from ${JSON.stringify(join(root, "harness/test/suite"))};\n${body}`;
  const built = buildSync({
    stdin: { contents: source, resolveDir: root, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    external: [],
    write: false,
  });
  const file = join(folder, "script.mjs");
  writeFileSync(file, built.outputFiles[0].text);
  const run = spawnSync(process.execPath, [file], {
    env: { ...environment, ...selection, SPECTROSCOPE_TEST_RESULTS: results },
  });
  return { code: run.status, ...JSON.parse(readFileSync(results, "utf8")) };
}

test("a passing test is green", () => {
  const { code, records } = runScript(`const t = suite("a"); t("x", () => {}); t.run();`);
  assert.is(code, 0);
  assert.is(records[0].status, "passed");
});

test("a failing assertion is red", () => {
  const { code, records } = runScript(`const t = suite("a"); t("x", () => { throw new Error("no"); }); t.run();`);
  assert.is(code, 1);
  assert.is(records[0].status, "failed");
});

test("a before hook that throws fails its tests", () => {
  const { code, records } = runScript(
    `const t = suite("a"); t.before(() => { throw new Error("no adapter"); }); t("x", () => {}); t.run();`,
  );
  assert.is(code, 1);
  assert.match(records[0].detail ?? "", "no adapter");
});

test("a test that never ends is red", () => {
  const { code, records } = runScript(
    `const t = suite("a"); t("x", () => { setTimeout(() => process.exit(0), 50); return new Promise(() => {}); }); t.run();`,
  );
  assert.is(code, 1);
  assert.is(records[0].status, "failed");
});

test("a suite that was never run is red", () => {
  assert.is(runScript(`const t = suite("a"); t("x", () => {});`).code, 1);
});

test("a skip is counted with its reason", () => {
  const { code, records } = runScript(`const t = suite("a"); t("x", (c) => c.skip("no data")); t.run();`);
  assert.is(code, 0);
  assert.is(records[0].status, "skipped");
  assert.is(records[0].detail, "no data");
});

/** Two suites that say what they do; of the second, `after` fails where its `before` did not run. */
const TWO = `
  let made = [];
  const a = suite("a");
  a.before(() => made.push("before"));
  a("one", (t) => t.note(made.join()));
  a("two", () => { throw new Error("two ran"); });
  a.after(() => { throw new Error("after ran"); });
  a.run();
  const b = suite("b/one");
  b.before(() => { throw new Error("b began"); });
  b("three", () => {});
  b.after(() => made.none.close());
  b.run();`;

test("selected cases run with their suite's hooks; others are neither run nor counted, nor are their suites' hooks", () => {
  const { code, records, stray } = runScript(TWO, { SPECTROSCOPE_TEST_GREP: "a#one" });
  assert.equal(
    records.map(({ suite, test, status, notes }) => [suite, test, status, notes]),
    [["a", "one", "passed", ["before"]]],
  );
  assert.equal([code, stray], [1, ["a, after: after ran"]]);
  const none = runScript(TWO, { SPECTROSCOPE_TEST_GREP: "nowhere" });
  assert.equal([none.code, none.records, none.stray], [0, [], []]);
  const failing = runScript(TWO, { SPECTROSCOPE_TEST_GREP: "/^a#t/" });
  assert.equal([failing.code, failing.records.map(({ status }) => status)], [1, ["failed"]]);
});

test("listed cases are not run, nor is a hook", () => {
  const { code, records, stray } = runScript(TWO, { SPECTROSCOPE_TEST_LIST: "1" });
  assert.equal(
    records.map(({ suite, test, status }) => `${suite}#${test} ${status}`),
    ["a#one listed", "a#two listed", "b/one#three listed"],
  );
  assert.equal([code, stray], [0, []]);
});

test("a pattern is text, or an expression between slashes", () => {
  const names = ["a#One", "a/b#one (two)", "c#three"];
  const found = (pattern: string) => names.filter(selector(pattern));
  assert.equal(found("one"), ["a/b#one (two)"]);
  assert.equal(found("(two)"), ["a/b#one (two)"]);
  assert.equal(found("a/b"), ["a/b#one (two)"]);
  assert.equal(found("/^a.*#one/i"), ["a#One", "a/b#one (two)"]);
  assert.equal(found("/^(a|c)#/"), ["a#One", "c#three"]);
  assert.throws(() => selector("/(/"), /--grep \/\(\/: Invalid regular expression/);
});

test("npm test: --grep, --list, files, and what is refused", () => {
  const runner = (...words: string[]) => {
    const [file, env] = [join(projectRoot(), "dist", "test.mjs"), { ...environment, SPECTROSCOPE_TEST_RESULTS: "" }];
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...words], { env, encoding: "utf8" });
    return { status, stdout, stderr };
  };
  const own = "harness/test/suite.test.ts";
  const list = runner("--list", own);
  assert.is(list.status, 0, list.stderr);
  assert.ok(list.stdout.split("\n").includes("harness/suite#a passing test is green"), list.stdout);
  const one = runner("--grep", "suite#a passing", own);
  assert.is(one.status, 0, one.stderr);
  assert.match(
    one.stdout,
    /^ok {3}harness\/test\/suite [^\n]*\n {5}a passing test is green\n1 passed, 0 failed, 0 skipped\n$/m,
  );
  const refused = (words: string[], text: RegExp) => {
    const { status, stderr } = runner(...words);
    assert.is(status, 2, stderr);
    assert.match(stderr, text);
  };
  refused(["--grep", "no such case", own], /no test case has no such case in its name; npm test -- --list/);
  refused(["no/such/file"], /no test file has no\/such\/file in its path/);
  refused(["--grep", "/(/", own], /npm test: --grep \/\(\/: Invalid regular expression/);
  refused(["--gerp", "x"], /unknown option --gerp; did you mean "--grep"/);
});

test.run();
