/** ONNX Runtime Web: its WebGPU execution provider, and the older one in TypeScript (JSEP). Inference only. */
import { pathToFileURL } from "node:url";
import { waitFor } from "../../../runtime/node/wait";
import { type Implementation, joinHeads, splitHeads, transpose } from "./implementation";
import type { PeerPackages } from "./load";
import { encodeModel, type OnnxModel } from "./onnx";
import { EPS, type Operation, scaleOf } from "./operation";

/** What is used of the library. */
interface Ort {
  env: { wasm: { numThreads: number; wasmPaths: string }; webgpu: { device: Promise<GPUDevice> | GPUDevice } };
  Tensor: {
    new (type: "float32" | "int64", data: Float32Array | BigInt64Array, dims: readonly number[]): Tensor;
    fromGpuBuffer(buffer: GPUBuffer, options: { dataType: "float32" | "int64"; dims: readonly number[] }): Tensor;
  };
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}
interface Tensor {
  getData(): Promise<Float32Array>;
  dispose(): void;
}
interface Session {
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

interface Program {
  readonly model: OnnxModel;
  readonly data: Readonly<Record<string, Float32Array | BigInt64Array>>;
  readonly collect: (results: Readonly<Record<string, Float32Array>>) => Record<string, ArrayLike<number>>;
}

/** The files of the package that hold one provider or the other. */
const BUNDLES = { "ort-web": "dist/ort.webgpu.bundle.min.mjs", "ort-web jsep": "dist/ort.all.bundle.min.mjs" } as const;

export async function ort(packages: PeerPackages, name: keyof typeof BUNDLES): Promise<Implementation> {
  const library = (await packages.load("onnxruntime-web", BUNDLES[name])) as unknown as Ort;
  library.env.wasm.numThreads = 1;
  library.env.wasm.wasmPaths = pathToFileURL(packages.path("onnxruntime-web", "dist/")).href;
  return {
    name,
    version: packages.version("onnxruntime-web"),
    where: "webgpu",
    async prepare(operation) {
      if (operation.gradient) return undefined;
      const { model, data, collect } = programs[operation.kind](operation);
      const session = await waitFor(
        library.InferenceSession.create(encodeModel(model), {
          executionProviders: ["webgpu"],
          preferredOutputLocation: "gpu-buffer",
          logSeverityLevel: 3,
        }),
      );
      const device = await library.env.webgpu.device;
      const buffers: GPUBuffer[] = [];
      const feeds: Record<string, Tensor> = {};
      for (const [input, { type, dims }] of Object.entries(model.inputs)) {
        const values = data[input];
        const size = Math.ceil(values.byteLength / 16) * 16;
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
        const buffer = device.createBuffer({ size, usage });
        device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
        buffers.push(buffer);
        feeds[input] = library.Tensor.fromGpuBuffer(buffer, { dataType: type, dims });
      }
      let results: Record<string, Tensor> = {};
      const clear = () => {
        for (const tensor of Object.values(results)) tensor.dispose();
        results = {};
      };
      return {
        async run(times) {
          for (let i = 0; i < times; i++) {
            clear();
            results = await waitFor(session.run(feeds));
          }
          await waitFor(device.queue.onSubmittedWorkDone());
        },
        async read() {
          const read: Record<string, Float32Array> = {};
          for (const [output, tensor] of Object.entries(results)) read[output] = await waitFor(tensor.getData());
          return collect(read);
        },
        close() {
          clear();
          for (const buffer of buffers) buffer.destroy();
          void session.release();
        },
      };
    },
    close: async () => {},
  };
}

const f32 = (...dims: number[]) => ({ type: "float32", dims }) as const;

const programs: Record<Operation["kind"], (operation: Operation) => Program> = {
  matmul({ dims: { M, N, K }, inputs }) {
    return {
      model: {
        nodes: [{ type: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
        inputs: { x: f32(M, K), w: f32(K, N) },
        outputs: { y: f32(M, N) },
      },
      data: { x: inputs.x as Float32Array, w: transpose(inputs.w, N, K) },
      collect: ({ y }) => ({ y }),
    };
  },
  layernorm({ dims: { R, D }, inputs }) {
    return {
      model: {
        nodes: [
          {
            type: "LayerNormalization",
            inputs: ["x", "weight", "bias"],
            outputs: ["y"],
            attributes: { epsilon: { float: EPS } },
          },
        ],
        inputs: { x: f32(R, D), weight: f32(D), bias: f32(D) },
        outputs: { y: f32(R, D) },
      },
      data: { x: inputs.x, weight: inputs.weight, bias: inputs.bias } as Record<string, Float32Array>,
      collect: ({ y }) => ({ y }),
    };
  },
  loss({ dims: { R, V, D }, inputs }) {
    return {
      model: {
        nodes: [
          { type: "MatMul", inputs: ["x", "w"], outputs: ["logits"] },
          { type: "Softmax", inputs: ["logits"], outputs: ["p"] },
          { type: "GatherElements", inputs: ["p", "targets"], outputs: ["chosen"], attributes: { axis: 1 } },
          { type: "Log", inputs: ["chosen"], outputs: ["log"] },
          { type: "Neg", inputs: ["log"], outputs: ["losses"] },
        ],
        inputs: { x: f32(R, D), w: f32(D, V), targets: { type: "int64", dims: [R, 1] } },
        outputs: { losses: f32(R, 1) },
      },
      data: {
        x: inputs.x as Float32Array,
        w: transpose(inputs.w, V, D),
        targets: BigInt64Array.from(inputs.targets as Uint32Array, BigInt),
      },
      collect: ({ losses }) => ({ losses }),
    };
  },
  attention({ dims, inputs }) {
    const { T, H, K } = dims;
    const [q, k, v] = splitHeads(inputs.qkv, T, H, K, true);
    const kt = new Float32Array(k.length);
    for (let h = 0; h < H; h++) kt.set(transpose(k.subarray(h * T * K, (h + 1) * T * K), T, K), h * T * K);
    const mask = Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0));
    return {
      model: {
        nodes: [
          { type: "MatMul", inputs: ["q", "kt"], outputs: ["products"] },
          { type: "Mul", inputs: ["products", "scale"], outputs: ["scores"] },
          { type: "Add", inputs: ["scores", "mask"], outputs: ["masked"] },
          { type: "Softmax", inputs: ["masked"], outputs: ["p"] },
          { type: "MatMul", inputs: ["p", "v"], outputs: ["out"] },
        ],
        inputs: { q: f32(H, T, K), kt: f32(H, K, T), v: f32(H, T, K), mask: f32(1, T, T), scale: f32(1) },
        outputs: { out: f32(H, T, K) },
      },
      data: { q, kt, v, mask, scale: Float32Array.of(scaleOf(dims)) },
      collect: ({ out }) => ({ out: joinHeads([out], T, H, K, true) }),
    };
  },
};
