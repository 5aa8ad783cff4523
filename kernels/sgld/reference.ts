import type { Arrays, Dims, Params } from "../kernel";
import { normals } from "../philox/philox";
import { keyOf } from "../philox/reference";

/** x within the distance `size` of the center; a size of 0 is no box. */
function boxed(x: number, center: number, size: number): number {
  return size > 0 ? Math.min(Math.max(x, center - size), center + size) : x;
}

/** SGLD, f64: the definition of `sgld/step`. */
export function step(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { lr, n_beta, localization, weight_decay, bounding_box_size, noise_level } = params;
  const w = inputs.w.slice();
  for (let chain = 0; chain < dims.G; chain++) {
    const xi = normals(keyOf(inputs.keys, chain), params.step, dims.P);
    for (let e = 0; e < dims.P; e++) {
      const i = chain * dims.P + e;
      const center = inputs.center[shared.has("center") ? e : i];
      const pull = localization * (inputs.w[i] - center) + weight_decay * inputs.w[i];
      const next = inputs.w[i] - (lr / 2) * (n_beta * inputs.g[i] + pull) + noise_level * Math.sqrt(lr) * xi[e];
      w[i] = boxed(next, center, bounding_box_size);
    }
  }
  return { w };
}

/** RMSprop-SGLD, f64: the definition of `sgld/rmsprop`. */
export function rmsprop(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { n_beta, localization, weight_decay, bounding_box_size, noise_level, decay, epsilon, correction } = params;
  const w = inputs.w.slice();
  const v = inputs.v.slice();
  for (let chain = 0; chain < dims.G; chain++) {
    const xi = normals(keyOf(inputs.keys, chain), params.step, dims.P);
    for (let e = 0; e < dims.P; e++) {
      const i = chain * dims.P + e;
      v[i] = decay * inputs.v[i] + (1 - decay) * inputs.g[i] ** 2;
      const lr = params.lr / (Math.sqrt(v[i] * correction) + epsilon);
      const center = inputs.center[shared.has("center") ? e : i];
      const pull = localization * (inputs.w[i] - center) + weight_decay * inputs.w[i];
      const next = inputs.w[i] - (lr / 2) * (n_beta * inputs.g[i] + pull) + noise_level * Math.sqrt(lr) * xi[e];
      w[i] = boxed(next, center, bounding_box_size);
    }
  }
  return { w, v };
}

/** BAOAB, f64: the definition of `sgld/baoab`. */
export function baoab(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { lr, n_beta, localization, weight_decay, bounding_box_size, noise_level, persistence, kick } = params;
  const h = Math.sqrt(lr);
  const fresh = noise_level * Math.sqrt(1 - persistence ** 2);
  const w = inputs.w.slice();
  const p = inputs.p.slice();
  for (let chain = 0; chain < dims.G; chain++) {
    const xi = normals(keyOf(inputs.keys, chain), params.step, dims.P);
    for (let e = 0; e < dims.P; e++) {
      const i = chain * dims.P + e;
      const center = inputs.center[shared.has("center") ? e : i];
      const pull = localization * (inputs.w[i] - center) + weight_decay * inputs.w[i];
      const kicked = inputs.p[i] - kick * h * (n_beta * inputs.g[i] + pull);
      const momentum = persistence * kicked + fresh * xi[e];
      const next = inputs.w[i] + (h / 2) * (kicked + momentum);
      w[i] = boxed(next, center, bounding_box_size);
      // A wall turns the momentum inwards.
      p[i] = w[i] === next || Number.isNaN(next) ? momentum : Math.sign(w[i] - next) * Math.abs(momentum);
    }
  }
  return { w, p };
}

/** Draws from N(center * localization / pull, noise_level^2 / pull I), f64: the definition of `sgld/gaussian`. */
export function gaussian(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { weight_decay, noise_level } = params;
  const w = new Float64Array(dims.G * dims.P);
  for (let chain = 0; chain < dims.G; chain++) {
    const localization = inputs.localization[chain];
    const pull = localization + weight_decay;
    const xi = normals(keyOf(inputs.keys, chain), params.step, dims.P);
    for (let e = 0; e < dims.P; e++) {
      const center = inputs.center[shared.has("center") ? e : chain * dims.P + e];
      w[chain * dims.P + e] = (center * localization) / pull + (noise_level * xi[e]) / Math.sqrt(pull);
    }
  }
  return { w };
}
