import { kernel, linearGrid } from "../kernel";
import source from "./activate.wgsl";
import { activate as reference } from "./reference";

/** What `sae/activate` makes of a product: the values of its parameter `kind`. */
export const ACTIVATION_KIND = { relu: 0, jumprelu: 1, gated: 2, score: 3, plain: 4 } as const;

const { relu, jumprelu, gated, score, plain } = ACTIVATION_KIND;

/**
 * Codes of a sparse autoencoder, in place, from products weight x [T, F]: see `ACTIVATION_KIND` and the WGSL. `gate`, the
 * threshold of jumprelu and the bias of a gate, and `scale` may be any tensor where their kind does not read them.
 */
export const activate = kernel({
  name: "sae/activate",
  dims: ["T", "F", "Fg", "Fs"],
  bindings: {
    bias: { access: "read", type: "f32", dims: ["F"] },
    gate: { access: "read", type: "f32", dims: ["Fg"] },
    scale: { access: "read", type: "f32", dims: ["Fs"] },
    codes: { access: "update", type: "f32", dims: ["T", "F"] },
  },
  params: { kind: "u32" },
  variants: {
    plain: {
      file: "sae/activate.wgsl",
      source,
      workgroup: [64, 1, 1],
      grid: ({ T, F }) => linearGrid(T * F, 64),
      accepts: ({ F, Fg, Fs }, { kind }) =>
        (Fg === F || (kind !== jumprelu && kind !== gated)) && (Fs === F || (kind !== gated && kind !== score)),
      suits: "any",
    },
  },
  wasm: { items: ({ T }) => T },
  work: ({ T, F }) => ({ flops: 2 * T * F, bytes: 4 * (2 * T * F + F) }),
  tolerance: {
    absolute: 0,
    relative: 1.2e-7,
    reason: "inputs of the cases are multiples of 1/8: at most one rounding",
  },
  cases: [
    { name: "one", dims: { T: 1, F: 1, Fg: 1, Fs: 1 }, params: { kind: relu } },
    { name: "relu", dims: { T: 3, F: 67, Fg: 1, Fs: 1 }, params: { kind: relu } },
    { name: "jumprelu", dims: { T: 5, F: 33, Fg: 33, Fs: 1 }, params: { kind: jumprelu } },
    { name: "gated", dims: { T: 4, F: 130, Fg: 130, Fs: 130 }, params: { kind: gated } },
    { name: "score", dims: { T: 7, F: 19, Fg: 1, Fs: 19 }, params: { kind: score } },
    { name: "plain", dims: { T: 2, F: 64, Fg: 1, Fs: 1 }, params: { kind: plain } },
    { name: "wide", dims: { T: 512, F: 4096, Fg: 4096, Fs: 1 }, params: { kind: jumprelu }, bench: true },
  ],
  generate: ({ T, F, Fg, Fs }, _, random) => {
    // Exact in f32, so that equality with a threshold, which happens, is decided alike everywhere.
    const eighths = (size: number) => Float64Array.from({ length: size }, () => (random.integer(33) - 16) / 8);
    return { bias: eighths(F), gate: eighths(Fg), scale: eighths(Fs), codes: eighths(T * F) };
  },
  reference,
});
