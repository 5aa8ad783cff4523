/** Runs every bundled test file in a process of its own and adds up what they say. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openGpu } from "../../runtime/node/open-device";
import { projectRoot } from "../../runtime/node/root";
import type { TestRecord } from "./suite";

const TIMEOUT_MS = 8 * 60_000;
const CONCURRENCY = 2;

interface FileResult {
  file: string;
  records: TestRecord[];
  stray: string[];
}

function runFile(folder: string, file: string, results: string): Promise<FileResult> {
  return new Promise((done) => {
    const output = join(results, `${file}.json`);
    const child = spawn(process.execPath, [join(folder, file)], {
      env: { ...process.env, SPECTROSCOPE_TEST_RESULTS: output },
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

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const json = args.includes("--json");
  const filters = args.filter((arg) => !arg.startsWith("--"));
  const folder = join(projectRoot(), "dist", "tests");
  const all = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".mjs")) : [];
  const files = all.filter((file) => filters.length === 0 || filters.some((part) => pathOf(file).includes(part)));
  if (files.length === 0) {
    console.error(`no test file has ${filters.join(" or ")} in its name`);
    return 2;
  }
  let adapter = "none";
  try {
    const device = await openGpu();
    adapter = device.facts.name;
    if (!json) console.log(device.banner ?? `adapter: ${adapter}`);
    device.close();
  } catch (error) {
    console.error((error as Error).message);
  }
  const results = mkdtempSync(join(tmpdir(), "spectroscope-test-"));
  const waiting = [...files];
  const finished: FileResult[] = [];
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const result = await runFile(folder, file, results);
      finished.push(result);
      if (!json) print(result, filters.length > 0);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  rmSync(results, { recursive: true, force: true });
  const records = finished.flatMap((result) => result.records);
  const count = (status: TestRecord["status"]) => records.filter((record) => record.status === status).length;
  const gpu = records.filter((record) => record.gpu && record.status === "passed").length;
  let failed = count("failed") + finished.reduce((sum, result) => sum + result.stray.length, 0);
  if (gpu === 0 && filters.length === 0) {
    failed++;
    console.error("no GPU test ran: a suite without one proves nothing");
  }
  const passed = count("passed");
  const skipped = count("skipped");
  if (json) console.log(JSON.stringify({ adapter, passed, failed, skipped, gpu, files: finished }));
  else console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
