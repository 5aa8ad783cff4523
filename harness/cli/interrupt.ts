/** Ctrl-C: the first asks the run to stop where it can be resumed, the second ends the process. */
export function onInterrupt(say: (line: string) => void): { readonly asked: () => boolean; readonly done: () => void } {
  let asked = false;
  const handler = () => {
    if (asked) process.exit(130);
    asked = true;
    say("stopping where the run can be taken up again; once more to stop at once");
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return {
    asked: () => asked,
    done: () => {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    },
  };
}
