/**
 * Models whose weights are numbers out of a counter, so that no weights need be shipped to compare two programs on a
 * model of any size. Written a second time in goldens/reference/synthetic.py; both give the same bits.
 *
 * Element e of a parameter comes from word w of Philox (kernels/philox/philox.ts), key ("synthetic", name), step 0:
 * t = (w mod 2^16) + (w div 2^16) - 65535, a triangular distribution of standard deviation nearly 65536 / sqrt(6), and
 * value = f32(mean + (scale / 26755) t), in f64 until it is rounded once. Means and scales make a lively model: attention far
 * from uniform, biases that matter, logits of standard deviation 1.
 */
import { deriveKey, type Key, wordsBetween } from "../kernels/philox/philox";
import { type Model, type Parameter, parameterShapes } from "../runtime/transformer/family";
import type { Weights } from "../runtime/transformer/weights";

/** Standard deviation of t, rounded: part of the definition. */
const UNIT = 26755;

function moments(name: string, { shape, part }: Parameter, model: Model): { mean: number; scale: number } {
  if (name === model.unembedding) return { mean: 0, scale: 1 / Math.sqrt(model.dims.hidden) };
  if (name === model.embedding) return { mean: 0, scale: 1 };
  if (shape.length === 2) return { mean: 0, scale: 1.2 / Math.sqrt(shape[1]) };
  return { mean: part === "norm" && name.endsWith(".weight") ? 1 : 0, scale: 0.2 };
}

/** Weights of a synthetic model, made when they are read. */
export function syntheticWeights(model: Model): Weights {
  const shapes = parameterShapes(model);
  const keys = new Map<string, Key>([...shapes.keys()].map((name) => [name, deriveKey("synthetic", name)]));
  return {
    shapes,
    async read(name, from, to) {
      const { mean, scale } = moments(name, model.parameters.get(name)!, model);
      const step = scale / UNIT;
      const words = wordsBetween(keys.get(name)!, 0, from, to);
      const values = new Float32Array(words.length);
      // A loop: `Float32Array.from` with a function takes 25 times as long, and a wide model has 260 M parameters.
      for (let i = 0; i < words.length; i++) {
        values[i] = mean + step * ((words[i] & 0xffff) + (words[i] >>> 16) - 65535);
      }
      return values;
    },
  };
}

/** Token ids [rows * columns] of a name, uniform over the vocabulary. */
export function syntheticIds(name: string, count: number, vocabSize: number): Uint32Array {
  return wordsBetween(deriveKey("synthetic", "ids", name), 0, 0, count).map((word) => word % vocabSize);
}
