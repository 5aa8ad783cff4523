const f32 = Math.fround;

/**
 * Cosines and sines of rotary positions, [positions, 2 ceil(dims / 2)]: row t holds cos(t base^(-2i/dims)) for i < dims / 2, then
 * the sines. Every step up to the angle is rounded to f32 as transformers rounds it: models were trained with these angles, and
 * exact ones differ by t 6e-8 radians, which moves losses by up to 1e-4 at position 2,047.
 *
 * @param dims rotated dims of a head as a config counts them; of an odd number one more is rotated
 */
export function rotaryTable(positions: number, dims: number, base: number): Float32Array {
  const half = Math.ceil(dims / 2);
  const table = new Float32Array(positions * 2 * half);
  for (let i = 0; i < half; i++) {
    const frequency = f32(1 / f32(base ** f32((2 * i) / dims)));
    for (let t = 0; t < positions; t++) {
      const angle = f32(t * frequency);
      table[t * 2 * half + i] = Math.cos(angle);
      table[t * 2 * half + half + i] = Math.sin(angle);
    }
  }
  return table;
}
