/** Which test cases are wanted: by `suite#case`, the name that `npm test -- --list` prints. */
import { SpectroscopeError } from "../../kernels/errors";

export const caseName = (suite: string, test: string) => `${suite}#${test}`;

/**
 * Tells the names that a pattern is in: a part of them, or `/expression/`.
 * @throws SpectroscopeError (usage) for an expression that is none
 */
export function selector(pattern: string): (name: string) => boolean {
  const written = /^\/(.*)\/(i?)$/s.exec(pattern);
  if (!written) return (name) => name.includes(pattern);
  try {
    const expression = new RegExp(written[1], written[2]);
    return (name) => expression.test(name);
  } catch (cause) {
    throw new SpectroscopeError(`--grep ${pattern}: ${(cause as Error).message}`, {
      code: "usage",
      hint: "without the slashes it is taken as text",
      cause,
    });
  }
}
