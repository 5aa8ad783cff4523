import type { Chunk, MatrixConfig } from "../kernel";
import halfSource from "./half.wgsl";
import matrix8Source from "./matrix.8.wgsl";
import matrix16Source from "./matrix.16.wgsl";
import matrixSource from "./matrix.wgsl";
import singleSource from "./single.wgsl";

/** Operands staged as f16; holds a directive, so it comes first. */
export const half: Chunk = { file: "common/half.wgsl", source: halfSource };
/** Operands staged as f32. */
export const single: Chunk = { file: "common/single.wgsl", source: singleSource };

/** Directives of subgroup matrices, which come before everything. */
export const matrix: Chunk = { file: "common/matrix.wgsl", source: matrixSource };
/** Shapes of subgroup matrices, by their side; they need an element type. */
export const sides = {
  8: { file: "common/matrix.8.wgsl", source: matrix8Source },
  16: { file: "common/matrix.16.wgsl", source: matrix16Source },
} as const satisfies Record<number, Chunk>;

/** Square subgroup matrices with f32 sums. */
export function square(componentType: "f16" | "f32", side: keyof typeof sides): MatrixConfig {
  return { componentType, resultComponentType: "f32", M: side, N: side, K: side };
}

/** Features of shaders with subgroup matrices of this element type. */
export function matrixFeatures(componentType: "f16" | "f32"): string[] {
  const half = componentType === "f16" ? ["shader-f16"] : [];
  return [...half, "subgroups", "chromium-experimental-subgroup-matrix"];
}
