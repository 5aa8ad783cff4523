/** Files and folders that others may be reading meanwhile: each gets its name when it is whole. */
import { randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** A name beside `path` that nobody else has: numbers of processes are alike on two machines with one disk. */
export const freshName = (path) => `${path}.${randomBytes(6).toString("hex")}.tmp`;

/** Puts a file in place; `time`: what it was made from is no newer than that, milliseconds. */
export function put(path, content, time) {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = freshName(path);
  try {
    writeFileSync(fresh, content);
    finish(fresh, path, time);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Gives a file its name and the time of what it was made from, so that what changes while it is made counts as newer. */
export function finish(fresh, path, time) {
  if (time !== undefined) utimesSync(fresh, time / 1000, time / 1000);
  renameSync(fresh, path);
}

/** Only what has changed is written, so that what was made from the rest stays fresh. */
export function putChanged(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  put(path, text);
}

/** The time by the clock of the disk that a folder lies on, which is what files are compared by. */
export function diskTime(folder) {
  mkdirSync(folder, { recursive: true });
  const probe = freshName(join(folder, "time"));
  writeFileSync(probe, "");
  try {
    return statSync(probe).mtimeMs;
  } finally {
    rmSync(probe, { force: true });
  }
}

/** An hour: no download and no build takes so long. */
const LEFTOVER_MS = 3_600_000;

/** Does `work` in an empty folder of its own below `place`; what killed ones left there goes away with it. */
export async function inFreshFolder(place, work) {
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(join(place, "fresh-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    for (const name of readdirSync(place).filter((one) => /^(fresh|fetch)-/.test(one))) {
      const age = Date.now() - (statSync(join(place, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > LEFTOVER_MS) rmSync(join(place, name), { recursive: true, force: true });
    }
  }
}

/** Puts a folder in the place of another, which is there whole until the new one is; `last` of its files says that it is whole. */
export function swap(fresh, target, last) {
  for (let tries = 0; ; tries++) {
    try {
      return renameSync(fresh, target);
    } catch (error) {
      // A volume of its own, as containers have for node_modules, cannot be renamed.
      if (error.code === "EXDEV" || error.code === "EBUSY") return fill(fresh, target, last);
      if (tries > 4 || !["ENOTEMPTY", "EEXIST", "ENOTDIR", "EPERM"].includes(error.code)) throw error;
    }
    const old = freshName(fresh);
    try {
      renameSync(target, old);
    } catch (error) {
      if (error.code === "EBUSY" || error.code === "EXDEV") return fill(fresh, target, last);
      if (error.code !== "ENOENT") throw error;
    }
    rmSync(old, { recursive: true, force: true });
  }
}

function fill(fresh, target, last) {
  mkdirSync(target, { recursive: true });
  rmSync(join(target, last), { force: true });
  for (const name of readdirSync(target)) rmSync(join(target, name), { recursive: true, force: true });
  const names = readdirSync(fresh).filter((name) => name !== last);
  for (const name of [...names, last]) {
    cpSync(join(fresh, name), join(target, name), { recursive: true, verbatimSymlinks: true });
  }
}
