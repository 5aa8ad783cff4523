/**
 * What the runtime knows of a model: sizes, parameters, and how a layer is planned. Families (models/families) make these values;
 * nothing in this room names one.
 */
import type { View } from "../plan/plan";
import type { FixedTensors } from "./fixed";
import type { Rows, Tape, Value, Weight } from "./tape";

/** `from` up to, not including, `to`. */
export type Range = readonly [from: number, to: number];

/** A model's sizes. */
export interface Dims {
  readonly vocab: number;
  /** D: the width of the residual stream. */
  readonly hidden: number;
  readonly layers: number;
  /** Query heads of a layer. */
  readonly heads: number;
  /** Heads of keys and values, a divisor of `heads`: each is read by a group of `heads / kvHeads` neighboring query heads. */
  readonly kvHeads: number;
  /** Need not be `hidden / heads`. */
  readonly headDim: number;
  /** Neurons of a layer's MLP. */
  readonly intermediate: number;
  /** The longest row of ids that the model reads. */
  readonly positions: number;
}

/** What a matrix is cut into: query heads, key-value heads, neurons. */
export type CutBy = "head" | "kv_head" | "neuron";

/** What a head is made of: its query, key, value, and its columns of the output matrix. */
export type HeadPiece = "q" | "k" | "v" | "o";

/**
 * How a parameter is cut: `size` neighbors along `axis` belong to head (key-value head, neuron) i, from `size * i` on. Axis 0 of
 * a linear layer [out, in] makes heads, axis 1 reads them.
 */
export interface Cut {
  readonly by: CutBy;
  readonly axis: 0 | 1;
  readonly size: number;
  /** The pieces of a head (key-value head) that lie in it, one after another in equal shares of `size`; absent where they have no name. */
  readonly pieces?: readonly HeadPiece[];
}

/** Heads (neurons) that move by themselves. */
export interface MovingRange {
  readonly range: Range;
  /** Which pieces of its head, or group of heads, move, if not all: the others are the trained ones. */
  readonly pieces?: readonly HeadPiece[];
}

/** One parameter of a model. */
export interface Parameter {
  readonly shape: readonly number[];
  readonly part: "embed" | "unembed" | "norm" | "attn" | "mlp";
  /** Absent outside layers. */
  readonly layer?: number;
  /** Absent where it belongs to no head and no neuron. */
  readonly cut?: Cut;
}

/** A model: a value that a family makes of a `config.json`. Weights come beside it. */
export interface Model {
  /** `model_type` of its family. */
  readonly family: string;
  /** What the family read from config.json, in plain values: the mathematics whole, so that a run's fingerprint can hold it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly dims: Dims;
  /** By Hugging Face name, in the order of transformers' `named_parameters()`: a restriction's slices follow it. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Name of the embedding's matrix [vocab, hidden]. */
  readonly embedding: string;
  /** Name of the unembedding's, [vocab, hidden]: the embedding's own where both are one. */
  readonly unembedding: string;
  /** What lies between the embedding and the first layer, where there is something: learned positions, a norm. */
  planInput?(plan: LayerPlan, embedded: Value): Value;
  /** One layer, residual connections included. `into`: where its output goes, if it moves. */
  planLayer(plan: LayerPlan, h: Value, layer: number, into?: View): Value;
  /** What the unembedding reads. */
  planFinalNorm(plan: LayerPlan, h: Value): Value;
}

/** What a family plans a layer with. */
export interface LayerPlan {
  readonly tape: Tape;
  readonly fixed: FixedTensors;
  /** The rows that exist. */
  readonly rows: Rows;
  /** A whole parameter, moving or trained. */
  weight(name: string): Weight;
  /**
   * residual + a sublayer's output, part by part: where heads (neurons) move by themselves the trained sublayer without them, then
   * each range of them; else the whole. `build` plans one part; its last product takes `part.sum`.
   * @param label of the sublayer, such as `l0 attention`
   */
  byParts(
    label: string,
    layer: number,
    by: "head" | "neuron",
    residual: Value,
    into: View | undefined,
    build: (part: LayerPart) => Value,
  ): Value;
}

/** Some heads (neurons) of a sublayer: all of them, or a range that moves by itself. */
export interface LayerPart {
  /** How many it has. */
  count(by: CutBy): number;
  /** Label of one of its calls, or of the one that needs no word. */
  label(what?: string): string;
  /** Its rows or columns of a parameter that is cut; any other parameter whole. @throws SpectroscopeError where that moves beside parts */
  weight(name: string): Weight;
  /**
   * Its rows of a parameter piece by piece, in the cut's order, where some pieces of a head move and others are the trained ones;
   * nothing where `weight` has them in one, and where the model has no parameter of that name.
   */
  pieces(name: string): readonly Weight[] | undefined;
  /** Nothing where the model has none of that name. */
  optional(name: string): Weight | undefined;
  /** A parameter of the whole sublayer that is added once, such as an output's bias: nothing but in the first part. */
  once(name: string): Weight | undefined;
  /** How its output joins the others: options of its last product. No residual: the sublayer's output is wanted by itself. */
  readonly sum: { readonly residual?: Value; readonly keep?: boolean; readonly into?: View };
}

/** Shapes by name, in the model's order. */
export function parameterShapes({ parameters }: Pick<Model, "parameters">): Map<string, readonly number[]> {
  return new Map([...parameters].map(([name, { shape }]) => [name, shape]));
}

/** Whether the unembedding is the embedding's matrix. */
export function tied({ embedding, unembedding }: Pick<Model, "embedding" | "unembedding">): boolean {
  return embedding === unembedding;
}

/**
 * The rows or columns of a parameter that belong to a range of query heads, or of neurons: of one that is cut by key-value heads
 * those that the range reads.
 */
export function cutRange({ by, size }: Pick<Cut, "by" | "size">, [from, to]: Range, { heads, kvHeads }: Dims): Range {
  const unit = by === "kv_head" ? heads / kvHeads : 1;
  return [size * Math.floor(from / unit), size * Math.ceil(to / unit)];
}

/** Where the pieces of a head lie in a parameter's rows or columns, in the cut's order; of several heads only where a cut has one piece. */
export function pieceRanges(
  cut: Cut,
  range: Range,
  dims: Dims,
): { readonly piece: HeadPiece; readonly range: Range }[] {
  const [from, to] = cutRange(cut, range, dims);
  const pieces = cut.pieces ?? [];
  const share = (to - from) / pieces.length;
  return pieces.map((piece, i) => ({ piece, range: [from + share * i, from + share * (i + 1)] }));
}
