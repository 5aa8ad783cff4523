/** The built command line in a process of its own. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { projectRoot } from "../../runtime/node/root";

/** Path of the built program. */
export const program = join(projectRoot(), "dist", "spectroscope.mjs");

/** Runs the program with `words` in `folder` and waits for it. */
export function runProgram(folder: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [program, ...words], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, ...env },
  });
}

/** A failure is one line on stderr that says all of this, and nothing on stdout. */
export function assertRefused(run: SpawnSyncReturns<string>, status: number, ...texts: (string | RegExp)[]): void {
  assert.is(run.status, status, run.stderr);
  const lines = run.stderr.split("\n").filter((line) => line.startsWith("spectroscope: "));
  assert.is(lines.length, 1, `one line, got: ${run.stderr}`);
  for (const text of texts) assert.match(lines[0], text);
  assert.is(run.stdout, "");
}
