/** What the pipeline tells whoever runs it: a command line draws bars from it, a page live plots. Nothing here waits for an answer. */
import { SpectroscopeError } from "../../kernels/errors";

export type MeasureEvent =
  /** A line for people. */
  | { readonly kind: "say"; readonly text: string }
  /** How far a task is; `done` and `total` in any one unit of work. `label`: what is being worked on now. */
  | {
      readonly kind: "work";
      readonly task: string;
      readonly label: string;
      readonly done: number;
      readonly total: number;
    }
  /** A draw of all chains of a unit: `draw` of them are made, `phi` is the rise of the sampling task's loss by chain, nats, [chains]. */
  | { readonly kind: "draw"; readonly unit: string; readonly draw: number; readonly phi: Float32Array }
  /** chi of a component, as soon as it can be told, nats squared, [tokens]. */
  | { readonly kind: "column"; readonly component: string; readonly chi: Float64Array };

/** Is told of events. One that throws ends the work as an error would. */
export type OnEvent = (event: MeasureEvent) => void;

/** What long work listens and tells with. */
export interface Attention {
  /** Ends the work where it can be gone on with. */
  readonly signal?: AbortSignal;
  readonly on?: OnEvent;
}

/** Tells a line. */
export const say = ({ on }: Attention, text: string): void => on?.({ kind: "say", text });

/** @throws SpectroscopeError `interrupted` where the signal asks to stop */
export function stopIfAsked({ signal }: Attention, where: string, hint: string): void {
  if (signal?.aborted) throw new SpectroscopeError(where, { code: "interrupted", hint });
}
