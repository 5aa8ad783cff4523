/** Features that fire on a text's tokens: activations of a model go into an encoder block by block, and are never whole in memory. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Device } from "../plan/device";
import { type Encoded, type EncodeOptions, encodeTokens } from "../sae/encode";
import type { Encoder } from "../sae/encoder";
import type { HookPoint } from "../transformer/hook-points";
import type { Corpus } from "./corpus";
import { type HiddenOptions, hiddenStates } from "./hidden-states";
import type { MeasuredModel } from "./request";

export interface EncodedStatesOptions extends Pick<EncodeOptions, "active" | "signal" | "progress"> {
  readonly at: NonNullable<HiddenOptions["at"]>;
  /** Whether a target, by its number, is encoded. */
  readonly kept: (target: number) => boolean;
  /** How many are. */
  readonly tokens: number;
  /** Gets the activations of those that are kept, block by block, before they are encoded: [rows, D]. */
  readonly onRows?: (rows: Float32Array) => void;
}

/** Rows of numbers that one gives as they come and another takes as it needs them; whoever gives waits until more is asked for. */
class Handover {
  private readonly blocks: Float32Array[] = [];
  private held = 0;
  private stopped = false;
  private ended: { readonly error?: unknown } | undefined;
  private wanted: (() => void) | undefined;
  private given: (() => void) | undefined;

  async give(block: Float32Array): Promise<void> {
    if (this.stopped) throw new SpectroscopeError("nobody takes any more", { code: "interrupted" });
    this.blocks.push(block);
    this.held += block.length;
    const more = new Promise<void>((resolve) => {
      this.wanted = resolve;
    });
    this.given?.();
    await more;
  }

  async take(numbers: number): Promise<Float32Array> {
    while (this.held < numbers) {
      if (this.ended)
        throw this.ended.error ?? new SpectroscopeError(`${numbers - this.held} numbers too few`, { code: "internal" });
      const given = new Promise<void>((resolve) => {
        this.given = resolve;
      });
      this.wanted?.();
      await given;
    }
    const out = new Float32Array(numbers);
    for (let at = 0; at < numbers; ) {
      const [first] = this.blocks;
      const part = first.subarray(0, numbers - at);
      out.set(part, at);
      at += part.length;
      if (part.length === first.length) this.blocks.shift();
      else this.blocks[0] = first.subarray(part.length);
    }
    this.held -= numbers;
    return out;
  }

  /** Nothing more is given. */
  end(error?: unknown): void {
    this.ended = { error };
    this.given?.();
  }

  /** Nothing more is taken. */
  stop(): void {
    this.stopped = true;
    this.wanted?.();
  }
}

/** Rows of some targets of a block. */
function keptRows(targets: Uint32Array, data: Float32Array, width: number, kept: (target: number) => boolean) {
  const out = new Float32Array(data.length);
  let rows = 0;
  targets.forEach((target, i) => {
    if (kept(target)) out.set(data.subarray(i * width, (i + 1) * width), width * rows++);
  });
  return out.subarray(0, rows * width);
}

/**
 * Which features fire on the targets of a text that are kept, at a point of a model.
 * @returns firings by the number among those kept
 * @throws SpectroscopeError those of `hiddenStates` and `encodeTokens`
 */
export async function encodedStates(
  device: Device,
  subject: MeasuredModel,
  text: Pick<Corpus, "ids" | "columns">,
  point: HookPoint,
  encoder: Encoder,
  { at, kept, tokens, onRows, ...options }: EncodedStatesOptions,
): Promise<Encoded> {
  const width = subject.model.dims.hidden;
  const hand = new Handover();
  const { signal } = options;
  const read = hiddenStates(device, subject, text, [point], {
    ...{ at, ...(signal ? { signal } : {}) },
    onBlock: ({ targets, states: [{ data }] }) => {
      const rows = keptRows(targets, data as Float32Array, width, kept);
      onRows?.(rows);
      return hand.give(rows);
    },
  }).then(
    () => hand.end(),
    (error) => hand.end(error),
  );
  try {
    const source = { tokens, width, block: (from: number, to: number) => hand.take((to - from) * width) };
    return await encodeTokens(device, encoder, source, options);
  } finally {
    hand.stop();
    await read;
  }
}
