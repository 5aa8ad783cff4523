import { SpectroscopeError } from "../../kernels/errors";
import type { View } from "../plan/plan";
import {
  type CutBy,
  cutRange,
  type LayerPart,
  type LayerPlan,
  type Model,
  type MovingRange,
  pieceRanges,
} from "./family";
import type { FixedTensors } from "./fixed";
import type { ModelPlanOptions } from "./request";
import type { Rows, Tape, Value, Weight } from "./tape";
import { WeightSource } from "./weight-source";

/** What planning layers asks for. */
export type LayerOptions = Pick<ModelPlanOptions, "model" | "fixed" | "restriction" | "moving" | "rows">;

/** Layers on a tape, with a restriction's weights where they move and the trained ones elsewhere. */
export class TapeLayers implements LayerPlan {
  readonly fixed: FixedTensors;
  readonly rows: Rows;
  private readonly weights: WeightSource;

  constructor(
    readonly tape: Tape,
    private readonly options: LayerOptions,
  ) {
    this.fixed = options.fixed;
    this.rows = options.rows;
    this.weights = new WeightSource(options);
  }

  weight(name: string): Weight {
    return this.weights.get(name);
  }

  byParts(
    label: string,
    layer: number,
    by: "head" | "neuron",
    residual: Value,
    into: View | undefined,
    build: (part: LayerPart) => Value,
  ): Value {
    const { model, restriction } = this.options;
    const parts = restriction.parts?.get(layer);
    const moving = (by === "head" ? parts?.heads : parts?.neurons) ?? [];
    if (moving.length === 0) return build(this.whole(label, { residual, keep: true, into }));
    // The trained part lacks what moves here: no other component can read it again.
    let out = build(new Rest(model, this.weights, label, { residual }, moving));
    moving.forEach((own, i) => {
      const last = i === moving.length - 1;
      out = build(new Moving(model, this.weights, label, { residual: out, into: last ? into : undefined }, own));
    });
    return out;
  }

  /** A sublayer in one part. */
  protected whole(label: string, sum: LayerPart["sum"]): LayerPart {
    return new Whole(this.options.model, this.weights, label, sum);
  }
}

/** All of a sublayer, where none of its heads (neurons) moves by itself. */
class Whole implements LayerPart {
  constructor(
    protected readonly model: Model,
    protected readonly weights: WeightSource,
    protected readonly name: string,
    readonly sum: LayerPart["sum"],
  ) {}

  count(by: CutBy): number {
    const { heads, kvHeads, intermediate } = this.model.dims;
    return { head: heads, kv_head: kvHeads, neuron: intermediate }[by];
  }

  label(what?: string): string {
    return what ? `${this.name} ${what}` : this.name;
  }

  weight(name: string): Weight {
    return this.weights.get(name);
  }

  optional(name: string): Weight | undefined {
    return this.model.parameters.has(name) ? this.weight(name) : undefined;
  }

  pieces(_name: string): readonly Weight[] | undefined {
    return undefined;
  }

  once(name: string): Weight | undefined {
    return this.model.parameters.has(name) ? this.weights.get(name) : undefined;
  }

  /** A parameter that several parts read. Its gradient would be that of the last one alone. */
  protected shared(name: string): Weight {
    if (!this.weights.moves(name)) return this.weights.trained(name);
    throw new SpectroscopeError(`${name} moves whole, and so do single parts of ${this.name} that read it`, {
      code: "usage",
      hint: "restrict to one of the two, or to the whole sublayer",
    });
  }
}

/** The trained sublayer, of whose output the ranges that move are left out. */
class Rest extends Whole {
  constructor(
    model: Model,
    weights: WeightSource,
    name: string,
    sum: LayerPart["sum"],
    private readonly moving: readonly MovingRange[],
  ) {
    super(model, weights, name, sum);
  }

  override weight(name: string): Weight {
    const { cut } = this.model.parameters.get(name)!;
    if (!cut) return this.shared(name);
    if (cut.axis === 0) return this.weights.trained(name);
    return this.weights.without(
      name,
      this.moving.map(({ range }) => cutRange(cut, range, this.model.dims)),
    );
  }
}

/** A range of heads (neurons) that moves by itself. */
class Moving extends Whole {
  constructor(
    model: Model,
    weights: WeightSource,
    name: string,
    sum: LayerPart["sum"],
    private readonly moving: MovingRange,
  ) {
    super(model, weights, name, sum);
  }

  override count(by: CutBy): number {
    const [from, to] = cutRange({ by, size: 1 }, this.moving.range, this.model.dims);
    return to - from;
  }

  override label(what?: string): string {
    return `${this.name} moving ${what ? `${what} ` : ""}${this.moving.range[0]}`;
  }

  override weight(name: string): Weight {
    const { cut } = this.model.parameters.get(name)!;
    if (!cut) return this.shared(name);
    const range = cutRange(cut, this.moving.range, this.model.dims);
    // Keys and values of a head that moves without its group are trained, and so are pieces that do not move.
    return this.weights.part(name, cut.axis, range);
  }

  override pieces(name: string): readonly Weight[] | undefined {
    const cut = this.model.parameters.get(name)?.cut;
    const own = cut?.pieces ?? [];
    if (!cut || own.length < 2 || !own.some((piece) => this.moving.pieces?.includes(piece))) return undefined;
    return pieceRanges(cut, this.moving.range, this.model.dims).map(({ range }) =>
      this.weights.part(name, cut.axis, range),
    );
  }

  override once(): undefined {
    return undefined;
  }
}
