import type { Chunk } from "../kernel";
import source from "./quad.wgsl";

/** Loads shared by the lanes of a quad; holds a directive, so it comes first. */
export const quad: Chunk = { file: "common/quad.wgsl", source };
