import { tensor, type View } from "../plan/plan";
import type { ParameterBlock } from "./block";
import type { FixedTensors, RowRange } from "./fixed";
import type { Weight } from "./tape";

/** Which weights move in a plan, where they lie and where their gradients go. */
export interface MovingWeights {
  /** A parameter that moves whole, or some of its rows; nothing where it does not. */
  find(name: string, rows?: RowRange): Weight | undefined;
  /** The rows, or columns, of a parameter that move by themselves. */
  part?(name: string, range: RowRange): Weight | undefined;
}

/** No weight moves. */
export const FIXED_WEIGHTS: MovingWeights = { find: () => undefined };

/** Chains: each has its own parameter block, and a gradient beside it, [G, P] each. */
export class ChainWeights implements MovingWeights {
  constructor(
    private readonly block: ParameterBlock,
    private readonly state: { readonly weights: View; readonly gradients: View },
  ) {}

  find(name: string, rows?: RowRange): Weight | undefined {
    const entry = this.block.entries.find(
      ({ slice }) => slice.parameter === name && slice.rows === undefined && slice.columns === undefined,
    );
    if (!entry) return undefined;
    const shape = rows ? [rows[1] - rows[0], entry.shape[1]] : entry.shape;
    const offset = entry.offset + (rows ? rows[0] * entry.shape[1] : 0);
    return this.at(shape, offset, `moving ${name}${rows ? ` from ${rows[0]}` : ""}`);
  }

  part(name: string, [from, to]: RowRange): Weight | undefined {
    const entry = this.block.entries.find(({ slice }) => {
      const range = slice.rows ?? slice.columns;
      return slice.parameter === name && range?.[0] === from && range[1] === to;
    });
    return entry && this.at(entry.shape, entry.offset, `moving ${name} ${from} to ${to}`);
  }

  private at(shape: readonly number[], offset: number, key: string): Weight {
    const view = ({ slot, shape: [groups] }: View): View => ({
      slot,
      shape: [groups, ...shape],
      offset,
      groupStride: this.block.size,
    });
    return { view: view(this.state.weights), gradient: view(this.state.gradients), key };
  }
}

/** Every weight of the model at its trained value, with a gradient of its own: [1, ...shape] each. */
export class WholeGradient implements MovingWeights {
  /** By parameter, in the order of their rows. */
  readonly gradients = new Map<string, Map<number, View>>();

  constructor(private readonly fixed: FixedTensors) {}

  /** Every gradient that a plan asked for. */
  *views(): Generator<View> {
    for (const parts of this.gradients.values()) yield* parts.values();
  }

  find(name: string, rows?: RowRange): Weight {
    const view = this.fixed.parameter(name, rows);
    const parts = this.gradients.get(name) ?? new Map<number, View>();
    this.gradients.set(name, parts);
    const first = rows?.[0] ?? 0;
    let gradient = parts.get(first);
    if (!gradient) {
      gradient = tensor(`gradient of ${view.slot.name}`, [1, ...view.shape], "kept");
      parts.set(first, gradient);
    }
    return { view, gradient, key: `moving ${view.slot.name}` };
  }
}
