import type { Attention, OnEvent } from "../../runtime/measure/events";
import type { Progress } from "./progress";

/** Draws what the pipeline tells as lines and bars; `signal` is what stops it. */
export function attentionOf(
  progress: Pick<Progress, "say" | "update">,
  signal?: AbortSignal,
): Attention & { readonly on: OnEvent } {
  const tasks = new Map<string, { done: number; since: number }>();
  const on: OnEvent = (event) => {
    if (event.kind === "say") progress.say(event.text);
    if (event.kind !== "work") return;
    const { task, label, done, total } = event;
    const before = tasks.get(task);
    // Less than before: the task has begun anew, as in every run of a sweep.
    const since = before && done >= before.done ? before.since : performance.now();
    tasks.set(task, { done, since });
    progress.update(label, done, total, since);
  };
  return { on, ...(signal ? { signal } : {}) };
}
