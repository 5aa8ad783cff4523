import { backward as activationBackward } from "../../kernels/activation/backward";
import { forward as activationForward } from "../../kernels/activation/forward";
import type { ActivationName } from "../../kernels/activation/functions";
import { sum } from "../../kernels/add/sum";
import { backward as embeddingBackward } from "../../kernels/embedding/backward";
import { forward as embeddingForward } from "../../kernels/embedding/forward";
import { backward as layernormBackward } from "../../kernels/layernorm/backward";
import { backwardParams as layernormBackwardParams } from "../../kernels/layernorm/backward_params";
import { forward as layernormForward } from "../../kernels/layernorm/forward";
import { biasBackward } from "../../kernels/matmul/bias_backward";
import { nn } from "../../kernels/matmul/nn";
import { nt } from "../../kernels/matmul/nt";
import { tn } from "../../kernels/matmul/tn";
import { call, reshape, type View } from "../plan/plan";
import type { FixedTensors } from "./fixed";
import { type Tape, type Value, type Weight, withGroups } from "./tape";
import type { VocabularyPart } from "./weight-source";

/** The operations of models on a tape: how each is computed and how it is differentiated. */

/** x [rows, D] = table[ids]; `ids` [rows] shared, or [G, R] where the table moves and each chain has its own batch. */
export function embedding(
  tape: Tape,
  table: readonly VocabularyPart[],
  ids: { shared: View; batch?: View },
  width: number,
  fixed: FixedTensors,
): Value {
  return tape.record(
    "embed",
    width,
    [],
    table.map(({ weight }) => weight),
    (out, _, grouped) => {
      const rows = grouped ? (ids.batch ?? ids.shared) : ids.shared;
      const whole = withGroups(out, grouped);
      // Of a table in parts each adds the rows that it holds, and nothing for the ids of others.
      let add: View | undefined;
      return table.map(({ first, weight }, i) => {
        const y = i === table.length - 1 ? whole : tape.scratch(`embed below ${table[i + 1].first}`, whole.shape);
        const tensors = { table: weight.view, ids: rows, add: add ?? fixed.none(3), y };
        const params = { first, use_add: add ? 1 : 0 };
        add = y;
        return call("embed", embeddingForward, tensors, params);
      });
    },
    {
      keep: true,
      differentiate: (out) => {
        const dy = out.gradient;
        const rows = ids.batch ?? ids.shared;
        for (const { first, weight } of table) {
          if (!weight.gradient || !dy) continue;
          tape.emit("embed backward", embeddingBackward, { ids: rows, dy, dtable: weight.gradient }, { first });
        }
      },
    },
  );
}

/** y = (x - mean) / sqrt(var + eps) * weight + bias over the last axis. */
export function layerNorm(
  tape: Tape,
  label: string,
  x: Value,
  weight: Weight,
  bias: Weight,
  eps: number,
  fixed: FixedTensors,
): Value {
  const width = x.view.shape.at(-1)!;
  let statistics: { mean: View; rstd: View } | undefined;
  return tape.record(
    label,
    width,
    [x],
    [weight, bias],
    (out, [read], grouped) => {
      const shape = grouped ? out.shape.slice(0, 2) : [1, out.shape[0]];
      statistics = { mean: tape.scratch(`${label} mean`, shape), rstd: tape.scratch(`${label} rstd`, shape) };
      const tensors = {
        x: read.view,
        weight: weight.view,
        bias: bias.view,
        y: withGroups(out, grouped),
      };
      return [call(label, layernormForward, { ...tensors, ...statistics }, { eps })];
    },
    {
      keep: true,
      differentiate: (out, [read]) => {
        if (!out.gradient || !statistics) return;
        const dy = out.gradient;
        const common = { dy, x: read.view, ...statistics };
        if (weight.gradient) {
          // Two slices of every chain's block overlap as ranges, and WebGPU lets no dispatch write both: the bias's
          // gradient is a plain sum over rows and has its own.
          const dbias = tape.scratch(`${label} bias`, weight.gradient.shape);
          tape.emit(`${label} weight`, layernormBackwardParams, { ...common, dweight: weight.gradient, dbias });
        }
        if (bias.gradient) tape.emit(`${label} bias`, biasBackward, { dy, dbias: bias.gradient });
        tape.collect(read, (collected, dx) =>
          call(
            `${label} backward`,
            layernormBackward,
            { ...common, weight: weight.view, add: collected ?? fixed.none(3), dx },
            { use_add: collected ? 1 : 0 },
          ),
        );
      },
    },
  );
}

/** y = x W^T + b (+ residual), W [out, in]; `into`: where a grouped y goes. */
export function linear(
  tape: Tape,
  label: string,
  x: Value,
  weight: Weight,
  bias: Weight | undefined,
  fixed: FixedTensors,
  options: { residual?: Value; keep?: boolean; into?: View } = {},
): Value {
  const { residual, into } = options;
  const [outputs, inputs] = weight.view.shape.slice(-2);
  const values = residual ? [x, residual] : [x];
  const weights = bias ? [weight, bias] : [weight];
  return tape.record(
    label,
    outputs,
    values,
    weights,
    (out, [read, rest], grouped) => {
      const tensors = {
        x: read.view,
        w: weight.view,
        bias: bias?.view ?? fixed.none(1),
        residual: rest?.view ?? fixed.none(2),
        y: withGroups(out, grouped),
      };
      return [call(label, nt, tensors, { use_bias: bias ? 1 : 0, use_residual: rest ? 1 : 0 })];
    },
    {
      ...(options.keep ? { keep: true } : {}),
      into,
      differentiate: (out, [read, rest]) => {
        const dy = out.gradient;
        if (!dy) return;
        if (weight.gradient) tape.emit(`${label} weight`, tn, { dy, x: read.view, dw: weight.gradient });
        if (bias?.gradient) tape.emit(`${label} bias`, biasBackward, { dy, dbias: bias.gradient });
        tape.collect(read, (collected, dx) => {
          const tensors = { dy, w: weight.view, add: collected ?? fixed.none(3), dx };
          return call(`${label} backward`, nn, tensors, { use_add: collected ? 1 : 0 }, { N: outputs, K: inputs });
        });
        if (rest?.moves) pass(tape, rest, dy);
      },
    },
  );
}

/** Hands a gradient on unchanged: the way through a residual connection. */
function pass(tape: Tape, value: Value, gradient: View): void {
  if (!value.gradient) {
    value.gradient = gradient;
    return;
  }
  tape.collect(value, (collected, y) => call("residual backward", sum, { a: collected!, b: gradient, y }));
}

/** The MLP's activation function, element by element. */
export function activation(tape: Tape, label: string, name: ActivationName, x: Value): Value {
  const flat = (view: View) => reshape(view, [view.shape.reduce((a, b) => a * b, 1)]);
  return tape.record(
    label,
    x.view.shape.at(-1)!,
    [x],
    [],
    (out, [read]) => [call(label, activationForward[name], { x: flat(read.view), y: flat(out) })],
    {
      keep: true,
      differentiate: (out, [read]) => {
        const dy = out.gradient;
        if (!dy) return;
        tape.collect(read, (_, dx) =>
          call(`${label} backward`, activationBackward[name], { x: flat(read.view), dy: flat(dy), dx: flat(dx) }),
        );
      },
    },
  );
}
