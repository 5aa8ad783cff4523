/** Runs every bundled test file in a process of its own and adds up what they say. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError } from "../../kernels/errors";
import { openGpu } from "../../runtime/node/open-device";
import { projectRoot } from "../../runtime/node/root";
import { type CommandSpec, helpText, parseOptions } from "../cli/options";
import { caseName, selector } from "./selection";
import type { TestRecord } from "./suite";

const TIMEOUT_MS = 8 * 60_000;
const CONCURRENCY = 2;

/** What `npm test --` takes. */
const SPEC = {
  name: "test",
  summary: "Run tests: all of them, or those of some files, or some cases.",
  options: {
    grep: {
      type: "string",
      placeholder: "PATTERN",
      help: "only the cases whose suite#case has this text in it; /PATTERN/ is a regular expression",
    },
    list: { type: "boolean", default: false, help: "print every case as suite#case and run none" },
    json: { type: "boolean", default: false, help: "one JSON object on stdout instead of text" },
  },
  positionals: [{ name: "PART", help: "part of a test file's path; several: any of them", optional: true, many: true }],
  examples: ["test -- runtime/store", 'test -- --grep "cluster#every config key"', "test -- runtime/cluster --list"],
} as const satisfies CommandSpec;

interface FileResult {
  file: string;
  records: TestRecord[];
  stray: string[];
}

function runFile(folder: string, file: string, results: string, env: NodeJS.ProcessEnv): Promise<FileResult> {
  return new Promise((done) => {
    const output = join(results, `${file}.json`);
    const child = spawn(process.execPath, [join(folder, file)], {
      env: { ...process.env, ...env, SPECTROSCOPE_TEST_RESULTS: output },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (data) => {
      stderr = (stderr + data).slice(-4000);
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const told: Omit<FileResult, "file"> = existsSync(output)
        ? JSON.parse(readFileSync(output, "utf8"))
        : { records: [], stray: [`ended with ${signal ?? `code ${code}`} and no results: ${stderr.trim()}`] };
      if (code !== 0 && told.stray.length === 0 && !told.records.some((record) => record.status === "failed")) {
        told.stray.push(`exit code ${code ?? signal}: ${stderr.trim()}`);
      }
      done({ file, ...told });
    });
  });
}

function print(result: FileResult, verbose: boolean): void {
  const failed = result.records.some((record) => record.status === "failed") || result.stray.length > 0;
  const seconds = result.records.reduce((sum, record) => sum + record.ms, 0) / 1000;
  console.log(`${failed ? "FAIL" : "ok  "} ${pathOf(result.file)} (${seconds.toFixed(1)} s)`);
  for (const record of result.records) {
    if (record.status !== "passed") console.log(`     ${record.status}: ${record.test}: ${record.detail}`);
    else if (verbose) console.log(`     ${record.test}`);
    for (const note of record.notes) console.log(`       ${note}`);
  }
  for (const line of result.stray) console.log(`     failed: ${line}`);
}

/** `kernels.rotary.rotate.mjs` is the bundle of `kernels/rotary/rotate`. */
function pathOf(file: string): string {
  return file.replace(/\.mjs$/, "").replaceAll(".", "/");
}

/** Test files in dist, by parts of the paths of what they were made from. */
function filesOf(folder: string, parts: readonly string[]): string[] {
  const all = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".mjs")) : [];
  return all.filter((file) => parts.length === 0 || parts.some((part) => `${pathOf(file)}.test.ts`.includes(part)));
}

/** What the adapter of GPU tests is called; says so, or why there is none. */
async function adapterName(json: boolean): Promise<string> {
  try {
    const device = await openGpu();
    const { name } = device.facts;
    if (!json) console.log(device.banner ?? `adapter: ${name}`);
    device.close();
    return name;
  } catch (error) {
    console.error((error as Error).message);
    return "none";
  }
}

async function main(): Promise<number> {
  const { values, positionals: parts, help } = parseOptions(SPEC, process.argv.slice(2), "npm");
  if (help) {
    console.log(helpText(SPEC, "npm"));
    return 0;
  }
  const { json, list, grep } = values;
  if (grep !== undefined) selector(grep);
  const folder = join(projectRoot(), "dist", "tests");
  const files = filesOf(folder, parts);
  if (files.length === 0) {
    console.error(`no test file has ${parts.join(" or ")} in its path`);
    return 2;
  }
  const adapter = list ? "none" : await adapterName(json);
  const env = {
    ...(grep === undefined ? {} : { SPECTROSCOPE_TEST_GREP: grep }),
    ...(list ? { SPECTROSCOPE_TEST_LIST: "1" } : {}),
  };
  const results = mkdtempSync(join(tmpdir(), "spectroscope-test-"));
  const waiting = [...files];
  const finished: FileResult[] = [];
  const some = parts.length > 0 || grep !== undefined;
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const result = await runFile(folder, file, results, env);
      finished.push(result);
      const asked = result.records.length > 0 || result.stray.length > 0;
      if (!json && !list && asked) print(result, some);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  rmSync(results, { recursive: true, force: true });
  const records = finished.flatMap((result) => result.records);
  const stray = finished.flatMap((result) => result.stray.map((line) => `${pathOf(result.file)}: ${line}`));
  if (records.length === 0 && stray.length === 0) {
    console.error(`no test case has ${grep} in its name; npm test -- --list prints the names`);
    return 2;
  }
  if (list) return listed(records, stray, json);
  const count = (status: TestRecord["status"]) => records.filter((record) => record.status === status).length;
  const gpu = records.filter((record) => record.gpu && record.status === "passed").length;
  let failed = count("failed") + stray.length;
  if (gpu === 0 && !some) {
    failed++;
    console.error("no GPU test ran: a suite without one proves nothing");
  }
  const passed = count("passed");
  const skipped = count("skipped");
  if (json) console.log(JSON.stringify({ adapter, passed, failed, skipped, gpu, files: finished }));
  else console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 ? 1 : 0;
}

/** Prints the names of cases; a file that could not be loaded is an error. */
function listed(records: readonly TestRecord[], stray: readonly string[], json: boolean): number {
  const names = records.map(({ suite, test }) => caseName(suite, test)).sort();
  console.log(json ? JSON.stringify({ cases: names }) : names.join("\n"));
  for (const line of stray) console.error(line);
  return stray.length > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { line, exitCode } = describeError(error);
  console.error(`npm test: ${line}`);
  process.exitCode = exitCode;
}
