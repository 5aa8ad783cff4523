import { SpectroscopeError } from "../../kernels/errors";

/** Pages of a WebAssembly memory of 4 GiB. */
export const MAX_PAGES = 65536;

/** A WebAssembly memory. @throws SpectroscopeError `memory`: more than there can be, or than the machine gives */
export function allocateMemory(pages: number, maxPages: number, shared: boolean): WebAssembly.Memory {
  const mebibytes = Math.ceil(pages / 16);
  if (!(pages <= maxPages && maxPages <= MAX_PAGES))
    throw new SpectroscopeError(`WebAssembly memory of ${mebibytes} MiB, at most ${maxPages / 16} are possible`, {
      code: "memory",
      hint: "use fewer rows or columns; the limit is 4 GiB",
    });
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: maxPages, shared });
  } catch (cause) {
    throw new SpectroscopeError(
      `not enough memory for WebAssembly: needs ${mebibytes} MiB, growing to ${maxPages / 16}`,
      {
        code: "memory",
        hint:
          "close other programs, use fewer rows, columns or chains, and leave addresses unlimited (ulimit -v unlimited): " +
          "each such memory reserves some 10 GiB of them",
        cause,
      },
    );
  }
}
