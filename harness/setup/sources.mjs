/** Where the sources are. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The files below a folder, in an order that is the same everywhere. */
export function* files(folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

/** The kernels' AssemblyScript. */
export const assemblySources = () => [...files("kernels")].filter((file) => file.split(sep).includes("assembly"));

/** Whether a source of the program is newer than a file that was built. A file that just went away is none. */
export function newerThan(built) {
  const made = statSync(built).mtimeMs;
  return ["kernels", "runtime", "models", "harness"].some((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).some(
      (file) =>
        /\.(ts|wgsl)$/.test(file) &&
        (statSync(join(root, folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0) > made,
    ),
  );
}
