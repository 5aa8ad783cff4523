/** Our clustering with one and with more threads, each in a process of its own so that its peak memory is its own. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SpectroscopeError } from "../../../kernels/errors";
import type { BenchGraph } from "./catalogue";
import { writeGraph } from "./truth-graph";

export interface ScalingRow {
  readonly graph: string;
  readonly nodes: number;
  readonly edges: number;
  readonly threads: number;
  readonly seconds: number;
  /** Seconds of one thread over these. */
  readonly speedup: number;
  readonly clusters: number;
  readonly ari?: number;
  /** Largest resident set of the process that read the graph file and clustered it, in bytes. */
  readonly peakBytes: number;
}

/** Runs this program again for every number of threads, the first of which is 1. */
export async function benchScaling({ name, graph }: BenchGraph, threads: readonly number[]): Promise<ScalingRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-scaling-"));
  const rows: ScalingRow[] = [];
  try {
    writeGraph(join(folder, name), graph);
    for (const count of threads) {
      const words = ["bench", "--clustering", "--graphs", folder, "--threads", String(count), "--json"];
      const { rows: found, peakBytes } = await child(words);
      const [{ nodes, edges, seconds, clusters, ari }] = found;
      const speedup = (rows[0]?.seconds ?? seconds) / seconds;
      rows.push({ graph: name, nodes, edges, threads: count, seconds, speedup, clusters, ari, peakBytes });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}

async function child(words: string[]) {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [process.argv[1], ...words], { maxBuffer: 1 << 28 });
    return JSON.parse(stdout);
  } catch (cause) {
    throw new SpectroscopeError(`bench: a run of its own failed: ${(cause as Error).message}`, { cause });
  }
}
