/** jax-js: traced and compiled per function, with autograd; arrays are owned, and `.ref` keeps one for another use. */
import { waitFor } from "../../../runtime/node/wait";
import { type Implementation, joinHeads, splitHeads, transpose } from "./implementation";
import type { PeerPackages } from "./load";
import { EPS, type Operation } from "./operation";

/** What is used of an array. */
interface Arr {
  readonly ref: Arr;
  data(): Promise<Float32Array>;
  dispose(): void;
  reshape(shape: number[]): Arr;
  add(other: Arr | number): Arr;
  sub(other: Arr | number): Arr;
  mul(other: Arr | number): Arr;
}

type Tree = Arr | readonly Arr[];

/** What is used of the library. */
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): string;
  numpy: {
    array(data: Float32Array | Int32Array): Arr;
    matmul(a: Arr, b: Arr): Arr;
    mean(x: Arr, axis: number, options: { keepdims: boolean }): Arr;
    sqrt(x: Arr): Arr;
    sum(x: Arr, axis: number): Arr;
    reciprocal(x: Arr): Arr;
  };
  nn: {
    logSoftmax(x: Arr): Arr;
    oneHot(ids: Arr, classes: number): Arr;
    dotProductAttention(q: Arr, k: Arr, v: Arr, options: { isCausal: boolean }): Arr;
  };
  jit<F extends (...x: Arr[]) => Tree>(f: F): (...x: Arr[]) => Tree;
  vjp(f: (...x: Arr[]) => Arr, x: readonly Arr[]): [Arr, (dy: Arr) => Arr[]];
  blockUntilReady(x: unknown): Promise<unknown>;
}

interface Program {
  readonly inputs: readonly Arr[];
  readonly f: (...x: Arr[]) => Arr;
  /** How many of the inputs gradients are taken by: the first ones; the rest are constants. */
  readonly by: number;
  readonly dy?: Arr;
  readonly collect: (data: readonly Float32Array[]) => Record<string, ArrayLike<number>>;
}

export async function jaxjs(packages: PeerPackages): Promise<Implementation> {
  iteratorHelpers();
  const jax = (await packages.load("@jax-js/jax")) as unknown as Jax;
  await waitFor(jax.init("webgpu"));
  jax.defaultDevice("webgpu");
  return {
    name: "jax-js",
    version: packages.version("@jax-js/jax"),
    where: "webgpu",
    async prepare(operation) {
      const { inputs, f, by, dy, collect } = programs[operation.kind](jax, operation);
      const compute = jax.jit((...x: Arr[]): Tree => {
        if (!dy) return [f(...x)];
        const constants = x.slice(by, -1);
        const [value, pull] = jax.vjp((...moving) => f(...moving, ...constants), x.slice(0, by));
        return [value, ...pull(x[x.length - 1])];
      });
      let results: readonly Arr[] = [];
      return {
        async run(times) {
          const all: (readonly Arr[])[] = [results];
          for (let i = 0; i < times; i++) {
            all.push(compute(...inputs.map(({ ref }) => ref), ...(dy ? [dy.ref] : [])) as readonly Arr[]);
          }
          results = all[all.length - 1];
          await waitFor(jax.blockUntilReady(all.slice(1)));
          for (const old of all.slice(0, -1)) for (const array of old) array.dispose();
        },
        async read() {
          const data: Float32Array[] = [];
          for (const array of results) data.push(await waitFor(array.ref.data()));
          return collect(data);
        },
        close() {
          for (const array of [...results, ...inputs, ...(dy ? [dy] : [])]) array.dispose();
        },
      };
    },
    close: async () => {},
  };
}

const programs: Record<Operation["kind"], (jax: Jax, operation: Operation) => Program> = {
  matmul({ numpy: np }, { dims: { M, N, K }, inputs, gradient }) {
    return {
      inputs: [place(np, inputs.x, [M, K]), place(np, transpose(inputs.w, N, K), [K, N])],
      f: (x, w) => np.matmul(x, w),
      by: 2,
      ...(gradient ? { dy: place(np, inputs.dy, [M, N]) } : {}),
      collect: ([y, dx, dw]) => ({ y, ...(gradient ? { dx, dw: transpose(dw, K, N) } : {}) }),
    };
  },
  layernorm({ numpy: np }, { dims: { R, D }, inputs, gradient }) {
    return {
      inputs: [place(np, inputs.x, [R, D]), place(np, inputs.weight, [D]), place(np, inputs.bias, [D])],
      f: (x, weight, bias) => {
        const centered = x.ref.sub(np.mean(x, 1, { keepdims: true }));
        const variance = np.mean(centered.ref.mul(centered.ref), 1, { keepdims: true });
        const rstd = np.reciprocal(np.sqrt(variance.add(EPS)));
        return centered.mul(rstd).mul(weight).add(bias);
      },
      by: 3,
      ...(gradient ? { dy: place(np, inputs.dy, [R, D]) } : {}),
      collect: ([y, dx, dweight, dbias]) => ({ y, ...(gradient ? { dx, dweight, dbias } : {}) }),
    };
  },
  loss({ numpy: np, nn }, { dims: { R, V, D }, inputs, gradient }) {
    const targets = np.array(Int32Array.from(inputs.targets));
    return {
      inputs: [place(np, inputs.x, [R, D]), place(np, transpose(inputs.w, V, D), [D, V]), targets],
      f: (x, w, ids) => np.sum(nn.logSoftmax(np.matmul(x, w)).mul(nn.oneHot(ids, V)), 1).mul(-1),
      by: 2,
      ...(gradient ? { dy: np.array(new Float32Array(R).fill(1 / R)) } : {}),
      collect: ([losses, dx, dw]) => ({ losses, ...(gradient ? { dx, dw: transpose(dw, D, V) } : {}) }),
    };
  },
  attention({ numpy: np, nn }, { dims: { T, H, K }, inputs, gradient }) {
    return {
      inputs: splitHeads(inputs.qkv, T, H, K, false).map((part) => place(np, part, [T, H, K])),
      f: (q, k, v) => nn.dotProductAttention(q, k, v, { isCausal: true }),
      by: 3,
      ...(gradient ? { dy: place(np, inputs.dout, [T, H, K]) } : {}),
      collect: ([out, ...grads]) => ({ out, ...(gradient ? { dqkv: joinHeads(grads, T, H, K, false) } : {}) }),
    };
  },
};

function place(np: Jax["numpy"], data: Float32Array | Uint32Array, shape: number[]): Arr {
  return np.array(data as Float32Array).reshape(shape);
}

/** jax-js uses iterator helpers, which Node has from version 22 on. */
function iteratorHelpers(): void {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  const add = (name: string, value: (this: Iterable<unknown>, f: (x: unknown, i: number) => unknown) => unknown) => {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  };
  add("map", function (f) {
    return [...this].map(f).values();
  });
  add("filter", function (f) {
    return [...this].filter(f).values();
  });
  add("flatMap", function (f) {
    return [...this].flatMap(f).values();
  });
  add("some", function (f) {
    return [...this].some(f);
  });
  add("every", function (f) {
    return [...this].every(f);
  });
  add("find", function (f) {
    return [...this].find(f);
  });
  add("forEach", function (f) {
    [...this].forEach(f);
  });
  add("toArray", function () {
    return [...this];
  });
}
