/** Which codes of a block fire, by the encoder's activation. */
import type { Encoder } from "./encoder";
import type { BlockOfCodes } from "./firing-list";
import type { PlacedEncoder } from "./placed-encoder";

/** Finds the codes above `active` of `rows` scaled tokens [rows, d]. */
export type Choose = (x: Float32Array, rows: number, found: BlockOfCodes) => Promise<void>;

/** The rule of an encoder, for blocks of at most `block` tokens. */
export function chooser(
  { features, activation }: Encoder,
  placed: PlacedEncoder,
  active: number,
  block: number,
): Choose {
  if (activation.kind === "topk") return largest(placed, activation.k, features, active);
  if (activation.kind === "groupmax") return largestOfGroups(placed, activation.k, features, active, block);
  return async (x, rows, found) => {
    for await (const { first, count, stride, data } of placed.codesOf(x, rows)) {
      for (let row = 0, at = 0; row < rows; row++, at += stride) {
        for (let f = 0; f < count; f++) if (data[at + f] > active) found.push(row, first + f, data[at + f]);
      }
    }
  };
}

/** Those of the k largest scores. */
function largest(placed: PlacedEncoder, k: number, features: number, active: number): Choose {
  const scoreOf = new Float32Array(features);
  return async (x, rows, found) => {
    const { values, indices } = await placed.largestOf(x, rows);
    for (let row = 0; row < rows; row++) {
      const chosen = indices.subarray(row * k, (row + 1) * k);
      for (let i = 0; i < k; i++) scoreOf[chosen[i]] = values[row * k + i];
      for (const f of chosen.sort()) if (scoreOf[f] > active) found.push(row, f, scoreOf[f]);
    }
  };
}

/** The largest of each of k groups of neighbors, the first among equals; pieces may cut a group anywhere. */
function largestOfGroups(placed: PlacedEncoder, k: number, features: number, active: number, block: number): Choose {
  const size = features / k;
  const values = new Float32Array(block * k);
  const indices = new Uint32Array(block * k);
  return async (x, rows, found) => {
    values.fill(active);
    for await (const { first, count, stride, data } of placed.codesOf(x, rows)) {
      for (let row = 0; row < rows; row++) {
        for (let f = 0; f < count; ) {
          const group = Math.floor((first + f) / size);
          const place = row * k + group;
          const end = Math.min(count, (group + 1) * size - first);
          for (; f < end; f++) {
            const score = data[row * stride + f];
            if (!(score > values[place])) continue;
            values[place] = score;
            indices[place] = first + f;
          }
        }
      }
    }
    for (let place = 0; place < rows * k; place++) {
      if (values[place] > active) found.push(Math.floor(place / k), indices[place], values[place]);
    }
  };
}
