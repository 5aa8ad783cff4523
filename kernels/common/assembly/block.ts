// The block of a call: the 32-bit addresses of its bindings, then its uniform block. `i` counts four-byte words from the start.

/** Address of binding i. */
// @ts-ignore: decorator
@inline
export function place(block: usize, i: usize): usize {
  return <usize>load<u32>(block + (i << 2));
}

/** An unsigned word of the block. */
// @ts-ignore: decorator
@inline
export function word(block: usize, i: usize): u32 {
  return load<u32>(block + (i << 2));
}

/** A float of the block. */
// @ts-ignore: decorator
@inline
export function float(block: usize, i: usize): f32 {
  return load<f32>(block + (i << 2));
}
