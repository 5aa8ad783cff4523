#!/usr/bin/env node
/** The `spectroscope` command: sets up what a fresh checkout lacks, builds when a source is newer, then hands over. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const main = join(root, "dist", "spectroscope.mjs");

/** Whether a source file is newer than the build. */
function stale() {
  if (!existsSync(main)) return true;
  const built = statSync(main).mtimeMs;
  return ["kernels", "runtime", "models", "harness"].some((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).some(
      (file) => /\.(ts|wgsl)$/.test(file) && statSync(join(root, folder, file)).mtimeMs > built,
    ),
  );
}

if (stale()) {
  const first = !existsSync(main);
  const { ensureDependencies } = await import("./dependencies.mjs");
  ensureDependencies();
  const { build } = await import("./build.mjs");
  await build({ tests: false });
  if (first) await (await import("./adapter.mjs")).ensureAdapter();
}
await import(pathToFileURL(main).href);
