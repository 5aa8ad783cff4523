#!/usr/bin/env node
/** The `spectroscope` command: builds once when there is no build, then hands over. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const main = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "spectroscope.mjs");
if (!existsSync(main)) {
  const { ensureDependencies } = await import("./dependencies.mjs");
  ensureDependencies();
  const { build } = await import("./build.mjs");
  await build({ tests: false });
}
await import(pathToFileURL(main).href);
