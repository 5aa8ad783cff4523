/** TensorFlow.js with its WebGPU backend. Eager: every operation is a dispatch or more; gradients run the forward pass. */
import { waitFor } from "../../../runtime/node/wait";
import { type Implementation, joinHeads, splitHeads, transpose } from "./implementation";
import type { PeerPackages } from "./load";
import { EPS, type Operation, scaleOf } from "./operation";

/** What is used of a tensor. */
interface Tensor {
  readonly shape: number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Binary = (a: Tensor, b: Tensor | number) => Tensor;

/** What is used of the library. */
interface Tf {
  setBackend(name: string): Promise<boolean>;
  backend(): { endComputePassEncoder(): void; submitQueue(): void; queue: GPUQueue };
  tensor(data: Float32Array | Uint32Array | Int32Array, shape: number[], dtype?: "float32" | "int32"): Tensor;
  tidy(work: () => Tensor[]): Tensor[];
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  add: Binary;
  sub: Binary;
  mul: Binary;
  square(x: Tensor): Tensor;
  rsqrt(x: Tensor): Tensor;
  neg(x: Tensor): Tensor;
  mean(x: Tensor, axis: number, keepDims: boolean): Tensor;
  sum(x: Tensor, axis: number): Tensor;
  softmax(x: Tensor): Tensor;
  logSoftmax(x: Tensor): Tensor;
  oneHot(ids: Tensor, depth: number): Tensor;
  valueAndGrads(f: (...x: Tensor[]) => Tensor): (x: Tensor[], dy?: Tensor) => { value: Tensor; grads: Tensor[] };
}

interface Program {
  readonly compute: () => Tensor[];
  readonly inputs: readonly Tensor[];
  /** Results in the operation's layout, from the data of what `compute` gives. */
  readonly collect: (data: readonly Float32Array[]) => Record<string, ArrayLike<number>>;
}

export async function tfjs(packages: PeerPackages): Promise<Implementation> {
  const { tf, version } = await load(packages);
  await waitFor(tf.setBackend("webgpu"));
  return {
    name: "tfjs",
    version,
    where: "webgpu",
    async prepare(operation) {
      const program = programs[operation.kind](tf, operation);
      let results: Tensor[] = [];
      const clear = () => {
        for (const tensor of results) tensor.dispose();
        results = [];
      };
      return {
        async run(times) {
          for (let i = 0; i < times; i++) {
            clear();
            results = tf.tidy(program.compute);
          }
          const backend = tf.backend();
          backend.endComputePassEncoder();
          backend.submitQueue();
          await waitFor(backend.queue.onSubmittedWorkDone());
        },
        async read() {
          const data: Float32Array[] = [];
          for (const tensor of results) data.push(await waitFor(tensor.data()));
          return program.collect(data);
        },
        close() {
          clear();
          for (const tensor of program.inputs) tensor.dispose();
        },
      };
    },
    close: async () => {},
  };
}

async function load(packages: PeerPackages): Promise<{ tf: Tf; version: string }> {
  const core = await packages.load("@tensorflow/tfjs");
  await packages.load("@tensorflow/tfjs-backend-webgpu");
  return { tf: (core.default ?? core) as Tf, version: packages.version("@tensorflow/tfjs-backend-webgpu") };
}

/** Values, or values and gradients by `of` (all arguments), of a function. */
function evaluate(tf: Tf, f: (...x: Tensor[]) => Tensor, x: Tensor[], dy: Tensor | undefined): () => Tensor[] {
  if (!dy) return () => [f(...x)];
  return () => {
    const { value, grads } = tf.valueAndGrads(f)(x, dy);
    return [value, ...grads];
  };
}

const programs: Record<Operation["kind"], (tf: Tf, operation: Operation) => Program> = {
  matmul(tf, { dims: { M, N, K }, inputs, gradient }) {
    const x = tf.tensor(inputs.x, [M, K]);
    const w = tf.tensor(transpose(inputs.w, N, K), [K, N]);
    const dy = gradient ? tf.tensor(inputs.dy, [M, N]) : undefined;
    return {
      inputs: [x, w, ...(dy ? [dy] : [])],
      compute: evaluate(tf, (a, b) => tf.matMul(a, b), [x, w], dy),
      collect: ([y, dx, dw]) => ({ y, ...(gradient ? { dx, dw: transpose(dw, K, N) } : {}) }),
    };
  },
  layernorm(tf, { dims: { R, D }, inputs, gradient }) {
    const x = tf.tensor(inputs.x, [R, D]);
    const weight = tf.tensor(inputs.weight, [D]);
    const bias = tf.tensor(inputs.bias, [D]);
    const dy = gradient ? tf.tensor(inputs.dy, [R, D]) : undefined;
    const normalize = (a: Tensor, scale: Tensor, shift: Tensor) => {
      const centered = tf.sub(a, tf.mean(a, 1, true));
      const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), EPS));
      return tf.add(tf.mul(tf.mul(centered, rstd), scale), shift);
    };
    return {
      inputs: [x, weight, bias, ...(dy ? [dy] : [])],
      compute: evaluate(tf, normalize, [x, weight, bias], dy),
      collect: ([y, dx, dweight, dbias]) => ({ y, ...(gradient ? { dx, dweight, dbias } : {}) }),
    };
  },
  loss(tf, { dims: { R, V, D }, inputs, gradient }) {
    const x = tf.tensor(inputs.x, [R, D]);
    const w = tf.tensor(transpose(inputs.w, V, D), [D, V]);
    const targets = tf.tensor(Int32Array.from(inputs.targets), [R], "int32");
    const dlosses = gradient ? tf.tensor(new Float32Array(R).fill(1 / R), [R]) : undefined;
    const losses = (a: Tensor, b: Tensor) =>
      tf.neg(tf.sum(tf.mul(tf.logSoftmax(tf.matMul(a, b)), tf.oneHot(targets, V)), 1));
    return {
      inputs: [x, w, targets, ...(dlosses ? [dlosses] : [])],
      compute: evaluate(tf, losses, [x, w], dlosses),
      collect: ([losses, dx, dw]) => ({ losses, ...(gradient ? { dx, dw: transpose(dw, D, V) } : {}) }),
    };
  },
  attention(tf, operation) {
    const { dims, inputs, gradient } = operation;
    const { T, H, K } = dims;
    const [q, k, v] = splitHeads(inputs.qkv, T, H, K, true).map((part) => tf.tensor(part, [H, T, K]));
    const mask = tf.tensor(
      Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0)),
      [1, T, T],
    );
    const dout = gradient ? tf.tensor(transposeHeads(inputs.dout, T, H, K), [H, T, K]) : undefined;
    const attend = (a: Tensor, b: Tensor, c: Tensor) =>
      tf.matMul(tf.softmax(tf.add(tf.mul(tf.matMul(a, b, false, true), scaleOf(dims)), mask)), c);
    return {
      inputs: [q, k, v, mask, ...(dout ? [dout] : [])],
      compute: evaluate(tf, attend, [q, k, v], dout),
      collect: ([out, ...grads]) => ({
        out: joinHeads([out], T, H, K, true),
        ...(gradient ? { dqkv: joinHeads(grads, T, H, K, true) } : {}),
      }),
    };
  },
};

/** [T, H, K] to [H, T, K]. */
function transposeHeads(data: ArrayLike<number>, T: number, H: number, K: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let t = 0; t < T; t++) {
    for (let h = 0; h < H; h++) for (let e = 0; e < K; e++) out[(h * T + t) * K + e] = data[(t * H + h) * K + e];
  }
  return out;
}
