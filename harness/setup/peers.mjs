/**
 * Installs the libraries that `bench --peers` compares with into .peers/, at the versions of peers.json. They are no
 * dependencies of this project: nothing else loads them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { described, tell } from "./errors.mjs";
import { locked } from "./lock.mjs";
import { npm } from "./npm.mjs";
import { inFreshFolder, swap } from "./put.mjs";
import { root } from "./sources.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(root, ".peers");

const pinned = () => JSON.parse(readFileSync(join(here, "peers.json"), "utf8"));

/** What is pinned and not there, as npm wants it written: NAME@VERSION. */
export function missingPeers() {
  return Object.entries(pinned())
    .filter(([name, version]) => {
      const file = join(folder, "node_modules", name, "package.json");
      return !existsSync(file) || JSON.parse(readFileSync(file, "utf8")).version !== version;
    })
    .map(([name, version]) => `${name}@${version}`);
}

/** Installs them all where one is missing, into a folder that then gets its name. Throws when npm fails. */
export async function installPeers() {
  await locked(root, async () => {
    const missing = missingPeers();
    if (missing.length === 0) return;
    console.error(`installing ${missing.join(", ")} into .peers (once, about 300 MB)`);
    const all = Object.entries(pinned()).map(([name, version]) => `${name}@${version}`);
    await inFreshFolder(join(root, ".cache"), async (own) => {
      // The folder around it is for its maker's eyes only.
      const fresh = join(own, "peers");
      mkdirSync(fresh);
      // Without a package.json of its own npm would install into the project above; npm keeps the indentation.
      writeFileSync(join(fresh, "package.json"), `${JSON.stringify({ private: true }, null, 2)}\n`);
      await npm(["install", "--save-exact", ...all], fresh);
      swap(fresh, folder, "package.json");
    });
  }).catch((error) => {
    throw described(error, root);
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await installPeers().catch((error) => tell(error, process.argv.slice(2)));
}
