/**
 * The one error class of the project. Its message says what is wrong, where (file, key, kernel, chain) and the numbers;
 * its hint says the remedy. Both fit on one line, because that line is what a person sees.
 */
import { escapeControls } from "./escape";
import { troubleOf } from "./system-errors";

/** Known codes; others are allowed, so that a part may name its own failures. */
export type ErrorCode =
  | "bad-input"
  | "usage"
  | "no-adapter"
  | "gpu"
  | "non-finite"
  | "diverged"
  | "interrupted"
  | "system"
  | "memory"
  | "internal"
  | (string & {});

export interface ErrorDetails {
  code?: ErrorCode;
  /** What to do about it, as a phrase that follows "; ". */
  hint?: string;
  cause?: unknown;
  /** Process exit status a command line should use; by default it follows from the code. */
  exitCode?: number;
}

/** 0 ok, 1 failed, 2 usage, 3 no adapter, 130 interrupted. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  usage: 2,
  "no-adapter": 3,
  interrupted: 130,
};

export class SpectroscopeError extends Error {
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly exitCode: number;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SpectroscopeError";
    this.code = details.code ?? "bad-input";
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? (Object.hasOwn(EXIT_CODES, this.code) ? EXIT_CODES[this.code] : 1);
  }

  /** The whole error as one line: "message; hint". Control characters, as of names of files, are shown escaped. */
  get line(): string {
    return oneLine(this.hint ? `${this.message}; ${this.hint}` : this.message);
  }
}

/** Lines that were laid out as such, with a space before or after the break, are joined; any other break is of a name and escaped. */
const oneLine = (text: string) =>
  cut(escapeControls(text.trim().replace(/\s*[\r\n]+[^\S\r\n]+\s*|[^\S\r\n]+[\r\n]+/g, " ")));

/** Longest line, characters: names and values in it are as long as whoever wrote a file made them. */
const LONGEST = 900;

/** A line without its middle where it is too long: what is wrong stands first, the remedy last. */
const cut = (line: string) =>
  line.length <= LONGEST ? line : `${line.slice(0, 600)} ... ${line.slice(-250)}`.replace(/\p{Surrogate}/gu, "");

/** Anything that was thrown as an error of the project's. Only a fault of the program's own is `internal`. */
export function knownError(error: unknown): SpectroscopeError {
  if (error instanceof SpectroscopeError) {
    const trouble = error.code === "internal" ? troubleOf(error.cause) : undefined;
    return trouble ? new SpectroscopeError(error.message, { ...trouble, cause: error.cause }) : error;
  }
  const trouble = troubleOf(error);
  if (trouble) return new SpectroscopeError(`${trouble.what}${placeOf(error)}`, { ...trouble, cause: error });
  const message = error instanceof Error ? error.message || error.name : String(error);
  return new SpectroscopeError(message.replace(/\s*[\r\n]+\s*/g, " "), { code: "internal", cause: error });
}

/** One line for anything that was thrown, with the exit status that fits it. */
export function describeError(error: unknown): {
  line: string;
  exitCode: number;
  code: ErrorCode;
} {
  const { line, exitCode, code } = knownError(error);
  return { line, exitCode, code };
}

/** Which call of the system refused, and on what. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error) || !("syscall" in error)) return "";
  return ` (${[error.syscall, "path" in error ? error.path : ""].filter(Boolean).join(" ")})`;
}

/** Whether chains flew off: by their losses, or by their momenta. */
export function flewOff(error: unknown): error is SpectroscopeError {
  return error instanceof SpectroscopeError && (error.code === "non-finite" || error.code === "diverged");
}
