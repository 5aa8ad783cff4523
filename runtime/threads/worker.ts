/** One thread over a WebAssembly memory: a worker of Node or of the browser behind the same three calls. */
import { type Thread, threadPlatform } from "./platform";

export type { Thread } from "./platform";

/** What a worker is started with; a module and a shared memory are handed over, not copied. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** An answer: the worker is up, an export returned, or something was thrown. */
export type Answer = { readonly ready: true } | { readonly value: number } | { readonly error: string };

/** What goes on in the worker. A string, so that no bundler has to find a file of its own for it. */
const SOURCE = `
let calls;
const abort = (message, file, line, column) => { throw new Error("aborted at " + line + ":" + column); };
self.onmessage = ({ data: { module, memory, name, args } }) => {
  try {
    if (module) {
      calls = new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
      self.postMessage({ ready: true });
    } else self.postMessage({ value: Number(calls[name](...args) ?? 0) });
  } catch (error) {
    self.postMessage({ error: String(error?.message ?? error) });
  }
};
`;

/**
 * Starts a worker of `source`, by default one that answers calls; `start` is its first message. `answer` gets what it says,
 * `died` why it ended unasked.
 */
export function startThread(
  start: WorkerStart,
  answer: (a: Answer) => void,
  died: (why: string) => void,
  source = SOURCE,
): Thread {
  const thread = startScript(source, (message) => answer(message as Answer), died);
  thread.post(start);
  return thread;
}

/** Starts a worker of a script. `hear` gets what it says, `died` why it ended unasked. */
export function startScript(source: string, hear: (message: unknown) => void, died: (why: string) => void): Thread {
  let ended = false;
  const thread = threadPlatform().start(source, hear, (why) => {
    if (!ended) died(why);
    ended = true;
  });
  return {
    ...thread,
    stop() {
      ended = true;
      return thread.stop();
    },
  };
}
