/**
 * Threads that share one WebAssembly memory and run one kernel at a time together. A call returns when all its items are
 * done: it is a jump into WebAssembly with two atomic numbers around it, not a message, for a step of a small model is
 * dozens of calls of some microseconds.
 */
import { knownError, SpectroscopeError } from "../../kernels/errors";
import { threadPlatform } from "../threads/platform";
import { endedThread, startThread, type Thread, type WorkerStart } from "../threads/worker";

/** Words of the control block, in shared memory: a cache line. */
const SEQUENCE = 0;
const NEXT = 1;
const DONE = 2;
const KERNEL = 3;
const BLOCK = 4;
const ITEMS = 5;
const GRAIN = 6;
const FAILED = 7;
const CONTROL_BYTES = 64;

/** Bytes that a team's own memory takes: the control block, and behind it a word a thread, where its working memory is. */
export const teamBytes = (threads: number) => CONTROL_BYTES + 4 * threads;

/** Looks at an atomic number before a thread goes to sleep: some tens of microseconds. */
const SPINS = 4000;

/** Naps of ten milliseconds after which a thread that waits looks whether the others still run. */
const NAPS = 100;

/** What goes on in a worker. A string, so that no bundler has to find a file of its own for it. */
const SOURCE = `
const abort = (message, file, line, column) => { throw new Error("aborted at " + line + ":" + column); };
self.onmessage = ({ data: { module, memory, control, names, thread } }) => {
  const calls = new WebAssembly.Instance(module, { env: { memory, abort } }).exports;
  const kernels = names.map((name) => calls[name]);
  const c = new Int32Array(memory.buffer, control, ${CONTROL_BYTES / 4});
  const scratch = new Int32Array(memory.buffer, control + ${CONTROL_BYTES} + 4 * thread, 1);
  let seen = 0;
  self.postMessage({ ready: true });
  for (;;) {
    for (let spins = ${SPINS}; spins > 0 && Atomics.load(c, ${SEQUENCE}) === seen; spins--);
    while (Atomics.load(c, ${SEQUENCE}) === seen) Atomics.wait(c, ${SEQUENCE}, seen);
    seen = Atomics.load(c, ${SEQUENCE});
    if (c[${KERNEL}] < 0) return;
    try {
      const kernel = kernels[c[${KERNEL}]];
      const block = c[${BLOCK}] >>> 0, items = c[${ITEMS}], grain = c[${GRAIN}];
      const own = scratch[0] >>> 0;
      for (let from = Atomics.add(c, ${NEXT}, grain); from < items; from = Atomics.add(c, ${NEXT}, grain))
        kernel(block, from, Math.min(items, from + grain), own);
    } catch (error) {
      Atomics.store(c, ${FAILED}, 1);
    }
    Atomics.add(c, ${DONE}, 1);
    Atomics.notify(c, ${DONE});
  }
};
`;

type Kernel = (block: number, from: number, to: number, scratch: number) => void;

/** What a worker of a team is told: where the control block is, the kernels by number, and which thread it is. */
interface HelperStart extends WorkerStart {
  readonly control: number;
  readonly names: readonly string[];
  readonly thread: number;
}

/** A team over a memory in which `teamBytes` at `control` are its own. */
export class Team {
  private readonly control: Int32Array;
  /** Addresses of the helpers' working memories. */
  private readonly scratches: Int32Array;
  private readonly kernels: readonly Kernel[];
  private readonly helpers: Thread[] = [];
  private readonly mayBlock = threadPlatform().mayBlock;
  /** Working memory of the calling thread. */
  private scratch = 0;
  private stopped = false;
  /** Set when a helper has ended: no call would ever be done. */
  private lost: SpectroscopeError | undefined;

  private constructor(
    readonly memory: WebAssembly.Memory,
    control: number,
    instance: WebAssembly.Instance,
    private readonly names: readonly string[],
    readonly threads: number,
  ) {
    this.control = new Int32Array(memory.buffer, control, CONTROL_BYTES / 4);
    this.scratches = new Int32Array(memory.buffer, control + CONTROL_BYTES, threads);
    this.kernels = names.map((name) => instance.exports[name] as Kernel);
  }

