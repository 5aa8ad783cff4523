/** One thread of a pool: a worker of Node or of the browser behind the same three calls. */
import { type Answer, type Thread, threadPlatform, type WorkerStart } from "./platform";

export type { Answer, Thread, WorkerStart } from "./platform";

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

/** Starts a worker of `source`, by default one that answers calls; `answer` gets what it says, `died` why it ended unasked. */
export function startThread(
  start: WorkerStart,
  answer: (a: Answer) => void,
  died: (why: string) => void,
  source = SOURCE,
): Thread {
  let ended = false;
  const thread = threadPlatform().start(source, start, answer, (why) => {
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
