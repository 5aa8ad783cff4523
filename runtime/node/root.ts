import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let root: string | undefined;

/** The folder of this project: the nearest one upwards whose package.json is spectroscope's. */
export function projectRoot(): string {
  if (root) return root;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, "package.json");
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === "spectroscope") break;
    const parent = dirname(folder);
    if (parent === folder) throw new Error("spectroscope's package.json is not above its own code");
    folder = parent;
  }
  root = folder;
  return root;
}
