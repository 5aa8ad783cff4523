/** Installs the locked npm packages when they are missing or older than the lockfile. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Whether node_modules holds every package at the version that the lockfile names (optional ones may be absent). */
function complete() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, "utf8")).packages;
  const want = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(want).every(
    ([path, entry]) => path === "" || entry.optional || have[path]?.version === entry.version,
  );
}

export function ensureDependencies() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) throw new Error(`Node ${process.versions.node} is too old: install Node 20 or later`);
  if (complete()) return;
  console.error("installing npm packages (once)");
  // No install script is needed: esbuild and Dawn ship their binaries inside their packages.
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) throw new Error("npm ci failed: see the lines above; a network or proxy is the usual cause");
}
