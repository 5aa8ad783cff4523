import type { Chunk } from "../kernel";
import source from "./philox.wgsl";

/** `philox(key, counter)` and `philox_normals(key, part, step)` in WGSL; the definition is `philox/philox.ts`. */
export const philox: Chunk = { file: "common/philox.wgsl", source };
