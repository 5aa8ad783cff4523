/** The processor's kernels, models and chains against the goldens that hold GPUs. */
import { everyKernel } from "../../kernels/probes";
import type { Device } from "../../runtime/plan/device";
import { wasmDevice } from "../test/device";
import { suite } from "../test/suite";
import { type Row, rowLine, verifyKernels } from "./kernels";
import { type Manifest, readManifest } from "./manifest";
import { verifyNano } from "./nano";
import { pythiaParts } from "./pythia";
import { verifyRandom } from "./random";
import { saturatedParts } from "./saturated";

const test = suite("goldens/processor");
const manifest = await readManifest();

type Verify = (device: Device, manifest: Manifest) => Promise<Row[]>;
const parts: Record<string, Verify> = {
  "every kernel": (device, m) =>
    verifyKernels(
      device,
      m,
      everyKernel.filter(({ wasm }) => wasm),
    ),
  "nano: losses, gradients, chains, susceptibilities": verifyNano,
  "random models of every kind": verifyRandom,
  "saturated attention and large biases: heads": saturatedParts.heads,
  "saturated attention and large biases: models": saturatedParts.models,
  ...Object.fromEntries(Object.entries(pythiaParts).map(([name, part]) => [`Pythia-14M's shape, ${name}`, part])),
};

for (const [name, verify] of Object.entries(parts)) {
  test(name, async (t) => {
    const rows = await verify(await wasmDevice(), manifest);
    const failures = rows.filter(({ pass }) => !pass).map(rowLine);
    if (failures.length > 0) throw new Error(failures.join("\n"));
    t.note(`${rows.length} tensors; the closest: ${rowLine(rows.reduce((a, b) => (b.share > a.share ? b : a)))}`);
  });
}

test.run();
