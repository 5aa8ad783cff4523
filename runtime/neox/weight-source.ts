import type { View } from "../dispatch/plan";
import type { ModelPlanOptions } from "./request";
import type { Weight } from "./tape";

/** Weights as the tape wants them: a view of the chains' block where the restriction has them, else the trained ones. */
export class WeightSource {
  constructor(private readonly options: ModelPlanOptions) {}

  /** A whole parameter. */
  get(name: string): Weight {
    return this.moving(name) ?? { view: this.options.fixed.parameter(name), key: name };
  }

  /** A whole parameter, or nothing when the model has none of that name. */
  optional(name: string): Weight | undefined {
    return this.options.fixed.weights.has(name) ? this.get(name) : undefined;
  }

  /** The trained parameter, whatever moves. */
  trained(name: string): Weight {
    return { view: this.options.fixed.parameter(name), key: name };
  }

  /** The trained parameter without the columns that move. */
  without(name: string, columns: readonly [number, number]): Weight {
    const view = this.options.fixed.withoutColumns(name, columns);
    return { view, key: view.slot.name };
  }

  /** The part of a parameter that moves, when some does. */
  moving(name: string): Weight | undefined {
    const { block, chains, groups } = this.options;
    const entry = block.entries.find(({ slice }) => slice.parameter === name);
    if (!entry) return undefined;
    const at = (view: View): View => ({
      slot: view.slot,
      shape: [groups, ...entry.shape],
      offset: entry.offset,
      groupStride: block.size,
    });
    return { view: at(chains.weights), gradient: at(chains.gradients), key: `moving ${name}` };
  }
}
