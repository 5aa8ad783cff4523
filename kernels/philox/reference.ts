import type { Arrays, Dims, Params } from "../kernel";
import { type Key, normals, words } from "./philox";

/** The g-th key of a `keys [G, 2]` binding. */
export function keyOf(keys: Arrays[string], g: number): Key {
  return [keys[2 * g], keys[2 * g + 1]];
}

export function bits(inputs: Arrays, dims: Dims, params: Params): Arrays {
  const out = new Uint32Array(dims.G * dims.P);
  for (let g = 0; g < dims.G; g++) out.set(words(keyOf(inputs.keys, g), params.step, dims.P), g * dims.P);
  return { out };
}

export function normal(inputs: Arrays, dims: Dims, params: Params): Arrays {
  const out = new Float64Array(dims.G * dims.P);
  for (let g = 0; g < dims.G; g++) out.set(normals(keyOf(inputs.keys, g), params.step, dims.P), g * dims.P);
  return { out };
}
