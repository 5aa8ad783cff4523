/** Where the sources are. */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
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

/** Whether a bundle is there to its end, which names its map. Half of one may be a program that does nothing, or no program. */
export function whole(built) {
  if (!existsSync(built)) return false;
  const end = `//# sourceMappingURL=${basename(built)}.map`;
  const last = Buffer.alloc(end.length + 1);
  const file = openSync(built, "r");
  try {
    readSync(file, last, 0, last.length, Math.max(0, fstatSync(file).size - last.length));
    return last.toString("latin1").trim() === end;
  } finally {
    closeSync(file);
  }
}

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
