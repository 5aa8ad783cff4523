import type { Chunk } from "../kernel";
import source from "./two_sum.wgsl";

/** `two_sum(a, b)` and `opaque(value)` in WGSL, for kernels with a size `N`. */
export const twoSum: Chunk = { file: "common/two_sum.wgsl", source };
