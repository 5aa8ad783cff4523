/** Told of how much is done: items of `total`. */
export type Progress = (done: number, total: number) => void;

/** Seconds of work between two looks at the world: progress, Ctrl-C, a GPU's watchdog. */
const SLICE_SECONDS = 0.25;

/**
 * Does `total` items in slices of about a quarter of a second, whose size follows the measured rate; every slice but the last
 * is a multiple of `grain`.
 */
export async function inSlices(
  total: number,
  grain: number,
  progress: Progress | undefined,
  work: (from: number, to: number) => Promise<void>,
): Promise<void> {
  let size = grain;
  for (let from = 0; from < total; ) {
    const to = Math.min(total, from + size);
    const start = performance.now();
    await work(from, to);
    const seconds = (performance.now() - start) / 1000;
    progress?.(to, total);
    // At most four times the last: the first slice is too short to be believed.
    const growth = Math.min(4, Math.max(0.25, SLICE_SECONDS / Math.max(seconds, 1e-6)));
    size = Math.max(grain, Math.round((size * growth) / grain) * grain);
    from = to;
    // A call on this thread does not give way to others by itself.
    await new Promise((done) => setTimeout(done, 0));
  }
}
