/** Installs the locked npm packages when they are missing or older than the lockfile. */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { npm } from "./npm.mjs";
import { inFreshFolder, swap } from "./put.mjs";
import { root } from "./sources.mjs";

/** What npm writes into node_modules when all of them are there. */
const INSTALLED = ".package-lock.json";

/** Throws where Node cannot run the program, in words that an old one can still say. */
export function checkNode(version = process.versions.node) {
  const [major] = version.split(".").map(Number);
  if (major < 20) throw new SetupError(`Node ${version} is too old: install Node 20 or later`, "old-node");
}

/** What a lockfile says; nothing where it is not there or was not written to its end. */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
  } catch {
    return undefined;
  }
}

/**
 * Whether a node_modules holds every package at the version that the lockfile names (optional ones may be absent): by what npm
 * noted there, and by what lies there.
 */
export function complete(folder = root) {
  const have = packagesOf(join(folder, "node_modules", INSTALLED));
  const want = packagesOf(join(root, "package-lock.json"));
  if (!want) throw new SetupError("package-lock.json cannot be read; restore it with git", "bad-input");
  if (!have) return false;
  return Object.entries(want).every(
    ([path, entry]) =>
      path === "" ||
      (entry.optional && !have[path]) ||
      (have[path]?.version === entry.version && existsSync(join(folder, path, "package.json"))),
  );
}

/** Installs into a folder of its own, which then gets its name: nobody sees half of it, and of two who do so one wins. */
export async function ensureDependencies() {
  checkNode();
  if (complete()) return;
  console.error("installing npm packages (once)");
  await inFreshFolder(join(root, ".cache"), async (folder) => {
    for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
      if (existsSync(join(root, file))) copyFileSync(join(root, file), join(folder, file));
    }
    await npm(["ci"], folder);
    if (!complete(folder)) throw new SetupError("npm ci left packages out that package-lock.json names", "npm-failed");
    if (!complete()) swap(join(folder, "node_modules"), join(root, "node_modules"), INSTALLED);
  });
}
