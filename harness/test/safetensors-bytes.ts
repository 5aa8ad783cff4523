/** A safetensors file from a header (text or value) and data bytes (or zeros, so many). */
export function safetensorsBytes(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const values = typeof data === "number" ? new Uint8Array(data) : data;
  const out = new Uint8Array(8 + text.length + values.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  out.set(values, 8 + text.length);
  return out;
}
