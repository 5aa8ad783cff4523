/** How much packed data may become: a file of 10 MB can hold 10 GB of zeros, and whoever opens it asked for neither. */

/** What any file may become, bytes. */
const ALWAYS = 32 * 2 ** 20;
/** And beyond: so many times its own size. Edge lists and matrices as people have them come to 20. */
const TIMES = 32;
/** And no more than one array of bytes holds. */
const MOST = 2 ** 32 - 1;

/** Most bytes that are unpacked from so many. */
export function unpackedLimit(packed: number): number {
  return Math.min(MOST, Math.max(ALWAYS, TIMES * packed));
}
