import { type Chunk, type Dims, linearGrid, type Variant } from "../kernel";

/** The two variants of an element-wise kernel on flat tensors: an element an invocation, or four. */
export function elementwise(
  name: string,
  sources: { readonly plain: string; readonly plain4: string },
  chunks: readonly Chunk[],
): { readonly plain: Variant; readonly plain4: Variant } {
  return {
    plain: {
      file: `activation/${name}.wgsl`,
      source: sources.plain,
      chunks,
      workgroup: [64, 1, 1],
      grid: ({ N }: Dims) => linearGrid(N, 64),
      suits: "any",
    },
    plain4: {
      file: `activation/${name}.plain4.wgsl`,
      source: sources.plain4,
      chunks,
      workgroup: [64, 1, 1],
      grid: ({ N }: Dims) => linearGrid(N / 4, 64),
      accepts: ({ N }: Dims) => N % 4 === 0,
      suits: "any",
    },
  };
}
