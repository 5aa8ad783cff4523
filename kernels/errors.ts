/**
 * The one error class of the project. Its message says what is wrong, where (file, key, kernel, chain) and the numbers;
 * its hint says the remedy. Both fit on one line, because that line is what a person sees.
 */

/** Known codes; others are allowed, so that a part may name its own failures. */
export type ErrorCode =
  | "bad-input"
  | "usage"
  | "no-adapter"
  | "gpu"
  | "non-finite"
  | "diverged"
  | "interrupted"
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

  /** The whole error as one line: "message; hint". */
  get line(): string {
    const text = this.hint ? `${this.message}; ${this.hint}` : this.message;
    return text.replace(/\s*[\r\n]+\s*/g, " ").trim();
  }
}

/** One line for anything that was thrown, with the exit status that fits it. */
export function describeError(error: unknown): {
  line: string;
  exitCode: number;
  code: ErrorCode;
} {
  if (error instanceof SpectroscopeError) {
    return { line: error.line, exitCode: error.exitCode, code: error.code };
  }
  const message = error instanceof Error ? error.message || error.name : String(error);
  return { line: message.replace(/\s*[\r\n]+\s*/g, " ").trim(), exitCode: 1, code: "internal" };
}

/** Whether chains flew off: by their losses, or by their momenta. */
export function flewOff(error: unknown): error is SpectroscopeError {
  return error instanceof SpectroscopeError && (error.code === "non-finite" || error.code === "diverged");
}
