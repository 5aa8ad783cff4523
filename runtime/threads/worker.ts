/** One thread of a pool: a worker of Node or of the browser behind the same three calls. */
import { inNode } from "./threads";

const node = inNode ? await import("node:worker_threads") : undefined;

/** What a worker is started with; a module and a shared memory are handed over, not copied. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** An answer: the worker is up, an export returned, or something was thrown. */
export type Answer = { readonly ready: true } | { readonly value: number } | { readonly error: string };

/** A worker that answers calls in the order in which they came. */
export interface Thread {
  call(name: string, args: readonly number[]): void;
  /** Whether the process stays alive for this worker. */
  hold(on: boolean): void;
  stop(): Promise<void>;
}

/** What goes on in the worker. A string, so that no bundler has to find a file of its own for it. */
const SOURCE = `
const port = typeof require === "function" ? require("node:worker_threads").parentPort : self;
let calls;
const abort = (message, file, line, column) => { throw new Error("aborted at " + line + ":" + column); };
const handle = ({ module, memory, name, args }) => {
  try {
    if (module) {
      calls = new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
      port.postMessage({ ready: true });
    } else port.postMessage({ value: Number(calls[name](...args) ?? 0) });
  } catch (error) {
    port.postMessage({ error: String(error?.message ?? error) });
  }
};
if (port.on) port.on("message", handle);
else port.onmessage = (event) => handle(event.data);
`;

/** Starts a worker of `source`, by default one that answers calls; `answer` gets what it says, `died` why it ended unasked. */
export function startThread(
  start: WorkerStart,
  answer: (a: Answer) => void,
  died: (why: string) => void,
  source = SOURCE,
): Thread {
  let stopped = false;
  const end = (why: string) => {
    if (!stopped) died(why);
    stopped = true;
  };
  if (node) {
    // No options of this process: one of them could turn the source into a module, which has no `require`.
    const worker = new node.Worker(source, { eval: true, execArgv: [] });
    worker.on("message", answer);
    worker.on("error", (error) => end(error.message));
    worker.on("exit", (code) => end(`it ended with status ${code}`));
    worker.postMessage(start);
    return {
      call: (name, args) => worker.postMessage({ name, args }),
      hold: (on) => (on ? worker.ref() : worker.unref()),
      async stop() {
        stopped = true;
        await worker.terminate();
      },
    };
  }
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = (event) => answer(event.data);
  worker.onerror = (event) => end(event.message);
  worker.postMessage(start);
  return {
    call: (name, args) => worker.postMessage({ name, args }),
    hold: () => {},
    async stop() {
      stopped = true;
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
