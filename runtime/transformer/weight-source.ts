import type { RowRange } from "./fixed";
import type { ModelPlanOptions } from "./request";
import type { Weight } from "./tape";

/** A run of rows of a vocabulary matrix that fits one binding. */
export interface VocabularyPart {
  /** The id of its first row. */
  readonly first: number;
  readonly weight: Weight;
}

/** Weights as the tape wants them: those that move where the plan's moving weights lie, else the trained ones. */
export class WeightSource {
  constructor(private readonly options: Pick<ModelPlanOptions, "fixed" | "moving">) {}

  /** A whole parameter. */
  get(name: string): Weight {
    return this.options.moving.find(name) ?? this.trained(name);
  }

  /** Whether all of a parameter moves. */
  moves(name: string): boolean {
    return this.options.moving.find(name) !== undefined;
  }

  /** A vocabulary matrix, cut where it exceeds a binding. */
  vocabulary(name: string): VocabularyPart[] {
    const { fixed, moving } = this.options;
    const parts = fixed.vocabularyParts(name);
    if (parts.length === 1) return [{ first: 0, weight: this.get(name) }];
    return parts.map((rows) => {
      const view = () => fixed.parameter(name, rows);
      return { first: rows[0], weight: moving.find(name, rows) ?? { view: view(), key: `${name} from ${rows[0]}` } };
    });
  }

  /** The trained parameter, whatever moves. */
  trained(name: string): Weight {
    const view = this.options.fixed.parameter(name);
    return { view, key: view.slot.name };
  }

  /** The trained parameter without the columns that move. */
  without(name: string, columns: readonly RowRange[]): Weight {
    const view = this.options.fixed.withoutColumns(name, columns);
    return { view, key: view.slot.name };
  }

  /** Rows or columns of a parameter: those that move by themselves, else the trained ones. */
  part(name: string, axis: 0 | 1, range: RowRange): Weight {
    const moving = this.options.moving.part?.(name, range);
    if (moving) return moving;
    const view = this.options.fixed.slice(name, axis, range);
    return { view, key: view.slot.name };
  }
}
