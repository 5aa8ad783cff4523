/** 16-bit floats to 32 bits, exactly. */

let float16Table: Float32Array | undefined;

/** The value of every 16-bit pattern of IEEE binary16; 256 KiB, made once. */
function float16Values(): Float32Array {
  if (float16Table) return float16Table;
  const table = new Float32Array(0x10000);
  for (let bits = 0; bits < table.length; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) table[bits] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  float16Table = table;
  return table;
}

/** F16 is IEEE binary16; BF16 is the upper half of an f32. */
export function decodeHalf(bits: Uint16Array, type: "F16" | "BF16"): Float32Array {
  if (type === "BF16") {
    const wide = new Uint32Array(bits.length);
    for (let i = 0; i < bits.length; i++) wide[i] = bits[i] << 16;
    return new Float32Array(wide.buffer);
  }
  const table = float16Values();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]];
  return out;
}
