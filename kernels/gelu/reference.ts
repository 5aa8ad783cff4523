import { gelu, geluDerivative } from "../common/erf.reference";
import type { Arrays } from "../kernel";

/** y = x Phi(x). */
export function forward({ x }: Arrays): Arrays {
  return { y: Float64Array.from(x, gelu) };
}

/** dx = dy gelu'(x). */
export function backward({ x, dy }: Arrays): Arrays {
  return { dx: Float64Array.from(x, (value, i) => dy[i] * geluDerivative(value)) };
}