  /**
   * Starts `threads` - 1 workers beside the calling thread; fewer where the system gives no more.
   * @throws SpectroscopeError when a worker cannot run the module
   */
  static async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    control: number,
    threads: number,
  ): Promise<Team> {
    const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
    const names = Object.keys(instance.exports).filter((name) => typeof instance.exports[name] === "function");
    const team = new Team(memory, control, instance, names, threads);
    const start = { module, memory, control, names };
    const starts = Array.from({ length: threads - 1 }, (_, i) => team.startHelper({ ...start, thread: i + 1 }));
    const failures = (await Promise.allSettled(starts)).flatMap((one) =>
      one.status === "rejected" ? [one.reason] : [],
    );
    if (failures.length === 0) return team;
    team.stop();
    await Promise.all(team.helpers.map((helper) => helper.stop()));
    const ours = failures.find((error) => knownError(error).code === "internal");
    if (ours) throw ours;
    team.control.fill(0);
    return Team.start(module, memory, control, threads - failures.length);
  }

  /** Starts a worker that waits for kernels. A process does not stay for it. */
  private startHelper(start: HelperStart): Promise<void> {
    return new Promise((ready, failed) => {
      const thread = startThread(
        start,
        () => {
          thread.hold(false);
          this.helpers.push(thread);
          ready();
        },
        (why, cause) => {
          const error = endedThread("a thread of the processor ended", why, cause);
          this.lost ??= error;
          failed(error);
        },
        SOURCE,
      );
    });
  }

  /** A kernel's number here; nothing where the module has none of that name. */
  find(name: string): number | undefined {
    const id = this.names.indexOf(name);
    return id < 0 ? undefined : id;
  }

  /** Gives thread t its working memory, at an address. */
  setScratch(thread: number, address: number): void {
    if (thread === 0) this.scratch = address;
    else this.scratches[thread] = address | 0;
  }

  /**
   * Runs items 0 to `items` of a kernel, `grain` at a time; on this thread only with `alone`.
   * @throws SpectroscopeError when a thread fails, and of a team that was stopped: nobody would ever be done with the call
   */
  run(id: number, block: number, items: number, grain: number, alone: boolean): void {
    const c = this.control;
    if (this.stopped) {
      throw new SpectroscopeError("the processor was closed and is asked to compute", {
        code: "closed",
        hint: "close a device when all that runs on it is done",
      });
    }
    if (this.lost) throw this.lost;
    try {
      if (alone || this.threads === 1) {
        this.kernels[id](block, 0, items, this.scratch);
        return;
      }
      c[KERNEL] = id;
      c[BLOCK] = block | 0;
      c[ITEMS] = items;
      c[GRAIN] = grain;
      Atomics.store(c, NEXT, 0);
      Atomics.store(c, DONE, 0);
      Atomics.add(c, SEQUENCE, 1);
      Atomics.notify(c, SEQUENCE);
      for (let from = Atomics.add(c, NEXT, grain); from < items; from = Atomics.add(c, NEXT, grain))
        this.kernels[id](block, from, Math.min(items, from + grain), this.scratch);
    } catch (cause) {
      throw trouble(this.names[id], cause);
    }
    this.join();
    if (Atomics.load(c, FAILED)) throw trouble(this.names[id], undefined);
  }

  /** Waits until every worker is done with the call, asleep where this thread may. */
  private join(): void {
    const c = this.control;
    const others = this.threads - 1;
    let spins = SPINS;
    for (let done = Atomics.load(c, DONE); done < others; done = Atomics.load(c, DONE)) {
      if (--spins >= 0 || !this.mayBlock) continue;
      Atomics.wait(c, DONE, done, 10);
      if (-spins % NAPS === 0) this.checkHelpers();
    }
  }

  /** That one has ended is no event to a thread that waits. @throws SpectroscopeError when one has */
  private checkHelpers(): void {
    if (this.helpers.every(({ runs }) => runs?.() ?? true)) return;
    this.lost ??= endedThread("a thread of the processor ended", "in the middle of a kernel");
    throw this.lost;
  }

  stop(): void {
    this.stopped = true;
    if (this.helpers.length === 0) return;
    const c = this.control;
    c[KERNEL] = -1;
    Atomics.add(c, SEQUENCE, 1);
    Atomics.notify(c, SEQUENCE);
    for (const helper of this.helpers) void helper.stop();
  }
}

function abort(_message: number, _file: number, line: number, column: number): never {
  throw new Error(`aborted at ${line}:${column}`);
}

function trouble(name: string, cause: unknown): SpectroscopeError {
  const why = cause instanceof Error ? `: ${cause.message}` : " in a thread";
  return new SpectroscopeError(`WebAssembly kernel ${name} failed${why}`, { code: "internal", cause });
}
