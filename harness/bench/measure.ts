/** Everything that `bench` measures on one device, row by row. */
import { cpus, loadavg } from "node:os";
import type { Kernel } from "../../kernels/kernel";
import type { Device } from "../../runtime/plan/device";
import type { Model } from "../../runtime/transformer/family";
import type { Weights } from "../../runtime/transformer/weights";
import { isWebGpu } from "../../runtime/webgpu/device";
import { benchEncoding } from "./encoding";
import { hostBenches } from "./host";
import { benchKernel } from "./kernels";
import type { BenchRow, HeaderRow } from "./lines";
import { type ModelName, pythia14m, stepShape } from "./models";
import { benchPeers } from "./peers/run";
import { measureRoof } from "./roof";
import { benchScaling } from "./scaling";
import { benchSteps } from "./steps";

export interface MeasureOptions {
  readonly kernels: readonly Kernel[];
  /** Also the host's WebAssembly jobs. */
  readonly host: boolean;
  readonly models: readonly ModelName[];
  readonly scaling: boolean;
  readonly peers: boolean;
  /** A Python with torch and numpy. */
  readonly python?: string;
  /** Milliseconds for a row; a row of peers, with many implementations, gets ten times as much. */
  readonly budgetMs: number;
  /** The embedded model. */
  readonly nano: () => Promise<{ model: Model; weights: Weights }>;
  readonly onRow: (row: BenchRow) => void;
  readonly say: (text: string) => void;
}

/** A bench's first row. */
async function headerOf(device: Device, budgetMs: number): Promise<HeaderRow> {
  const { facts } = device;
  const load = loadavg()[0];
  return {
    row: "header",
    date: new Date().toISOString(),
    adapter: facts.name,
    software: facts.software,
    ...(facts.driver ? { driver: facts.driver } : {}),
    features: facts.features,
    ...(isWebGpu(device) ? { roof: await measureRoof(device, budgetMs) } : {}),
    cpus: cpus().length,
    load,
    node: process.versions.node,
  };
}

/** Measures what is asked for; the header is the first row. */
export async function measure(device: Device, options: MeasureOptions): Promise<BenchRow[]> {
  const { budgetMs, say, nano } = options;
  const rows: BenchRow[] = [];
  const onRow = (row: BenchRow) => {
    rows.push(row);
    options.onRow(row);
  };
  const header = await headerOf(device, budgetMs);
  onRow(header);
  if (header.load > 1)
    say(`load is ${header.load.toFixed(1)}: others use this machine, so read ratios within a row only`);
  for (const kernel of options.kernels) {
    say(kernel.name);
    for (const row of await benchKernel(device, kernel, budgetMs)) onRow(row);
  }
  if (options.kernels.some(({ name }) => name.startsWith("sae/"))) {
    say("encoding");
    for (const row of await benchEncoding(device, budgetMs)) onRow(row);
  }
  if (options.host) for (const row of hostBenches()) onRow(row);
  for (const model of options.models) {
    const subject = model === "nano" ? await nano() : { model: pythia14m(), weights: undefined };
    await benchSteps(device, { name: model, ...subject, shape: stepShape(model, device), budgetMs, say, onRow });
  }
  if (options.scaling) {
    say("scaling");
    await benchScaling(device, budgetMs, onRow);
  }
  if (options.peers && isWebGpu(device)) {
    await benchPeers(device, { budgetMs: 10 * budgetMs, python: options.python, say, onRow });
  }
  const roof = isWebGpu(device) ? { roof: await measureRoof(device, budgetMs) } : {};
  onRow({ row: "end", date: new Date().toISOString(), load: loadavg()[0], ...roof });
  return rows;
}
