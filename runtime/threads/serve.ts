/** The worker's side of `jobs.ts`: a script of jobs calls `serveJobs` and answers until it is stopped. */
import { knownError } from "../../kernels/errors";

/** What became of a job: its result, or an error as far as it can be cloned. */
export type Outcome<Result> = { readonly result: Result } | { readonly failure: Failure };

/** A `SpectroscopeError` in parts; what else was thrown is `system`, `memory` or `internal`. */
export interface Failure {
  readonly message: string;
  readonly code: string;
  readonly hint?: string;
  readonly exitCode: number;
}

export function failureOf(error: unknown): Failure {
  const { message, code, hint, exitCode } = knownError(error);
  return { message, code, hint, exitCode };
}

/** Answers every message with what `run` makes of it, one after another. */
export function serveJobs<Job, Result>(run: (job: Job) => Promise<Result>): void {
  self.onmessage = async ({ data }: MessageEvent<Job>) => {
    let outcome: Outcome<Result>;
    try {
      outcome = { result: await run(data) };
    } catch (error) {
      outcome = { failure: failureOf(error) };
    }
    self.postMessage(outcome);
  };
}
