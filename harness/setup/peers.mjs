/**
 * Installs the libraries that `bench --peers` compares with into .peers/, at the versions of peers.json. They are no
 * dependencies of this project: nothing else loads them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "..", "..", ".peers");

/** What is pinned and not there, as npm wants it written: NAME@VERSION. */
export function missingPeers() {
  const pinned = JSON.parse(readFileSync(join(here, "peers.json"), "utf8"));
  return Object.entries(pinned)
    .filter(([name, version]) => {
      const file = join(folder, "node_modules", name, "package.json");
      return !existsSync(file) || JSON.parse(readFileSync(file, "utf8")).version !== version;
    })
    .map(([name, version]) => `${name}@${version}`);
}

/** Installs what is missing. Throws when npm fails. */
export function installPeers() {
  const missing = missingPeers();
  if (missing.length === 0) return;
  console.error(`installing ${missing.join(", ")} into .peers (once, about 300 MB)`);
  mkdirSync(folder, { recursive: true });
  // Without a package.json of its own npm would install into the project above; npm keeps the indentation.
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ private: true }, null, 2)}\n`);
  const args = ["install", "--save-exact", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = spawnSync("npm", [...args, ...missing], {
    cwd: folder,
    // stdout is the bench's.
    stdio: ["ignore", 2, "inherit"],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) throw new Error("npm install of the peers failed: see the lines above");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    installPeers();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
