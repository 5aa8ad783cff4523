import type { Chunk } from "../kernel";
import source from "./erf.wgsl";

/** `erf_f32(x)`, `gelu_exact(x)` and `gelu_exact_derivative(x)` in WGSL; error bounds in its header. */
export const erf: Chunk = { file: "common/erf.wgsl", source };
