import { backward as attentionBackward } from "../../kernels/attention/backward";
import { forward as attentionForward } from "../../kernels/attention/forward";
import { type HeadViews, interleavedHeads, planesOfHeads } from "../../kernels/common/heads";
import { biasBackward } from "../../kernels/matmul/bias_backward";
import { nn } from "../../kernels/matmul/nn";
import { nt } from "../../kernels/matmul/nt";
import { tn } from "../../kernels/matmul/tn";
import { rotate } from "../../kernels/rotary/rotate";
import { call, reshape, type View } from "../plan/plan";
import type { FixedTensors } from "./fixed";
import { linear } from "./operations";
import type { Tape, Value, Weight } from "./tape";

/** Operations of attention on a tape: heads' projections, and attention itself. */

/** Heads of an attention, and where q, k and v lie in their tensor. */
export interface Heads {
  readonly heads: number;
  /** Heads of keys and values, each shared by `heads` / `kvHeads` queries; by default every query head has its own. */
  readonly kvHeads?: number;
  readonly headDim: number;
  /** By default each head's q, k and v side by side. */
  readonly views?: HeadViews;
}

/** A linear layer's weight, [out, in], and its bias, where it has one. */
export interface Projection {
  readonly weight: Weight;
  readonly bias?: Weight;
}

/**
 * Queries, keys and values of `heads` by a projection each, into three planes of one slot, as `planesOfHeads` lays them; with the
 * views that `attention` reads them by. Where some move and x is the same for all chains, those that do not move are computed once
 * and copied.
 */
export function projectHeads(
  tape: Tape,
  label: (what: string) => string,
  x: Value,
  projections: Readonly<Record<"q" | "k" | "v", Projection>>,
  { heads, kvHeads = heads, headDim }: Omit<Heads, "views">,
  fixed: FixedTensors,
): { readonly qkv: Value; readonly views: HeadViews } {
  const parts = (["q", "k", "v"] as const).map((piece) => ({ piece, ...projections[piece] }));
  const moves = (part: Projection) => part.weight.gradient !== undefined || part.bias?.gradient !== undefined;
  const grouped = x.grouped || x.moves || parts.some(moves);
  const { sequences, positions } = tape.rowsOf({ grouped });
  const rows = sequences * positions;
  const groups = grouped ? tape.groups : 1;
  const views = planesOfHeads(groups * rows, heads, kvHeads, headDim);
  /** Where a part's plane lies in a slot like the value's: [G, R, width]. */
  const plane = ({ slot }: View, { piece }: (typeof parts)[number]): View => {
    const width = (piece === "q" ? heads : kvHeads) * headDim;
    return { slot, shape: [groups, rows, width], offset: views[`${piece}_first`] };
  };
  const none = { use_bias: 0, use_residual: 0 };
  const sources = parts.map((part) => {
    if (!grouped || x.grouped || x.moves || moves(part)) return undefined;
    return linear(tape, label(part.piece), x, part.weight, part.bias, fixed, { keep: true });
  });
  const qkv = tape.record(
    label("qkv"),
    () => [views.v_first + groups * rows * kvHeads * headDim],
    [x],
    parts.flatMap(({ weight, bias }) => (bias ? [weight, bias] : [weight])),
    (out, [read]) =>
      parts.map((part, i) => {
        const source = sources[i];
        const y = plane(out, part);
        if (source) return tape.spread(source, y, fixed.numbers(rows));
        const { weight, bias } = part;
        const tensors = { x: read.view, w: weight.view, bias: bias?.view ?? fixed.none(1), residual: fixed.none(2), y };
        return call(label(part.piece), nt, tensors, { ...none, use_bias: bias ? 1 : 0 });
      }),
    {
      differentiate: (out, [read]) => {
        if (!out.gradient) return;
        for (const part of parts) {
          const { piece, weight, bias } = part;
          const dy = plane(out.gradient, part);
          if (weight.gradient) tape.emit(`${label(piece)} weight`, tn, { dy, x: read.view, dw: weight.gradient });
          if (bias?.gradient) tape.emit(`${label(piece)} bias`, biasBackward, { dy, dbias: bias.gradient });
          const [N, K] = weight.view.shape.slice(-2);
          tape.collect(read, (collected, dx) => {
            const tensors = { dy, w: weight.view, add: collected ?? fixed.none(3), dx };
            return call(`${label(piece)} backward`, nn, tensors, { use_add: collected ? 1 : 0 }, { N, K });
          });
        }
      },
    },
  );
  return { qkv, views };
}

/** Rotary embedding and causal attention: q, k and v, [rows, (heads + 2 kvHeads) headDim] together, to [rows, heads * headDim]. */
export function attention(
  tape: Tape,
  label: string,
  qkv: Value,
  { heads, kvHeads = heads, headDim, views = interleavedHeads(heads, headDim) }: Heads,
  rotary: View | undefined,
  options: { keep?: boolean } = {},
): Value {
  const own = { scale: 1 / Math.sqrt(headDim), ...views };
  const turn = (sign: 1 | -1) => ({ sign, ...views });
  const flat = (view: View) => reshape(view, [view.shape.reduce((a, b) => a * b, 1)]);
  // What no shape shows: q, k and v are one row of elements to the kernels.
  const dimsOf = (grouped: boolean) => {
    const { sequences: B, positions: T } = tape.rowsOf({ grouped });
    return { G: grouped ? tape.groups : 1, B, T, H: heads, KV: kvHeads, K: headDim };
  };
  const byHead = (view: View, { G, B, T }: ReturnType<typeof dimsOf>) => reshape(view, [G, B, T, heads, headDim]);
  let rotated: View | undefined;
  let lse: View | undefined;
  return tape.record(
    label,
    heads * headDim,
    [qkv],
    [],
    (out, [read], grouped) => {
      const dims = dimsOf(grouped);
      const input = flat(read.view);
      const calls = [];
      rotated = input;
      if (rotary) {
        rotated = tape.scratch(`${label} rotated`, input.shape);
        calls.push(call(`${label} rotary`, rotate, { qkv: input, table: rotary, out: rotated }, turn(1), dims));
      }
      lse = tape.scratch(`${label} lse`, [dims.G, dims.B, dims.T, heads]);
      calls.push(call(label, attentionForward, { qkv: rotated, out: byHead(out, dims), lse }, own, dims));
      return calls;
    },
    {
      ...(options.keep ? { keep: true } : {}),
      differentiate: (out, [read]) => {
        if (!out.gradient || !rotated || !lse) return;
        const dims = dimsOf(true);
        const dout = byHead(out.gradient, dims);
        const tensors = { qkv: rotated, out: byHead(out.view, dims), lse, dout };
        const { shape } = rotated;
        tape.collect(read, (_, sum) => {
          const dqkv = flat(sum);
          if (!rotary) return call(`${label} backward`, attentionBackward, { ...tensors, dqkv }, own, dims);
          const inner = tape.scratch(`${label} rotated gradient`, shape);
          tape.emit(`${label} backward`, attentionBackward, { ...tensors, dqkv: inner }, own, dims);
          return call(`${label} rotary backward`, rotate, { qkv: inner, table: rotary, out: dqkv }, turn(-1), dims);
        });
      },
    },
  );
}
