import { type Thread, threadPlatform, useThreads } from "../../runtime/threads/platform";

/** Work while the system gives `count` threads at a time and no more; what was started is told. */
export async function withFewThreads<T>(count: number, work: () => Promise<T>, started: Thread[] = []): Promise<T> {
  const platform = threadPlatform();
  let living = 0;
  useThreads({
    ...platform,
    start(...how) {
      if (living >= count) {
        const code = "ERR_WORKER_INIT_FAILED";
        throw Object.assign(new Error("Worker initialization failure: EAGAIN"), { code });
      }
      const thread = platform.start(...how);
      living++;
      started.push(thread);
      return {
        ...thread,
        async stop() {
          await thread.stop();
          living--;
        },
      };
    },
  });
  try {
    return await work();
  } finally {
    useThreads(platform);
  }
}
