import type { Chunk } from "../kernel";
import rows32Source from "./rows32.wgsl";

/** Rows of heads of width 32. */
export const rows32: Chunk = { file: "attention/rows32.wgsl", source: rows32Source };
