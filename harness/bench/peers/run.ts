import { loadDawn } from "../../../runtime/node/dawn";
import { projectRoot } from "../../../runtime/node/root";
import { openProcessor } from "../../../runtime/processor/device";
import type { WebGpuDevice } from "../../../runtime/webgpu/device";
import { compareOperation, type PeerHeader, type PeerRow } from "./compare";
import type { Implementation } from "./implementation";
import { jaxjs } from "./jaxjs";
import { PeerPackages } from "./load";
import { installNavigator } from "./navigator";
import { operations } from "./operation";
import { ort } from "./ort";
import { ours } from "./ours";
import { tfjs } from "./tfjs";
import { torch } from "./torch";

export interface PeerBenchOptions {
  /** Milliseconds for each row of the table, all implementations together. */
  readonly budgetMs: number;
  /** A Python with torch and numpy. */
  readonly python?: string;
  /** Only operations whose names match. */
  readonly only?: RegExp;
  readonly onRow?: (row: PeerHeader | PeerRow) => void;
  readonly say?: (text: string) => void;
}

/**
 * Who takes turns with whom. As soon as ONNX Runtime has a session everything else in the process runs at a fraction of its speed
 * (our LayerNorm at a tenth on two cores), so it comes last, by itself; its faster provider first.
 */
function phases(all: readonly Implementation[]): Implementation[][] {
  const late = ["ort-web jsep", "ort-web"];
  const early = all.filter(({ name }) => !late.includes(name));
  return [early, ...late.map((name) => all.filter((one) => one.name === name))].filter(({ length }) => length > 0);
}

/**
 * Compares this project's kernels with other libraries on the device's adapter, in one process; beside them stand this project
 * and PyTorch on the processor. Throws SpectroscopeError when the peers are not installed.
 */
export async function benchPeers(device: WebGpuDevice, options: PeerBenchOptions): Promise<(PeerHeader | PeerRow)[]> {
  const { say = () => {}, onRow = () => {}, python, only = /./ } = options;
  const packages = PeerPackages.open();
  const restore = installNavigator(loadDawn(projectRoot()).gpu(), device.gpu, device.facts.software);
  const processor = await openProcessor();
  const open: Implementation[] = [ours(device)];
  const start = async (name: string, make: () => Promise<Implementation>) => {
    try {
      open.push(await make());
    } catch (error) {
      say(`${name} does not start: ${(error as Error).message.split("\n")[0]}`);
    }
  };
  try {
    await start("jax-js", () => jaxjs(packages));
    await start("tfjs", () => tfjs(packages));
    await start("ort-web", () => ort(packages, "ort-web"));
    await start("ort-web jsep", () => ort(packages, "ort-web jsep"));
    open.push(ours(processor));
    if (python) {
      await start("torch, one thread", () => torch(python, 1));
      await start("torch, all threads", () => torch(python, "all"));
    }
    const implementations = open.map(({ name, version, where }) => ({ name, version, where }));
    const rows: (PeerHeader | PeerRow)[] = [{ row: "peers", implementations }];
    onRow(rows[0]);
    for (const together of phases(open)) {
      for (const operation of operations()) {
        if (!only.test(operation.name)) continue;
        say(`peers: ${operation.name}: ${together.map(({ name }) => name).join(", ")}`);
        for (const row of await compareOperation(operation, together, options)) {
          rows.push(row);
          onRow(row);
        }
      }
    }
    return rows;
  } finally {
    for (const one of open) await one.close();
    processor.close();
    restore();
  }
}
