/** What can go wrong before the program itself is there: one line each, with a code, as the program's own errors are. */
import { isAbsolute, relative } from "node:path";

/** A failure that a person can do something about; `message` is the whole line. */
export class SetupError extends Error {
  constructor(message, code, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export const NOT_WRITABLE = "checkout-not-writable";
export const DISK_FULL = "disk-full";

/** Codes of systems that refuse to write. */
export const REFUSED = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

const isInside = (folder, path) => {
  const way = relative(folder, path);
  return !way.startsWith("..") && !isAbsolute(way);
};

/** No passwords of proxies and registries in what is shown. */
export const masked = (text) => text.replace(/\/\/[^/\s"'@]*@/g, "//***@");

/** Whatever was thrown while a checkout was set up, as a `SetupError` where a person can do something about it. */
export function described(error, root) {
  if (error instanceof SetupError || typeof error?.code !== "string") return error;
  const path = error.dest ?? error.path;
  if (error.code in REFUSED && path !== undefined && isInside(root, path)) {
    const text = `this checkout cannot be set up by you (${REFUSED[error.code]}); who owns it must run it once: ${root}`;
    return new SetupError(text, NOT_WRITABLE, error);
  }
  if (error.code === "ENOSPC" || error.code === "EDQUOT") {
    return new SetupError(`no space left to set up ${root}; free some and run the command again`, DISK_FULL, error);
  }
  return error;
}

/** Codes of limits that a process may meet before the program is loaded. */
const LIMITS = {
  EMFILE: "too many open files; raise the limit (ulimit -n 1024)",
  ENFILE: "too many open files on this machine; close other programs",
  ENOMEM: "not enough memory; close other programs, or raise ulimit -v",
};

/** What kept the program from being loaded, as a `SetupError` where it is a limit or a refusal of the system. */
export function refused(error) {
  const why = LIMITS[error?.code] ?? REFUSED[error?.code];
  if (why === undefined) return error;
  const what = error.path === undefined ? "" : ` ${error.path}`;
  return new SetupError(`cannot load the program${what}: ${why}`, "system", error);
}

/** Says it on stderr, with `--json` on stdout too, and what the process ends with. A stack is only for what nobody foresaw. */
export function tell(error, words) {
  const line = error.message.replace(/\s*[\r\n]+\s*/g, " ").trim();
  const known = error instanceof SetupError;
  process.stderr.write(`spectroscope: ${line}\n`);
  if (!known) process.stderr.write(`${error.stack}\n`);
  const code = known ? error.code : "internal";
  if (words.includes("--json")) process.stdout.write(`${JSON.stringify({ error: line, code })}\n`);
  process.exitCode = 1;
}
