/** No wait for a server is without an end: for a connection, for an answer's head, for the next bytes of its body. Node only. */
import type { IncomingMessage } from "node:http";

/** Bytes a second below which a body would never come to an end: a model is a million times as long. */
export const LEAST_RATE = 1000;

/** Ends something that has not `settled` in time; the connection, its encryption and the answer's head all count. */
export function limited(
  target: { destroy(error: Error): unknown },
  ms: number,
  what: string,
): { readonly settled: () => void } {
  const timer = setTimeout(() => target.destroy(new Error(`${what} for ${ms / 1000} s`)), ms);
  return { settled: () => clearTimeout(timer) };
}

/** Ends a body that stalls or trickles. What waits here to be read is not the server's delay. */
export function watch(body: IncomingMessage, ms: number): void {
  const { socket } = body;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    const came = socket.bytesRead - before;
    before = socket.bytesRead;
    if (body.readableLength > 0 || came >= (LEAST_RATE * ms) / 1000) return;
    body.destroy(new Error(`${came === 0 ? "silent" : `only ${came} bytes`} for ${ms / 1000} s`));
  }, ms);
  timer.unref();
  for (const end of ["end", "close", "error"]) body.once(end, () => clearInterval(timer));
}
