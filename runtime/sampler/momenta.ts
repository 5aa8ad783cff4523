import { deriveKey, normals } from "../../kernels/philox/philox";
import type { SamplerSettings } from "../config/sampler";

/**
 * BAOAB's momenta before the first update, [chains, P]: their stationary law, so that nothing of it is left to burn-in. Element e
 * of a chain is Philox normal e of step 0 under the key (seed, restriction, chain, "momentum"), times the level of the noise.
 */
export function startingMomenta(
  { seed, noise_level }: Pick<SamplerSettings, "seed" | "noise_level">,
  restriction: string,
  chains: readonly number[],
  P: number,
): Float32Array<ArrayBuffer> {
  const momenta = new Float32Array(chains.length * P);
  for (const [m, chain] of chains.entries()) {
    const drawn = normals(deriveKey(seed, restriction, chain, "momentum"), 0, P);
    for (let e = 0; e < P; e++) momenta[m * P + e] = noise_level * drawn[e];
  }
  return momenta;
}
