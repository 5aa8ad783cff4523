/** What threads need of where they run: a page's or a browser worker's by default; Node says so itself (`runtime/node/threads`). */

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

export interface ThreadPlatform {
  /** Whether workers can share a memory here, where there are shared memories at all. */
  readonly shares: () => boolean;
  /** Threads to use when nobody says otherwise. */
  readonly cores: () => number;
  /** Whether the thread that asks may sleep on an atomic number. */
  readonly mayBlock: boolean;
  /**
   * Starts a worker of a script that hears `self.onmessage` and answers by `self.postMessage`; `start` is its first message.
   * `answer` gets what it says, `died` why it ended.
   */
  readonly start: (
    source: string,
    start: WorkerStart,
    answer: (answer: Answer) => void,
    died: (why: string) => void,
  ) => Thread;
}

/** A page may share memory when it is isolated from other origins, and sleep in its workers only. */
const browser: ThreadPlatform = {
  shares: () => (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true,
  cores: () => globalThis.navigator.hardwareConcurrency,
  mayBlock: "DedicatedWorkerGlobalScope" in globalThis,
  start(source, start, answer, died) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(url);
    worker.onmessage = (event) => answer(event.data);
    worker.onerror = (event) => died(event.message);
    worker.postMessage(start);
    return {
      call: (name, args) => worker.postMessage({ name, args }),
      hold: () => {},
      async stop() {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  },
};

let current = browser;

/** Says where threads run, before any is started. */
export function useThreads(platform: ThreadPlatform): void {
  current = platform;
}

/** Where threads run. */
export function threadPlatform(): ThreadPlatform {
  return current;
}
