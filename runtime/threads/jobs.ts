/**
 * Whole jobs side by side: a worker gets a job as a message and answers its result, both cloned. For work that falls into
 * pieces which need nothing of each other; threads that share a memory are those of `pool.ts`.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { threadPlatform } from "./platform";
import type { Outcome } from "./serve";
import { checkThreads, defaultWorkers } from "./threads";
import { endedThread, startScript } from "./worker";

/** One kind of job, in two forms that do the same. */
export interface Work<Job, Result> {
  /** Text of a script that calls `serveJobs` with `run`. */
  readonly script: string;
  /** On this thread, which it blocks. */
  run(job: Job): Promise<Result>;
}

export interface JobOptions {
  /** Workers at most; by default as many as there are cores. They change no result. */
  readonly threads?: number;
  /** Ends the work: at once where workers run, else before the next job. */
  readonly signal?: AbortSignal;
  /** Told when a job begins, by its number, in order. One that throws ends the work. */
  readonly begun?: (job: number) => void;
  /** Told how many jobs of how many are done. One that throws ends the work. */
  readonly progress?: (done: number, total: number) => void;
}

/** How a lane runs its jobs. */
interface Runner<Job, Result> {
  run(job: Job): Promise<Result>;
  /** Lets the job that runs fail. */
  stop(error: SpectroscopeError): Promise<void>;
}

/**
 * Runs jobs, given out in order: at most `threads` at a time, and no more than those are made and held at once. They run here
 * where one thread is enough or none can be started. Workers end with the last job.
 * @param jobs each makes a job when it is its turn, on this thread
 * @returns results in the order of `jobs`
 * @throws SpectroscopeError of the first job, in order, that failed; `interrupted` where the signal asks to stop
 */
export async function runJobs<Job, Result>(
  work: Work<Job, Result>,
  jobs: readonly (() => Job | Promise<Job>)[],
  { threads, signal, begun, progress }: JobOptions = {},
): Promise<Result[]> {
  const asked = threads === undefined ? defaultWorkers() : checkThreads(threads, "jobs");
  const count = threadPlatform().starts() ? Math.min(asked, jobs.length) : 1;
  const runners: Runner<Job, Result>[] = count > 1 ? startWorkers(work.script, count) : [];
  if (runners.length === 0) runners.push({ run: (job) => work.run(job), stop: async () => {} });
  const stopAll = () => Promise.all(runners.map((runner) => runner.stop(interrupted())));
  const results: Result[] = new Array(jobs.length);
  const failures: { readonly job: number; readonly error: unknown }[] = [];
  let next = 0;
  let done = 0;
  const lane = async (runner: Runner<Job, Result>) => {
    while (next < jobs.length && failures.length === 0) {
      const job = next++;
      try {
        if (signal?.aborted) throw interrupted();
        begun?.(job);
        const made = await jobs[job]();
        if (signal?.aborted) throw interrupted();
        results[job] = await runner.run(made);
        progress?.(++done, jobs.length);
      } catch (error) {
        failures.push({ job, error });
      }
    }
  };
  signal?.addEventListener("abort", stopAll);
  try {
    await Promise.all(runners.map(lane));
  } finally {
    signal?.removeEventListener("abort", stopAll);
    await stopAll();
  }
  if (failures.length > 0) throw failures.reduce((first, one) => (one.job < first.job ? one : first)).error;
  return results;
}

const interrupted = () =>
  new SpectroscopeError("stopped before all jobs were done", { code: "interrupted", hint: "begin them again" });

/** As many workers as the system gives, up to `count`: the others' jobs are done by these. */
function startWorkers<Job, Result>(script: string, count: number): Runner<Job, Result>[] {
  const workers: Runner<Job, Result>[] = [];
  try {
    while (workers.length < count) workers.push(startWorker(script));
  } catch {
    // Jobs need no more threads than there are.
  }
  return workers;
}

/** A worker of a script of jobs, which answers one at a time. */
function startWorker<Job, Result>(script: string): Runner<Job, Result> {
  let waiting: { done: (result: Result) => void; failed: (error: unknown) => void } | undefined;
  let ended: SpectroscopeError | undefined;
  const thread = startScript(
    script,
    (message) => {
      const outcome = message as Outcome<Result>;
      const asked = waiting;
      waiting = undefined;
      if ("result" in outcome) asked?.done(outcome.result);
      else asked?.failed(new SpectroscopeError(outcome.failure.message, outcome.failure));
    },
    (why, cause) => end(endedThread("a worker ended in the middle of a job", why, cause)),
  );
  const end = (error: SpectroscopeError) => {
    ended ??= error;
    waiting?.failed(ended);
    waiting = undefined;
  };
  return {
    run: (job) =>
      new Promise((done, failed) => {
        if (ended) throw ended;
        waiting = { done, failed };
        thread.post(job);
      }),
    stop(error) {
      end(error);
      return thread.stop();
    },
  };
}
