/**
 * A large tensor in a few numbers that see every entry; goldens/reference/sketch.py, written again.
 *
 * Sixteen dot products with vectors of +1 and -1 drawn from Philox: two tensors that differ by e have sketches that differ by
 * sixteen numbers of root mean square |e|_2, so the relative L2 distance of sketches estimates that of tensors to a fifth.
 * Besides, the norm, and 256 entries at drawn places, to see where a difference lies.
 */
import { deriveKey, words, wordsBetween } from "../../kernels/philox/philox";
import { pieces, sizeOf, type TensorSource } from "../../runtime/transformer/weights";

const VECTORS = 16;
const SAMPLES = 256;

export interface Sketch {
  /** [16]: bit k of word e is the sign of entry e in vector k; set: minus. */
  readonly sketch: Float64Array;
  /** [1]: L2. */
  readonly norm: Float64Array;
  /** [256] entries. */
  readonly samples: Float64Array;
}

/**
 * Where a tensor is sampled: sample i at floor(word i * size / 2^32). Of the matrices of a vocabulary a batch touches few rows:
 * with `rows`, every other sample counts its place through these rows one after the other.
 */
function samplePlaces(name: string, size: number, width: number, rows?: ArrayLike<number>): number[] {
  return Array.from(words(deriveKey("samples", name), 0, SAMPLES), (word, i) => {
    const below = (count: number) => Number((BigInt(word) * BigInt(count)) >> 32n);
    if (!rows || i % 2 === 0) return below(size);
    const place = below(rows.length * width);
    return rows[Math.floor(place / width)] * width + (place % width);
  });
}

/** Sketch of a tensor, read piece by piece. */
export async function sketchTensor(source: TensorSource, name: string, rows?: ArrayLike<number>): Promise<Sketch> {
  const shape = source.shapes.get(name)!;
  const places = samplePlaces(name, sizeOf(shape), shape.at(-1)!, rows);
  const samples = new Float64Array(SAMPLES);
  // Entries whose words end in the same 16 bits have the same signs in every vector: one sum each.
  const sums = new Float64Array(1 << VECTORS);
  const key = deriveKey("sketch", name);
  let squares = 0;
  for await (const { from, data } of pieces(source, name)) {
    const signs = wordsBetween(key, 0, from, from + data.length);
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      sums[signs[i] & 0xffff] += value;
      squares += value * value;
    }
    places.forEach((place, i) => {
      if (place >= from && place < from + data.length) samples[i] = data[place - from];
    });
  }
  const sketch = new Float64Array(VECTORS);
  sums.forEach((sum, signs) => {
    for (let k = 0; k < VECTORS; k++) sketch[k] += (signs >>> k) & 1 ? -sum : sum;
  });
  return { sketch, norm: Float64Array.of(Math.sqrt(squares)), samples };
}
