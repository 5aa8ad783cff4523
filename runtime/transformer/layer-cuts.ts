import { SpectroscopeError } from "../../kernels/errors";
import {
  type CutBy,
  cutRange,
  type Dims,
  type HeadPiece,
  type Model,
  type MovingRange,
  pieceRanges,
  type Range,
} from "./family";

/** Parts of a layer that move by themselves: which weights are theirs, and how those of a union are put together. */

/** A rectangular part of a parameter; absent ranges mean all of it. */
export interface Slice {
  /** Hugging Face name. */
  readonly parameter: string;
  readonly rows?: Range;
  readonly columns?: Range;
}

/** A part of a layer that moves by itself. */
export interface LayerCut extends MovingRange {
  readonly layer: number;
  readonly by: "head" | "neuron";
  /** Of heads: they are whole groups, whose key-value heads move too. */
  readonly grouped: boolean;
}

/** In the order in which a restriction names them. */
export const PIECES: readonly HeadPiece[] = ["q", "k", "v", "o"];

/** Query heads that read one key-value head. */
export const groupSize = ({ heads, kvHeads }: Dims) => heads / kvHeads;

/** Whether a layer's parameters say where this piece of heads, or of key-value heads, lies. */
export function holdsPiece({ parameters }: Model, layer: number, piece: HeadPiece, by: readonly CutBy[]): boolean {
  return [...parameters.values()].some(
    ({ layer: own, cut }) => own === layer && cut !== undefined && by.includes(cut.by) && cut.pieces?.includes(piece),
  );
}

/** Ranges in ascending order; those that touch, or overlap, are one, but not across multiples of `border`. */
export function join(cuts: readonly LayerCut[], border = Number.POSITIVE_INFINITY): LayerCut[] {
  const result: LayerCut[] = [];
  for (const cut of [...cuts].sort((a, b) => a.range[0] - b.range[0])) {
    const last = result.at(-1);
    const [from, to] = cut.range;
    if (last && (from < last.range[1] || (from === last.range[1] && from % border !== 0))) {
      result[result.length - 1] = { ...last, range: [last.range[0], Math.max(last.range[1], to)] };
    } else result.push(cut);
  }
  return result;
}

/**
 * Heads that share their keys and values with others stay inside their group, and are left out where that moves. Heads of which
 * single pieces move stay alone: those of several are not neighbors.
 */
export function joinHeads(union: string, cuts: readonly LayerCut[], model: Model): LayerCut[] {
  const heads = apart(union, joinPieces(cuts, model), model);
  const whole = heads.filter(({ pieces }) => !pieces);
  const groups = join(whole.filter(({ grouped }) => grouped));
  const single = join(
    whole.filter(({ grouped }) => !grouped),
    groupSize(model.dims),
  );
  return [...groups, ...single, ...heads.filter(({ pieces }) => pieces)].sort((a, b) => a.range[0] - b.range[0]);
}

/** Every head and group once, with all of its pieces that move; none are named where that is all of it. */
function joinPieces(cuts: readonly LayerCut[], model: Model): LayerCut[] {
  const found = new Map<string, LayerCut>();
  for (const cut of cuts.filter(({ by }) => by === "head")) {
    const key = cut.range.join();
    const { pieces, ...whole } = found.get(key) ?? cut;
    const all = pieces && cut.pieces && PIECES.filter((one) => pieces.includes(one) || cut.pieces?.includes(one));
    const some = all && extent(cutSlices(whole, model)) > extent(cutSlices({ ...whole, pieces: all }, model));
    found.set(key, some ? { ...whole, pieces: all } : whole);
  }
  return [...found.values()];
}

/** Rows and columns of slices, together. */
function extent(slices: readonly Slice[]): number {
  return slices.reduce((sum, { rows, columns }) => {
    const [from, to] = rows ?? columns ?? [0, 0];
    return sum + to - from;
  }, 0);
}

/** Heads and groups without those whose weights a group holds. Errors: a group of which other pieces move than of its head. */
function apart(union: string, heads: readonly LayerCut[], model: Model): LayerCut[] {
  return heads.filter((head) => {
    const group = heads.find(
      ({ range }) => range[0] <= head.range[0] && head.range[1] <= range[1] && range.join() !== head.range.join(),
    );
    if (!group) return true;
    const held = cutSlices(group, model).map(({ parameter }) => parameter);
    if (cutSlices(head, model).every(({ parameter }) => held.includes(parameter))) return false;
    const name = `l${group.layer}g${group.range[0] / groupSize(model.dims)}`;
    const hint = `leave one of the two out, or name the whole group ${name}`;
    throw refuse(union, `pieces of ${name} move, and others of its head ${head.range[0]}`, hint);
  });
}

/** What a part of a layer holds of its parameters. */
export function cutSlices({ layer, by, range, grouped, pieces }: LayerCut, { parameters, dims }: Model): Slice[] {
  return [...parameters].flatMap(([parameter, { layer: own, cut }]): Slice[] => {
    const holds = cut && own === layer && (cut.by === by || (grouped && cut.by === "kv_head"));
    if (!holds) return [];
    const ranges = pieces
      ? pieceRanges(cut, range, dims)
          .filter(({ piece }) => pieces.includes(piece))
          .map((own) => own.range)
      : [cutRange(cut, range, dims)];
    return ranges.map((own) => ({ parameter, [cut.axis === 0 ? "rows" : "columns"]: own }));
  });
}

/** An error that names a restriction. */
export function refuse(name: string, why: string, hint?: string): SpectroscopeError {
  return new SpectroscopeError(`weight restriction "${name}": ${why}`, {
    code: "usage",
    ...(hint ? { hint } : {}),
  });
}
