/** A part of a run's work after its measurement, noted with the seconds that it took. */
import { keepTiming, readTiming } from "../../runtime/measure/run-files";
import type { Run } from "../../runtime/store/run";

/** Does a job and adds its seconds to the run's, over those of an earlier one of its name. */
export async function phase<T>(run: Run, name: string, job: () => Promise<T>): Promise<T> {
  const since = performance.now();
  const result = await job();
  const timing = await readTiming(run);
  if (timing) {
    const seconds = timing.seconds.filter((one) => one.phase !== name);
    seconds.push({ phase: name, seconds: (performance.now() - since) / 1000 });
    await run.store.exclusive(() => keepTiming(run, { ...timing, seconds }));
  }
  return result;
}
