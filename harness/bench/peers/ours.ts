/** This project's kernels in the variants that the runtime chooses, as one of the implementations. */
import { backward as attentionBackward } from "../../../kernels/attention/backward";
import { forward as attentionForward } from "../../../kernels/attention/forward";
import { type Kernel, type Params, shapeOf } from "../../../kernels/kernel";
import { backward as layernormBackward } from "../../../kernels/layernorm/backward";
import { backwardParams as layernormBackwardParams } from "../../../kernels/layernorm/backward_params";
import { forward as layernormForward } from "../../../kernels/layernorm/forward";
import { backwardWeight as lossBackwardWeight } from "../../../kernels/loss/backward_weight";
import { forward as lossForward } from "../../../kernels/loss/forward";
import { forwardBackward as lossForwardBackward } from "../../../kernels/loss/forward_backward";
import { nn } from "../../../kernels/matmul/nn";
import { nt } from "../../../kernels/matmul/nt";
import { tn } from "../../../kernels/matmul/tn";
import type { Device } from "../../../runtime/plan/device";
import { type Call, tensor, type View } from "../../../runtime/plan/plan";
import { isWebGpu } from "../../../runtime/webgpu/device";
import type { Implementation } from "./implementation";
import { attentionParams, EPS, type Operation, type OperationKind } from "./operation";

type Step = readonly [kernel: Kernel, params: Params];

/** Kernels of an operation, in order; tensors are found by their bindings' names. */
const steps: Record<OperationKind, (operation: Operation) => Step[]> = {
  matmul: ({ gradient }) => [
    [nt, { use_bias: 0, use_residual: 0 }],
    ...(gradient ? [[nn, { use_add: 0 }] as Step, [tn, {}] as Step] : []),
  ],
  layernorm: ({ gradient }) => [
    [layernormForward, { eps: EPS }],
    ...(gradient ? [[layernormBackward, { use_add: 0 }] as Step, [layernormBackwardParams, {}] as Step] : []),
  ],
  loss: ({ gradient, dims }) => {
    const params = { first: 0, scale: 1 / dims.R };
    return gradient
      ? [
          [lossForwardBackward, { scale: params.scale }],
          [lossBackwardWeight, params],
        ]
      : [[lossForward, { first: 0 }]];
  },
  attention: ({ gradient, dims }) => {
    const params = attentionParams(dims);
    return [[attentionForward, params], ...(gradient ? [[attentionBackward, params] as Step] : [])];
  },
};

/** Runs that are submitted together, as the dispatches of a model's step are; ONNX Runtime submits sixteen dispatches together too. */
const TOGETHER = 16;

/** What a kernel may bind and an operation does not use: one element. */
const UNUSED = new Set(["bias", "residual", "add"]);

/** This project on a device: a plan, run as a run's plans are. */
export function ours(device: Device): Implementation {
  return {
    name: isWebGpu(device) ? "spectroscope" : "spectroscope wasm",
    version: isWebGpu(device) ? "this checkout" : (device.banner ?? ""),
    where: isWebGpu(device) ? "webgpu" : "cpu",
    async prepare(operation) {
      const memory = device.openMemory();
      const views = new Map<string, View>();
      const calls: Call[] = [];
      for (const [kernel, params] of steps[operation.kind](operation)) {
        const tensors: Record<string, View> = {};
        for (const [name, binding] of Object.entries(kernel.bindings)) {
          const data = operation.inputs[name];
          const shape = shapeOf(binding, operation.dims, UNUSED.has(name) && !data);
          const view = views.get(name) ?? tensor(name, shape, "kept", binding.type);
          if (data && !views.has(name)) memory.write(view, data);
          views.set(name, view);
          tensors[name] = view;
        }
        const dims = Object.fromEntries(kernel.dims.map((letter) => [letter, operation.dims[letter]]));
        calls.push({ label: kernel.name, kernel, tensors, dims, params });
      }
      const bound = await memory.bind({ name: operation.name, calls });
      const many = Array.from({ length: TOGETHER }, () => calls).flat();
      const together = await memory.bind({ name: `${operation.name}, ${TOGETHER} times`, calls: many });
      return {
        async run(times) {
          for (let left = times; left > 0; left -= left >= TOGETHER ? TOGETHER : 1) {
            (left >= TOGETHER ? together : bound).submit();
          }
          if (isWebGpu(device)) await memory.settle();
        },
        async read() {
          const names = Object.keys(operation.expected());
          const data = await memory.read(names.map((name) => views.get(name)!));
          return Object.fromEntries(names.map((name, i) => [name, data[i]]));
        },
        close() {
          bound.destroy();
          together.destroy();
          memory.destroy();
        },
      };
    },
    close: async () => {},
  };
}
