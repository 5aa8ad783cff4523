import type { Chunk, Dims, Params, Variant } from "../kernel";
import { type Product, stagedVariants } from "./staged";

/** The WGSL of a product by variant. */
export interface Sources {
  readonly plain: string;
  readonly plain4: string;
  readonly tiled: string;
  readonly subgroup: string;
}

/** How a product is laid out. */
export interface Layout {
  /** Letters of the output's rows and columns. */
  readonly rows: string;
  readonly columns: string;
  /** Letters that must be multiples of four for vec4 loads. */
  readonly quarters: readonly string[];
  /** Whether the optional bindings fit where their flags are set. */
  readonly fits?: (dims: Dims, params: Params) => boolean;
  /** Chunks of the variants that store single elements. */
  readonly scalarChunks?: readonly Chunk[];
  /** Loads shared by the lanes of a quad. */
  readonly quad: Chunk;
  readonly workgroups: { readonly plain4: readonly [number, number]; readonly subgroup: number };
  /** Outputs that a workgroup of `tiled` owns, along both axes. */
  readonly tile: number;
  readonly tiledBytes: number;
}

/** The variants of a product: tiles of the output over x and y, groups over z. */
export function variantsOf(name: Product, sources: Sources, layout: Layout): Record<string, Variant> {
  const { fits = () => true, rows, columns, quarters, scalarChunks = [], workgroups, tile } = layout;
  const over = (down: number, across: number) => (dims: Dims) =>
    [Math.ceil(dims[rows] / down), Math.ceil(dims[columns] / across), dims.G] as const;
  const accepts = (dims: Dims, params: Params) =>
    fits(dims, params) && quarters.every((letter) => dims[letter] % 4 === 0);
  const [a, b] = workgroups.plain4;
  return {
    plain: {
      file: `matmul/${name}.wgsl`,
      source: sources.plain,
      chunks: scalarChunks,
      workgroup: [8, 8, 1],
      grid: over(32, 32),
      accepts: fits,
      suits: "any",
    },
    plain4: {
      file: `matmul/${name}.plain4.wgsl`,
      source: sources.plain4,
      workgroup: [a, b, 1],
      grid: over(8 * a, 8 * b),
      accepts,
      suits: "any",
    },
    tiled: {
      file: `matmul/${name}.tiled.wgsl`,
      source: sources.tiled,
      chunks: scalarChunks,
      workgroup: [256, 1, 1],
      workgroupBytes: layout.tiledBytes,
      grid: over(tile, tile),
      accepts: fits,
      suits: "gpu",
    },
    subgroup: {
      file: `matmul/${name}.subgroup.wgsl`,
      source: sources.subgroup,
      chunks: [layout.quad],
      workgroup: [workgroups.subgroup, 1, 1],
      grid: over(8 * workgroups.subgroup, 16),
      features: ["subgroups"],
      accepts,
      suits: "software",
    },
    ...stagedVariants(name, { rows, columns, accepts: fits, chunks: scalarChunks }),
  };
}
