import type { Attention, OnEvent } from "../../runtime/measure/events";
import type { Progress } from "./progress";

/** Draws what the pipeline tells as lines and bars; `signal` is what stops it. */
export function attentionOf(progress: Progress, signal?: AbortSignal): Attention & { readonly on: OnEvent } {
  const since = new Map<string, number>();
  const on: OnEvent = (event) => {
    if (event.kind === "say") progress.say(event.text);
    if (event.kind !== "work") return;
    const { task, label, done, total } = event;
    if (!since.has(task)) since.set(task, performance.now());
    progress.update(label, done, total, since.get(task)!);
  };
  return { on, ...(signal ? { signal } : {}) };
}
