#!/usr/bin/env node
/** The `spectroscope` command: sets up what a fresh checkout lacks, builds when a source is newer, then hands over. */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { checkNode } from "./dependencies.mjs";
import { refused, tell } from "./errors.mjs";
import { main, setUp } from "./set-up.mjs";
import { newerThan, whole } from "./sources.mjs";

const current = () => whole(main) && !newerThan(main);

async function prepared() {
  try {
    checkNode();
    if (current()) return true;
    const first = !existsSync(main);
    await setUp({ tests: false, current });
    if (first) await (await import("./adapter.mjs")).ensureAdapter();
    return true;
  } catch (error) {
    tell(error, process.argv.slice(2));
    return false;
  }
}

try {
  if (await prepared()) await import(pathToFileURL(main).href);
} catch (error) {
  // The program tells its own errors: here are those of loading it.
  tell(refused(error), process.argv.slice(2));
}
