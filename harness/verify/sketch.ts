/**
 * A large tensor in a few numbers that see every entry; goldens/reference/sketch.py, written again.
 *
 * Sixteen dot products with vectors of +1 and -1 drawn from Philox: two tensors that differ by e have sketches that differ by
 * sixteen numbers of root mean square |e|_2, so the relative L2 distance of sketches estimates that of tensors to a fifth.
 * Besides, 256 entries at drawn places, to see where a difference lies.
 */
import { deriveKey, words, wordsBetween } from "../../kernels/philox/philox";
import { pieces, sizeOf, type TensorSource } from "../../runtime/neox/weights";

const VECTORS = 16;
const SAMPLES = 256;

export interface Sketch {
  /** [16]: bit k of word e is the sign of entry e in vector k; set: minus. */
  readonly sketch: Float64Array;
  /** [256]: the entries at floor(word * size / 2^32). */
  readonly samples: Float64Array;
}

/** Sketch of a tensor, read piece by piece. */
export async function sketchTensor(source: TensorSource, name: string): Promise<Sketch> {
  const size = sizeOf(source.shapes.get(name)!);
  const places = Array.from(words(deriveKey("samples", name), 0, SAMPLES), (word) =>
    Number((BigInt(word) * BigInt(size)) >> 32n),
  );
  const samples = new Float64Array(SAMPLES);
  const minus = new Float64Array(VECTORS);
  const key = deriveKey("sketch", name);
  let total = 0;
  for await (const { from, data } of pieces(source, name)) {
    const signs = wordsBetween(key, 0, from, from + data.length);
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (value === 0) continue;
      total += value;
      const word = signs[i];
      for (let k = 0; k < VECTORS; k++) minus[k] += (word >>> k) & 1 ? value : 0;
    }
    places.forEach((place, i) => {
      if (place >= from && place < from + data.length) samples[i] = data[place - from];
    });
  }
  return { sketch: minus.map((sum) => total - 2 * sum), samples };
}
