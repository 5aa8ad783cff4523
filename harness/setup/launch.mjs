/**
 * What `npm start`, `npm test` and `npm run bench` run: everything a fresh clone lacks is set up first (dependencies,
 * build, a software adapter where there is no GPU), then the job.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureAdapter } from "./adapter.mjs";
import { ensureDependencies } from "./dependencies.mjs";

const [job, ...args] = process.argv.slice(2);

function run(file, parameters) {
  const { root } = paths;
  const child = spawnSync(process.execPath, [join(root, "dist", file), ...parameters], { stdio: "inherit" });
  return child.status ?? 1;
}

let paths;
try {
  ensureDependencies();
  paths = await import("./build.mjs");
  await paths.build({ tests: job === "test" && args.filter((arg) => !arg.startsWith("--")) });
  await ensureAdapter();
  process.exitCode = job === "test" ? run("test.mjs", args) : run("spectroscope.mjs", [job, ...args].filter(Boolean));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
