import type { Attention, MeasureEvent } from "../../runtime/measure/events";

/** Asks work to stop, as Ctrl-C would, once it has told `count` events that count; `heard` gets all of them. */
export function stopAfter(
  count: number,
  counts: (event: MeasureEvent) => boolean = ({ kind }) => kind === "work",
  heard: (event: MeasureEvent) => void = () => {},
): Required<Attention> {
  const controller = new AbortController();
  let left = count;
  return {
    signal: controller.signal,
    on: (event) => {
      heard(event);
      if (counts(event) && --left === 0) controller.abort();
    },
  };
}
