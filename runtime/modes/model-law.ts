import { SpectroscopeError } from "../../kernels/errors";
import { ThinProducts } from "../../kernels/products/products";
import type { Law } from "./law";

/** Contexts whose logits are made at once. */
const CONTEXTS = 64;

/**
 * The law that a model predicts: softmax of hidden [N, width] times unembedding [V, width] transposed, plus bias [V]. Hidden states
 * are those that the unembedding reads. Logits and softmax are summed in f64; nothing of N × V is kept.
 * @throws SpectroscopeError `bad-input` where sizes disagree, `non-finite` for a context whose logits are not finite
 */
export function modelLaw(options: {
  readonly hidden: ArrayLike<number>;
  readonly unembedding: ArrayLike<number>;
  readonly width: number;
  readonly bias?: ArrayLike<number>;
}): Law {
  const { hidden, unembedding, width, bias } = options;
  const contexts = hidden.length / width;
  const tokens = unembedding.length / width;
  if (!(Number.isInteger(contexts) && Number.isInteger(tokens) && contexts > 0 && tokens > 0))
    throw new SpectroscopeError(
      `model law: ${hidden.length} hidden values and ${unembedding.length} of the unembedding do not divide by width ${width}`,
      { hint: "give whole rows of the model's width to both" },
    );
  if (bias && bias.length !== tokens)
    throw new SpectroscopeError(`model law: ${bias.length} biases for ${tokens} tokens`, { hint: "give one a token" });
  const products = new ThinProducts(width, CONTEXTS);
  const basis = new Float64Array(CONTEXTS * width);
  const matrix = { rows: tokens, data: unembedding };

  function softmax(from: number, count: number, out: Float64Array, at: number): void {
    basis.fill(0);
    for (let i = 0; i < count * width; i++) basis[i] = hidden[from * width + i];
    products.load(basis);
    const logits = products.project(matrix);
    const most = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    for (let y = 0; y < tokens; y++)
      for (let i = 0; i < count; i++) {
        if (bias) logits[y * CONTEXTS + i] += bias[y];
        most[i] = Math.max(most[i], logits[y * CONTEXTS + i]);
      }
    for (let i = 0; i < count; i++) {
      const row = out.subarray((at + i) * tokens, (at + i + 1) * tokens);
      let sum = 0;
      for (let y = 0; y < tokens; y++) {
        row[y] = Math.exp(logits[y * CONTEXTS + i] - most[i]);
        sum += row[y];
      }
      if (!Number.isFinite(sum))
        throw new SpectroscopeError(`model law: logits of context ${from + i} are not finite`, {
          code: "non-finite",
          hint: "look for hidden states or unembeddings that are not finite",
        });
      for (let y = 0; y < tokens; y++) row[y] /= sum;
    }
  }

  return {
    contexts,
    tokens,
    rows(from, to) {
      const out = new Float64Array((to - from) * tokens);
      for (let i = from; i < to; i += CONTEXTS) softmax(i, Math.min(CONTEXTS, to - i), out, i - from);
      return out;
    },
  };
}
