/** Open descriptors of this process as outputs: `/dev/stdout`, `/dev/fd/63`, and the command line's own lines. Node only. */
import { writeSync } from "node:fs";
import { systemCode } from "../../kernels/system-errors";

export const STDOUT = 1;
export const STDERR = 2;

/** Milliseconds to wait for a reader that is behind. */
const NAP_MS = 2;
const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of it, and waits for a slow reader. Streams of Node's take a short write to a full disk for a whole one, and hold
 * back what a pipe does not take at once. @throws what the system says
 */
export function writeDescriptor(descriptor: number, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if (systemCode(error) !== "EAGAIN" && systemCode(error) !== "EINTR") throw error;
      Atomics.wait(nap, 0, 0, NAP_MS);
    }
  }
}

/** The descriptor that a path of this process's own names, links followed to it. */
export function descriptorOf(path: string): number | undefined {
  const found = /^\/proc\/(\d+)(?:\/task\/\d+)?\/fd\/(\d+)$/.exec(path);
  if (found) return Number(found[1]) === process.pid ? Number(found[2]) : undefined;
  const device = /^\/dev\/fd\/(\d+)$/.exec(path);
  return device ? Number(device[1]) : undefined;
}
