/**
 * Cosines and sines of rotary positions, [positions, rotaryDims]: row t holds cos(t base^(-2i/rotaryDims)) for
 * i < rotaryDims/2, then the sines. Computed in f64, rounded once.
 */
export function rotaryTable(positions: number, rotaryDims: number, base: number): Float32Array {
  const half = rotaryDims / 2;
  const table = new Float32Array(positions * rotaryDims);
  for (let t = 0; t < positions; t++) {
    for (let i = 0; i < half; i++) {
      const angle = t * base ** ((-2 * i) / rotaryDims);
      table[t * rotaryDims + i] = Math.cos(angle);
      table[t * rotaryDims + half + i] = Math.sin(angle);
    }
  }
  return table;
}
