/** Ctrl-C: the first asks the work to stop where it can be gone on with, the second ends the process. */
export function onInterrupt(say: (line: string) => void): { readonly signal: AbortSignal; readonly done: () => void } {
  const controller = new AbortController();
  const handler = () => {
    if (controller.signal.aborted) process.exit(130);
    say("stopping where the run can be taken up again; once more to stop at once");
    controller.abort();
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return {
    signal: controller.signal,
    done: () => {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    },
  };
}
