import type { Device } from "../plan/device";
import type { Memory } from "../plan/memory";
import type { View } from "../plan/plan";
import type { Model } from "../transformer/family";
import { FixedTensors } from "../transformer/fixed";
import { planModel, splitRows, tokenView } from "../transformer/model";
import { FIXED_WEIGHTS } from "../transformer/moving";
import type { TokenViews } from "../transformer/request";
import { PrefixCache, type Rows } from "../transformer/tape";
import type { Weights } from "../transformer/weights";

/** A set of sequences on the device, with what is known of the model's fixed activations over it. */
export interface TextOnDevice {
  readonly rows: Rows;
  readonly tokens: TokenViews;
  /** On the host too, [sequences * positions]. */
  readonly inputs: Uint32Array;
  readonly targets: Uint32Array;
  readonly cache: PrefixCache;
}

/** A model, its text and device memory: what all components of a run share. */
export class Laboratory {
  readonly memory: Memory;
  readonly fixed: FixedTensors;
  private readonly hidden = new Map<TextOnDevice, Promise<Float32Array>>();

  constructor(
    readonly device: Device,
    readonly model: Model,
    readonly weights: Weights,
  ) {
    this.memory = device.openMemory();
    this.fixed = new FixedTensors(weights, device.bindingBytes);
  }

  /** Puts rows of `columns` = T + 1 ids on the device. */
  addText(name: string, ids: Uint32Array, columns: number): TextOnDevice {
    const { inputs, targets, rows } = splitRows(ids, columns);
    const place = (part: string, data: Uint32Array): View => {
      const view = tokenView(`${name} ${part}`, [data.length]);
      this.memory.write(view, data);
      return view;
    };
    const tokens = { inputs: place("inputs", inputs), targets: place("targets", targets) };
    return { rows, tokens, inputs, targets, cache: new PrefixCache() };
  }

  /** What the unembedding reads at the trained weights, [sequences * positions, D]; computed once for a text. */
  finalHidden(text: TextOnDevice): Promise<Float32Array> {
    const known = this.hidden.get(text) ?? this.computeHidden(text);
    this.hidden.set(text, known);
    return known;
  }

  private async computeHidden({ rows, tokens }: TextOnDevice): Promise<Float32Array> {
    const { memory, fixed, model } = this;
    const cache = new PrefixCache(false);
    const restriction = { name: "none", slices: [] };
    const common = { name: "hidden at w*", model, fixed, restriction, moving: FIXED_WEIGHTS, groups: 1 };
    const { prefix, hidden } = planModel({ ...common, rows, tokens, cache });
    await fixed.flush(memory);
    const bound = await memory.bind(prefix);
    await bound.run();
    const [data] = await memory.read([hidden]);
    bound.destroy();
    // The first call forgets nothing of what was just made, the second all of it.
    cache.trim();
    for (const { slot } of cache.trim()) memory.release(slot);
    return data as Float32Array;
  }

  /** Frees the cached activations of a text that no component used since the last call. */
  trim(text: TextOnDevice): void {
    for (const view of text.cache.trim()) this.memory.release(view.slot);
  }

  close(): void {
    this.memory.destroy();
  }
}
