import { half, matrix, matrixFeatures, sides, single, square } from "../common/elements";
import type { Chunk, Dims, Tolerance, Variant } from "../kernel";
import { operands, stage } from "./chunks";
import halfSource from "./product.f16.wgsl";
import matrixSource from "./product.matrix.wgsl";

/** Products that have operands by four: `*.operands.wgsl`. */
export type Product = keyof typeof operands;

/** What such a product is: the letters of its output, the sizes it takes, and what its store needs. */
export interface StagedLayout {
  readonly rows: string;
  readonly columns: string;
  readonly accepts: Variant["accepts"];
  readonly chunks: readonly Chunk[];
}

/** What operands of half precision cost a product. */
const HALF: Tolerance = {
  absolute: 1e-6,
  relative: 1e-3,
  reason: "both operands are rounded to f16, which takes at most 2^-10 off a product; over a sum it cancels in part",
};

/** Bytes of both operands' tiles: 32 terms of 16 fours, with a pitch of 18. */
const stagedBytes = (elementBytes: number) => 2 * 32 * 18 * 4 * elementBytes;

/**
 * The variants that stage tiles in half precision, or multiply them by subgroup matrices, f16 or f32. Those of f32 keep a
 * product's precision, but have to be asked for too: no adapter that has them was at hand to run them.
 */
export function stagedVariants(name: Product, layout: StagedLayout): Record<string, Variant> {
  const { rows, columns, accepts } = layout;
  const chunks = [...layout.chunks, operands[name], stage];
  const grid = (dims: Dims) => [Math.ceil(dims[rows] / 64), Math.ceil(dims[columns] / 64), dims.G] as const;
  const common = { accepts, grid, suits: "asked" } as const;
  const lower = { precision: "f16", tolerance: HALF } as const;
  const matrices = (type: "f16" | "f32", side: keyof typeof sides): Variant => ({
    ...common,
    ...(type === "f16" ? lower : {}),
    file: "matmul/product.matrix.wgsl",
    source: matrixSource,
    chunks: [matrix, type === "f16" ? half : single, sides[side], ...chunks],
    workgroup: [128, 1, 1],
    workgroupBytes: stagedBytes(type === "f16" ? 2 : 4) + 4 * 32 * 64,
    features: matrixFeatures(type),
    matrix: square(type, side),
  });
  return {
    f16: {
      ...common,
      ...lower,
      file: "matmul/product.f16.wgsl",
      source: halfSource,
      chunks: [half, ...chunks],
      workgroup: [256, 1, 1],
      workgroupBytes: stagedBytes(2),
      features: ["shader-f16"],
    },
    matrix8: matrices("f16", 8),
    matrix16: matrices("f16", 16),
    matrix8_f32: matrices("f32", 8),
  };
}
