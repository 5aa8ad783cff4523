import { kernels } from "../../../kernels/registry";
import { openDevice } from "../../../runtime/device/device";
import { type Row, rowLine, verifyKernels } from "../../verify/kernels";
import { checkFiles, readManifest } from "../../verify/manifest";
import { verifyNano } from "../../verify/nano";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { Progress } from "../progress";

/** Holds kernels and the embedded model against the goldens, on this adapter. */
export const verify = command(
  {
    name: "verify",
    summary: "Hold every kernel and the embedded model against the PyTorch goldens on this adapter.",
    options: {
      only: { type: "choice", choices: ["all", "kernels", "nano"], default: "all", help: "which goldens" },
      adapter: ADAPTER,
      json: JSON_FLAG,
    },
    examples: ["verify", "verify --only nano --json"],
  },
  async ({ values }) => {
    const progress = new Progress(values.json);
    const manifest = await readManifest();
    await checkFiles(manifest);
    const device = await openDevice({ adapter: values.adapter });
    try {
      progress.say(device.banner ?? `adapter: ${device.facts.name}`);
      const show = (row: Row) => {
        if (!values.json) output(rowLine(row));
      };
      const rows: Row[] = [];
      if (values.only !== "nano") rows.push(...(await verifyKernels(device, manifest, kernels, show)));
      if (values.only !== "kernels") rows.push(...(await verifyNano(device, manifest, show)));
      const failed = rows.filter((row) => !row.pass);
      const worst = rows.reduce((a, b) => (b.share > a.share ? b : a));
      if (values.json)
        output(JSON.stringify({ adapter: device.facts, checked: rows.length, failed: failed.length, rows }));
      else {
        const verdict = failed.length === 0 ? "all within tolerance" : `${failed.length} FAILED`;
        output(
          `${rows.length} tensors on ${device.facts.name}: ${verdict}; the closest used ${(100 * worst.share).toFixed(0)} % of its tolerance`,
        );
      }
      return failed.length === 0 ? 0 : 1;
    } finally {
      device.close();
    }
  },
);
