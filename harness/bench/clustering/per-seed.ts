/** Push and sweep from one seed, beside LocalGraphClustering's C++ on the same graph, seeds and parameters. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SpectroscopeError } from "../../../kernels/errors";
import { graphFromEdges } from "../../../kernels/graph/csr";
import { GraphKernel } from "../../../kernels/graph/graph";
import type { BenchGraph } from "./catalogue";
import { median } from "./compare";
import { writeGraph } from "./truth-graph";

/** Medians over seeds, of medians over rounds, in microseconds; graph loading is outside. */
export interface SeedRow {
  readonly graph: string;
  readonly alpha: number;
  readonly eps: number;
  readonly seeds: number;
  readonly rounds: number;
  readonly ours: number;
  readonly lgc?: number;
  /** One pass over all edge weights, which LGC's sweep makes in every call and which `lgc` contains. */
  readonly lgcEdgePass?: number;
  readonly ratio?: number;
}

const ALPHA = 0.1;
const EPS = 1e-5;
const SEEDS = 200;
const ROUNDS = 3;

const REMEDY =
  "build it with goldens/reference/lgc_build.sh FOLDER and set SPECTROSCOPE_LGC to FOLDER/lgc_driver, or unset it";

/** Times the same seeds on both sides, in turns. `driver` is the path of lgc_driver. */
export async function benchSeeds({ name, graph }: BenchGraph, driver?: string): Promise<SeedRow> {
  if (driver && !existsSync(driver)) {
    throw new SpectroscopeError(`SPECTROSCOPE_LGC: ${driver} is not there`, { code: "usage", hint: REMEDY });
  }
  const built = graphFromEdges(graph.n, graph.ends);
  const kernel = new GraphKernel(built);
  const open = Array.from(built.degree.keys()).filter((v) => built.degree[v] > 0);
  const seeds = Array.from({ length: SEEDS }, (_, i) => open[Math.floor((i * open.length) / SEEDS)]);
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-lgc-"));
  const path = join(folder, "graph");
  const times = seeds.map(() => ({ ours: [] as number[], lgc: [] as number[] }));
  const passes: number[] = [];
  try {
    if (driver) writeGraph(path, { n: graph.n, ends: graph.ends });
    // Round -1 warms up and does not count.
    for (let round = -1; round < ROUNDS; round++) {
      const spent = seeds.map((seed) => {
        const started = performance.now();
        kernel.walk(seed, ALPHA, EPS);
        kernel.sweep("global", 0, 1, Infinity);
        return 1000 * (performance.now() - started);
      });
      const theirs = driver && round >= 0 ? await runDriver(driver, `${path}.bin`) : undefined;
      if (round < 0) continue;
      for (let i = 0; i < SEEDS; i++) {
        times[i].ours.push(spent[i]);
        if (theirs) times[i].lgc.push(theirs.seeds[i]);
      }
      if (theirs) passes.push(theirs.pass);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const ours = median(times.map((t) => median(t.ours)));
  const base = { graph: name, alpha: ALPHA, eps: EPS, seeds: SEEDS, rounds: ROUNDS, ours };
  if (!driver) return base;
  const lgc = median(times.map((t) => median(t.lgc)));
  return { ...base, lgc, lgcEdgePass: median(passes), ratio: lgc / ours };
}

/** Microseconds of each seed and of a pass over the edges; the driver chooses the seeds as `benchSeeds` does. */
async function runDriver(driver: string, path: string): Promise<{ seeds: number[]; pass: number }> {
  const words = [path, String(ALPHA), String(EPS), String(SEEDS), "1"];
  try {
    const { stdout } = await promisify(execFile)(driver, words);
    const lines = stdout.trim().split("\n");
    return {
      seeds: lines.slice(0, -1).map((line) => Number(line.split(" ")[5])),
      pass: Number(lines[lines.length - 1].split(" ")[1]),
    };
  } catch (cause) {
    throw new SpectroscopeError(`${driver} failed: ${(cause as Error).message}`, { hint: REMEDY, cause });
  }
}
