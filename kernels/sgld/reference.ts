import type { Arrays, Dims, Params } from "../kernel";
import { normals } from "../philox/philox";
import { keyOf } from "../philox/reference";

/** SGLD, f64: the definition of `sgld/step`. */
export function step(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { lr, n_beta, localization, noise_level } = params;
  const w = inputs.w.slice();
  for (let chain = 0; chain < dims.G; chain++) {
    const xi = normals(keyOf(inputs.keys, chain), params.step, dims.P);
    for (let e = 0; e < dims.P; e++) {
      const i = chain * dims.P + e;
      const pull = localization * (inputs.w[i] - inputs.center[shared.has("center") ? e : i]);
      w[i] = inputs.w[i] - (lr / 2) * (n_beta * inputs.g[i] + pull) + noise_level * Math.sqrt(lr) * xi[e];
    }
  }
  return { w };
}

/** RMSprop-SGLD, f64: the definition of `sgld/rmsprop`. */
export function rmsprop(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const { n_beta, localization, noise_level, decay, epsilon, correction } = params;
  const w = inputs.w.slice();
  const v = inputs.v.slice();
  for (let chain = 0; chain < dims.G; chain++) {
    const xi = normals(keyOf(inputs.keys, chain), params.step, dims.P);
    for (let e = 0; e < dims.P; e++) {
      const i = chain * dims.P + e;
      v[i] = decay * inputs.v[i] + (1 - decay) * inputs.g[i] ** 2;
      const lr = params.lr / (Math.sqrt(v[i] * correction) + epsilon);
      const pull = localization * (inputs.w[i] - inputs.center[shared.has("center") ? e : i]);
      w[i] = inputs.w[i] - (lr / 2) * (n_beta * inputs.g[i] + pull) + noise_level * Math.sqrt(lr) * xi[e];
    }
  }
  return { w, v };
}

/** Independent draws from N(center, I / localization), f64: the definition of `sgld/gaussian`. */
export function gaussian(inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>): Arrays {
  const w = new Float64Array(dims.G * dims.P);
  for (let chain = 0; chain < dims.G; chain++) {
    const xi = normals(keyOf(inputs.keys, chain), params.step, dims.P);
    for (let e = 0; e < dims.P; e++) {
      const center = inputs.center[shared.has("center") ? e : chain * dims.P + e];
      w[chain * dims.P + e] = center + xi[e] / Math.sqrt(params.localization);
    }
  }
  return { w };
}
