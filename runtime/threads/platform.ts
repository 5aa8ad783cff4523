/** What threads need of where they run: a page's or a browser worker's by default; Node says so itself (`runtime/node/threads`). */

/** A worker that hears messages and answers them. */
export interface Thread {
  /** Sends a message: cloned, and a shared memory or a module handed over. */
  post(message: unknown): void;
  /** Whether the process stays alive for this worker. */
  hold(on: boolean): void;
  stop(): Promise<void>;
  /** Whether it still runs, also asked by a thread that lets no event in; true where that cannot be known. */
  readonly runs?: () => boolean;
}

export interface ThreadPlatform {
  /** Whether workers can share a memory here, where there are shared memories at all. */
  readonly shares: () => boolean;
  /** Threads to use when nobody says otherwise. */
  readonly cores: () => number;
  /** Whether the thread that asks may sleep on an atomic number. */
  readonly mayBlock: boolean;
  /** Whether workers can be started at all. */
  readonly starts: () => boolean;
  /**
   * Starts a worker of a script that hears `self.onmessage` and answers by `self.postMessage`. `hear` gets what it says, `died`
   * why it ended, with the error that did it if there was one. Throws where none can be started.
   */
  readonly start: (
    source: string,
    hear: (message: unknown) => void,
    died: (why: string, cause?: unknown) => void,
  ) => Thread;
}

/** A page may share memory when it is isolated from other origins, and sleep in its workers only. */
const browser: ThreadPlatform = {
  shares: () => (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true,
  cores: () => globalThis.navigator.hardwareConcurrency,
  mayBlock: "DedicatedWorkerGlobalScope" in globalThis,
  starts: () => typeof Worker !== "undefined",
  start(source, hear, died) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(url);
    worker.onmessage = (event) => hear(event.data);
    worker.onerror = (event) => died(event.message);
    return {
      post: (message) => worker.postMessage(message),
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
