/** What the operating system or the machine's memory refuses, in words with a remedy: one table for whoever meets such an error. */

/** What went wrong, as a phrase that follows a colon; the code of the error that says it. */
export interface Trouble {
  readonly what: string;
  readonly hint?: string;
  readonly code: "bad-input" | "system" | "memory";
}

const PATH = "check the path";
const RIGHTS = "check who may read and write it";
const PLACE = "free some space or choose another place";
const MEMORY =
  "close other programs, raise ulimit -v where it is set, use fewer chains or shorter texts, or set SPECTROSCOPE_THREADS=1";
const MOUNT = "check that its file system is mounted and its server answers";

const bad = (what: string, hint?: string): Trouble => ({ what, hint, code: "bad-input" });
const system = (what: string, hint?: string): Trouble => ({ what, hint, code: "system" });
const memory = (what: string): Trouble => ({ what, hint: MEMORY, code: "memory" });

const TROUBLES: Readonly<Record<string, Trouble>> = {
  ENOENT: bad("no such file or directory", PATH),
  ENOTDIR: bad("a part of the path is a file, not a directory", PATH),
  EISDIR: bad("it is a directory, not a file", "name a file inside it"),
  EEXIST: bad("it is there already", "choose another name"),
  ENOTEMPTY: bad("the directory is not empty", "choose another name"),
  EACCES: bad("permission denied", RIGHTS),
  EPERM: bad("not permitted", RIGHTS),
  EROFS: bad("the file system is read-only", "choose another place"),
  ELOOP: bad("too many symbolic links, or links that lead in a circle", "check where the links lead"),
  ENAMETOOLONG: bad("the name is too long", "choose a shorter one: most file systems take 255 bytes"),
  EILSEQ: bad("the file system does not take such a name", "choose another name"),
  EINVAL: bad("the system does not take this here", "choose another name or place"),
  ENOTSUP: bad("the file system cannot do this", "choose another place"),
  EOPNOTSUPP: bad("the file system cannot do this", "choose another place"),
  ENOSYS: bad("the file system cannot do this", "choose another place"),
  EXDEV: bad("it lies on another file system", "choose another place"),
  EBADF: bad("it is not open for this", "check the redirections of the command"),
  ENXIO: bad("nothing is at its other end", "check what it leads to"),
  ENODEV: bad("there is no such device", PATH),
  EPIPE: system("whoever read it has closed it", "let its reader read to the end"),
  ECONNRESET: system("whoever read it has closed it", "let its reader read to the end"),
  ENOSPC: system("no space left on the device", PLACE),
  EDQUOT: system("the disk quota is used up", PLACE),
  EFBIG: system(
    "the file would be larger than is allowed here",
    "raise the limit (ulimit -f) or choose another file system",
  ),
  EIO: system("the device failed (input/output error)", "check the disk, or choose another place"),
  EBUSY: system("it is in use", "close what uses it, or choose another name"),
  ETXTBSY: system("it is a program that is running", "choose another name"),
  EMFILE: system("too many files are open in this process", "raise the limit: ulimit -n 4096"),
  ENFILE: system("too many files are open on this machine", "close other programs"),
  EAGAIN: system(
    "the system has no more threads or processes to give for now",
    "close other programs, raise ulimit -u, or set SPECTROSCOPE_THREADS=1",
  ),
  ERR_WORKER_INIT_FAILED: system(
    "a thread could not be started",
    "close other programs, raise ulimit -u or ulimit -v, or set SPECTROSCOPE_THREADS=1",
  ),
  EINTR: system("the system interrupted it", "run the same command again"),
  ESTALE: system("the network file system has lost it", MOUNT),
  ENOTCONN: system("its file system is not connected", MOUNT),
  ETIMEDOUT: system("it did not answer in time", MOUNT),
  EHOSTDOWN: system("its server is down", MOUNT),
  EREMOTEIO: system("the device failed (remote input/output error)", MOUNT),
  ENOMEM: memory("not enough memory"),
  ERR_WORKER_OUT_OF_MEMORY: memory("not enough memory for a thread"),
  ERR_MEMORY_ALLOCATION_FAILED: memory("not enough memory"),
};

/** What JavaScript engines say where memory is short, or where something is larger than they can hold. */
const SHORT_OF_MEMORY =
  /could not allocate memory|allocation failed|out of memory|cannot allocate|larger than 0x|invalid string length|(map|set) maximum size|invalid (array buffer|typed array) length: \d{10,}/i;

/** The `code` of a system error ("ENOENT"), if it is one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** What the system's or the engine's error means; nothing for any other. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = systemCode(error);
  if (code !== undefined && Object.hasOwn(TROUBLES, code)) return TROUBLES[code];
  // Any code that came out of a system call is the system's, whether this table knows it or not.
  if (code !== undefined && "syscall" in error) return system(error.message);
  const engines = error instanceof RangeError || error.name === "RangeError" || code === "ERR_STRING_TOO_LONG";
  return engines && SHORT_OF_MEMORY.test(error.message) ? memory(`not enough memory (${error.message})`) : undefined;
}
