/** Errors that a person is meant to read: of the project's own kind, in one line that says all of this. */
import * as assert from "uvu/assert";
import { SpectroscopeError } from "../../kernels/errors";

function check(error: unknown, pieces: readonly RegExp[], expected = 1): void {
  assert.instance(error, SpectroscopeError);
  const { line, exitCode } = error as SpectroscopeError;
  assert.is(exitCode, expected);
  for (const piece of pieces) assert.match(line, piece);
  assert.not.match(line, /\n/);
}

const failure = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => assert.unreachable("nothing was thrown"),
    (error) => error,
  );

/** A promise that is refused. */
export async function refused(run: Promise<unknown>, ...pieces: RegExp[]): Promise<void> {
  check(await failure(run), pieces);
}

/** A promise that is refused as a wrong use: exit code 2. */
export async function refusedAsUsage(run: Promise<unknown>, ...pieces: RegExp[]): Promise<void> {
  check(await failure(run), pieces, 2);
}

function thrownBy(run: () => unknown): unknown {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) assert.unreachable("nothing was thrown");
  return error;
}

/** A function that throws. */
export function refusedAtOnce(run: () => unknown, ...pieces: RegExp[]): void {
  check(thrownBy(run), pieces);
}

/** A function that throws on a wrong use: exit code 2. */
export function refusedWrongUse(run: () => unknown, ...pieces: RegExp[]): void {
  check(thrownBy(run), pieces, 2);
}
