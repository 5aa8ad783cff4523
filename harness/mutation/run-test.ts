/** One test file in a process of its own, until its first failure. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestRecord } from "../test/suite";
import { MUTANT_VARIABLE, SITES_VARIABLE } from "./bundles";

export interface Outcome {
  /** `late`: it had not ended in time, and was ended. */
  readonly ended: "passed" | "failed" | "late";
  readonly ms: number;
  /** The first case that failed, where one did. */
  readonly by?: string;
  /** Numbers of sites that it came to, where it was watched. */
  readonly sites: readonly number[];
}

/** Runs a bundle. What it leaves in the folder of temporary files goes with it, and so do processes that it started. */
export function runTest(
  bundle: string,
  { mutant, watch = false, limitMs }: { mutant?: number; watch?: boolean; limitMs: number },
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-mutant-"));
  const [sitesFile, results] = [join(folder, "sites"), join(folder, "results.json")];
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    TMPDIR: folder,
    SPECTROSCOPE_TEST_RESULTS: results,
    SPECTROSCOPE_TEST_BAIL: "1",
    ...(mutant === undefined ? {} : { [MUTANT_VARIABLE]: String(mutant) }),
    ...(watch ? { [SITES_VARIABLE]: sitesFile } : {}),
  };
  return new Promise((done) => {
    const start = performance.now();
    // A group of its own, so that programs which a test starts end with it.
    const child = spawn(process.execPath, [bundle], { env, stdio: "ignore", detached: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      endGroup(child.pid);
    }, limitMs);
    child.on("close", (code) => {
      clearTimeout(timer);
      const ms = performance.now() - start;
      endGroup(child.pid);
      const ended = late ? "late" : code === 0 ? "passed" : "failed";
      const sites = existsSync(sitesFile)
        ? readFileSync(sitesFile, "utf8").split("\n").filter(Boolean).map(Number)
        : [];
      done({ ended, ms, by: ended === "failed" ? firstFailure(results) : undefined, sites: [...new Set(sites)] });
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });
  });
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}

function firstFailure(results: string): string {
  if (!existsSync(results)) return "ended without results";
  const { records, stray }: { records: TestRecord[]; stray: string[] } = JSON.parse(readFileSync(results, "utf8"));
  return records.find(({ status }) => status === "failed")?.test ?? stray[0] ?? "no case";
}
