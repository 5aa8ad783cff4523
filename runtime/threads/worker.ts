/** One thread over a WebAssembly memory: a worker of Node or of the browser behind the same calls. */
import { SpectroscopeError } from "../../kernels/errors";
import { troubleOf } from "../../kernels/system-errors";
import { type Thread, threadPlatform } from "./platform";

export type { Thread } from "./platform";

/** What a worker is started with; a module and a shared memory are handed over, not copied. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** An answer: the worker is up, an export returned, or something was thrown. */
export type Answer =
  | { readonly ready: true }
  | { readonly value: number }
  | { readonly error: string; readonly name?: string };

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
    self.postMessage({ error: String(error?.message ?? error), name: error?.name });
  }
};
`;

/**
 * Starts a worker of `source`, by default one that answers calls; `start` is its first message. `answer` gets what it says,
 * `died` why it ended unasked.
 */
export function startThread(start: WorkerStart, answer: (a: Answer) => void, died: Died, source = SOURCE): Thread {
  const thread = startScript(source, (message) => answer(message as Answer), died);
  thread.post(start);
  return thread;
}

/** Told why a worker ended unasked, with the error that did it if there was one. */
export type Died = (why: string, cause?: unknown) => void;

/** Starts a worker of a script. `hear` gets what it says. @throws SpectroscopeError where the system gives no thread */
export function startScript(source: string, hear: (message: unknown) => void, died: Died): Thread {
  let ended = false;
  const thread = started(() =>
    threadPlatform().start(source, hear, (why, cause) => {
      if (!ended) died(why, cause);
      ended = true;
    }),
  );
  return {
    ...thread,
    stop() {
      ended = true;
      return thread.stop();
    },
  };
}

function started(start: () => Thread): Thread {
  try {
    return start();
  } catch (cause) {
    throw endedThread("a thread could not be started", cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/**
 * The error of a thread that is there no more. One that ended without an error was ended from outside, or by the system; an error
 * that is neither the system's nor memory's is a fault of the program's own.
 */
export function endedThread(what: string, why: string, cause?: unknown): SpectroscopeError {
  const { code, hint } = troubleOf(cause) ?? {
    code: cause === undefined ? "system" : "internal",
    hint: "run the same command again; with SPECTROSCOPE_THREADS=1 it needs no other thread",
  };
  return new SpectroscopeError(`${what}: ${why}`, { code, hint, cause });
}
