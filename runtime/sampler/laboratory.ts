import type { Device } from "../node/open-device";
import { type Memory, openMemory } from "../plan/memory";
import type { View } from "../plan/plan";
import type { Model } from "../transformer/family";
import { FixedTensors } from "../transformer/fixed";
import { splitRows, tokenView } from "../transformer/model";
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

  constructor(
    readonly device: Device,
    readonly model: Model,
    readonly weights: Weights,
  ) {
    this.memory = openMemory(device);
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

  /** Frees the cached activations of a text that no component used since the last call. */
  trim(text: TextOnDevice): void {
    for (const view of text.cache.trim()) this.memory.release(view.slot);
  }

  close(): void {
    this.memory.destroy();
  }
}
