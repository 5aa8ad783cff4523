/** Who holds a lock: what a process writes into one, and what of that can be told of another. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { StoreHolder } from "../store/store";
import { systemCode } from "./files";
import type { Holders } from "./lock-protocol";

/** Locks that this process holds or is about to, by what stands in them. */
const own = new Set<string>();
let count = 0;

const read = (file: () => string) => {
  try {
    return file().trim();
  } catch {
    return "";
  }
};

/**
 * What the kernel tells of a process: whether it has ended and only waits for its parent to hear of it, and since when it runs, in
 * ticks, so that a number used again is not taken for the process it was. Undefined where nobody tells: a /proc may hide the processes
 * of others, or be that of another container, with other numbers.
 */
function kernelOn(pid: number): { readonly ended: boolean; readonly start: string } | undefined {
  if (read(() => readlinkSync("/proc/self")) !== String(process.pid)) return undefined;
  // The second field is the program's name in parentheses, and may hold anything.
  const fields = read(() => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!).split(" ");
  return fields.length > 19 ? { ended: /^[ZX]/.test(fields[0]), start: fields[19] } : undefined;
}

/** This machine since its start, and which numbers of processes are meant: containers of one host share its name. "" where nobody tells. */
function machine(): string {
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1"));
  return boot && `${boot} ${read(() => readlinkSync("/proc/self/ns/pid"))}`;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

/**
 * Lines of a lock: number of the process, host, machine, start of the process, token. An earlier form has the first two. Undefined
 * for one that is half written, whose last line may be cut.
 */
function linesOf(text: string): readonly string[] | undefined {
  const lines = text.split("\n");
  return /^[1-9]\d*$/.test(lines[0]) && (lines.length === 3 || lines.length === 6) && lines.at(-1) === ""
    ? lines.slice(0, -1)
    : undefined;
}

/** The process that this is, and others as this one sees them. */
export const processHolders: Holders = {
  sign() {
    // The time is for people: no other clock is held against it.
    const token = `${new Date().toISOString()} ${count++} ${Math.random().toString(36).slice(2)}`;
    const text = [process.pid, hostname(), machine(), kernelOn(process.pid)?.start ?? "", token, ""].join("\n");
    own.add(text);
    return text;
  },
  forget(text) {
    own.delete(text);
  },
  lives(text) {
    const lines = linesOf(text);
    if (!lines) return undefined;
    const [pid, host, place = "", start = ""] = lines;
    if (host !== hostname() || (place !== "" && place !== machine())) return undefined;
    if (Number(pid) === process.pid) return own.has(text);
    if (!alive(Number(pid))) return false;
    const known = kernelOn(Number(pid));
    return !known || (!known.ended && (start === "" || known.start === start));
  },
};

/** What a lock says of its holder, as far as it can be shown. */
export function holderOf(text: string): StoreHolder {
  const [pid = "", host = "", , , token = ""] = linesOf(text) ?? [];
  const since = new Date(token.split(" ")[0]);
  return {
    ...(pid && { process: pid }),
    ...(/^[\w.-]{1,255}$/.test(host) && { host }),
    ...(Number.isNaN(since.getTime()) ? {} : { since }),
  };
}
