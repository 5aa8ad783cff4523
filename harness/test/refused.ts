/** Errors that a person is meant to read: of the project's own kind, in one line that says all of this. */
import * as assert from "uvu/assert";
import { SpectroscopeError } from "../../kernels/errors";

function check(error: unknown, pieces: readonly RegExp[]): void {
  assert.instance(error, SpectroscopeError);
  const { line, exitCode } = error as SpectroscopeError;
  assert.is(exitCode, 1);
  for (const piece of pieces) assert.match(line, piece);
  assert.not.match(line, /\n/);
}

/** A promise that is refused. */
export async function refused(run: Promise<unknown>, ...pieces: RegExp[]): Promise<void> {
  const error = await run.then(
    () => assert.unreachable("nothing was thrown"),
    (error) => error,
  );
  check(error, pieces);
}

/** A function that throws. */
export function refusedAtOnce(run: () => unknown, ...pieces: RegExp[]): void {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) assert.unreachable("nothing was thrown");
  check(error, pieces);
}
