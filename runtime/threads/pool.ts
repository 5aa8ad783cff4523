/**
 * WebAssembly on all cores: one instance a thread over one memory. Work is divided inside the module (threads take blocks
 * from an atomic counter), so a call is one message a thread. Works in Node and in browsers.
 *
 * Globals of a module belong to an instance, memory to all: what threads share must lie in memory, and an export that needs
 * sizes or places must get them as arguments or read them there.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { allocateMemory, MAX_PAGES } from "./memory";
import { canShare, checkThreads, defaultThreads } from "./threads";
import { type Answer, endedThread, startThread, type Thread } from "./worker";

export { MAX_PAGES } from "./memory";
export { defaultThreads } from "./threads";

/** Two builds of one AssemblyScript source: importing an unshared and a shared memory. */
export interface WasmSource {
  readonly single: Uint8Array;
  readonly shared: Uint8Array;
}

export interface PoolOptions {
  /** Pages of 64 KiB to begin with. */
  readonly pages: number;
  /** Pages that the memory may grow to; by default 65,536, which is 4 GiB. */
  readonly maxPages?: number;
  /** By default `defaultThreads()`. One where threads cannot share a memory. */
  readonly threads?: number;
  /** Told when the threads have been started, which they go on with while this one computes; the pool is there when all are up. */
  readonly begun?: () => void;
}

export interface WasmPool {
  /** Shared when threads > 1. Views must be made anew after the memory grew. */
  readonly memory: WebAssembly.Memory;
  /** An instance on this thread over the same memory, for set-up and cheap calls. */
  readonly exports: WebAssembly.Exports;
  readonly threads: number;
  /**
   * Calls export `name` once on every thread with `args(thread)` and waits for all; one thread is this one, which it blocks.
   * Rejects with the first error, as SpectroscopeError, and closes the pool.
   * @returns what each thread's call returned, 0 for nothing
   */
  run(name: string, args: (thread: number) => readonly number[]): Promise<number[]>;
  close(): Promise<void>;
}

/** Opens a pool. Throws SpectroscopeError when the memory is refused or a worker does not start. */
export async function openPool(source: WasmSource, options: PoolOptions): Promise<WasmPool> {
  const asked = options.threads === undefined ? defaultThreads() : checkThreads(options.threads, "pool");
  const threads = canShare() ? asked : 1;
  const shared = threads > 1;
  const memory = allocateMemory(options.pages, options.maxPages ?? MAX_PAGES, shared);
  const module = await WebAssembly.compile((shared ? source.shared : source.single) as BufferSource);
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  if (!shared) return new SinglePool(memory, instance);
  const pool = await SharedPool.start(module, memory, instance, threads, options.begun);
  // Where the system gives fewer threads, work is divided among those.
  return typeof pool === "number" ? openPool(source, { ...options, threads: Math.max(1, pool) }) : pool;
}

function abort(_message: number, _file: number, line: number, column: number): never {
  throw new Error(`aborted at ${line}:${column}`);
}

const failed = (name: string, why: string, cause?: unknown) =>
  new SpectroscopeError(`WebAssembly call ${name}: ${why}`, { code: "internal", cause });

const closed = (name: string) => failed(name, "the pool is closed");

/** What both pools are: a memory, and an instance of this thread. */
class SinglePool implements WasmPool {
  readonly threads = 1;
  private open = true;

  constructor(
    readonly memory: WebAssembly.Memory,
    private readonly instance: WebAssembly.Instance,
  ) {}

  get exports(): WebAssembly.Exports {
    return this.instance.exports;
  }

  async run(name: string, args: (thread: number) => readonly number[]): Promise<number[]> {
    if (!this.open) throw closed(name);
    try {
      return [Number(callable(this.exports, name)(...args(0)) ?? 0)];
    } catch (error) {
      this.open = false;
      throw error instanceof SpectroscopeError ? error : failed(name, (error as Error).message, error);
    }
  }

  async close(): Promise<void> {
    this.open = false;
  }
}

function callable(exports: WebAssembly.Exports, name: string): (...args: number[]) => number | undefined {
  const found = exports[name];
  if (typeof found !== "function") throw failed(name, "the module exports no such function");
  return found as (...args: number[]) => number | undefined;
}

/** A call that is out: answers by thread. */
interface Pending {
  readonly name: string;
  readonly values: number[];
  left: number;
  readonly done: (values: number[]) => void;
  readonly failed: (error: SpectroscopeError) => void;
}

class SharedPool implements WasmPool {
  private readonly workers: Thread[] = [];
  /** Calls in the order made; every worker answers in that order, so worker t's next answer is to call `answered[t]`. */
  private pending = new Map<number, Pending>();
  private readonly answered: number[];
  private made = 0;
  private closure: SpectroscopeError | undefined;

  private constructor(
    readonly memory: WebAssembly.Memory,
    private readonly instance: WebAssembly.Instance,
    readonly threads: number,
  ) {
    this.answered = new Array(threads).fill(0);
  }

  /** The pool; or how many workers could be started, where it was not all. */
  static async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    instance: WebAssembly.Instance,
    threads: number,
    begun?: () => void,
  ): Promise<SharedPool | number> {
    const pool = new SharedPool(memory, instance, threads);
    const ready = pool.expect("start");
    try {
      for (let t = 0; t < threads; t++) pool.workers.push(pool.startWorker(module, t));
    } catch {
      const started = pool.workers.length;
      ready.catch(() => {});
      await pool.close();
      return started;
    }
    begun?.();
    await ready;
    return pool;
  }

  private startWorker(module: WebAssembly.Module, thread: number): Thread {
    return startThread(
      { module, memory: this.memory },
      (answer) => this.hear(thread, answer),
      (why, cause) => this.fail(endedThread(`WebAssembly thread ${thread} ended`, why, cause)),
    );
  }

  get exports(): WebAssembly.Exports {
    return this.instance.exports;
  }

  async run(name: string, args: (thread: number) => readonly number[]): Promise<number[]> {
    if (this.closure) throw this.closure;
    callable(this.exports, name);
    const values = this.expect(name);
    this.workers.forEach((worker, t) => {
      worker.hold(true);
      worker.post({ name, args: args(t) });
    });
    return values;
  }

  async close(): Promise<void> {
    this.shut(closed("after close"));
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  private expect(name: string): Promise<number[]> {
    return new Promise((done, failed) => {
      this.pending.set(this.made++, {
        name,
        values: new Array(this.threads).fill(0),
        left: this.threads,
        done,
        failed,
      });
    });
  }

  private hear(thread: number, answer: Answer): void {
    if (this.closure) return;
    const call = this.answered[thread]++;
    const pending = this.pending.get(call) as Pending;
    if ("error" in answer) {
      const { error, name = "Error" } = answer;
      this.fail(failed(pending.name, error, Object.assign(new Error(error), { name })));
      return;
    }
    if ("value" in answer) pending.values[thread] = answer.value;
    if (--pending.left > 0) return;
    this.pending.delete(call);
    if (this.pending.size === 0) for (const worker of this.workers) worker.hold(false);
    pending.done(pending.values);
  }

  /** The first error ends the pool: other threads may be in the middle of work that is now worthless. */
  private fail(error: SpectroscopeError): void {
    this.shut(error);
    for (const worker of this.workers) void worker.stop();
  }

  private shut(error: SpectroscopeError): void {
    this.closure ??= error;
    for (const pending of this.pending.values()) pending.failed(this.closure);
    this.pending.clear();
  }
}
