import type { HostCode } from "../kernel";

/** Bytes before the packed panels: `assembly/blocks.ts`, PANELS. */
const FIXED = 128 + 8192 + 4 * 128;

/** WebAssembly of a loss, whose items are 32 rows, or 32 entries of the vocabulary, of a group. */
export function wasmOf(along: "R" | "V"): HostCode {
  return {
    items: (dims) => dims.G * Math.ceil(dims[along] / 32),
    // 32 packed rows and 64 packed entries, or the other way round, in panels of eight columns.
    scratch: ({ D }) => FIXED + 4 * (32 * D + 64 * 8 * Math.ceil(D / 8)),
  };
}
