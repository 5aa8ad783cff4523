/** The harness itself: what must turn a run red does. Each case is a small script run in a process of its own. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import * as assert from "uvu/assert";
import { projectRoot } from "../../runtime/node/root";
import { suite, type TestRecord } from "./suite";

const test = suite("harness/suite");

/** Bundles and runs a test file; returns its exit code and records. */
function runScript(body: string): { code: number | null; records: TestRecord[]; stray: string[] } {
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
  const run = spawnSync(process.execPath, [file], { env: { ...process.env, SPECTROSCOPE_TEST_RESULTS: results } });
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

test.run();
