/** What the command line says on stdout and stderr, also where these are full, or whoever read them has gone. */
import { SpectroscopeError } from "../../kernels/errors";
import { escapeLines } from "../../kernels/escape";
import { systemCode, troubleOf } from "../../kernels/system-errors";
import { STDERR, STDOUT, writeDescriptor } from "../../runtime/node/descriptor";
import { stdoutHoldsAFile } from "../../runtime/node/output-file";

/** Why nothing more is written to stdout: its reader is gone, or an error that is told in the end. */
let stdoutEnded: unknown;

/** Writes to stdout; to stderr where stdout is the file of an output. A failure waits for `stdoutError`: work goes on. */
export function writeResult(text: string): void {
  if (stdoutEnded !== undefined) return;
  if (stdoutHoldsAFile()) {
    writeNote(text);
    return;
  }
  try {
    writeDescriptor(STDOUT, escapeLines(text));
  } catch (error) {
    stdoutEnded = error;
  }
}

/** Writes to stderr, as far as somebody reads it: what is said there is no result. */
export function writeNote(text: string): void {
  try {
    writeDescriptor(STDERR, escapeLines(text));
  } catch {
    // Nobody is left to be told.
  }
}

/** What kept results from stdout. A reader that has seen enough (`| head`) closes the pipe; that is no failure. */
export function stdoutError(): SpectroscopeError | undefined {
  if (stdoutEnded === undefined || systemCode(stdoutEnded) === "EPIPE") return undefined;
  const { what, hint, code } = troubleOf(stdoutEnded) ?? { what: String(stdoutEnded), hint: undefined, code: "system" };
  return new SpectroscopeError(`cannot write the result to stdout: ${what}`, { code, hint, cause: stdoutEnded });
}

/** Lets bars on stderr, and what Node itself writes there, end no process when nobody can read them. */
export function guardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}
