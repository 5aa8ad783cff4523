import { everyKernel } from "../../../kernels/probes";
import { MODEL_FORMS, openModel } from "../../../models/hub/open";
import { usage } from "../../../runtime/config/schema";
import { openTuned } from "../../../runtime/node/open-tuned";
import type { Device } from "../../../runtime/plan/device";
import { verifyHidden } from "../../verify/hidden";
import { type Row, verifyKernels } from "../../verify/kernels";
import { checkFiles, readManifest } from "../../verify/manifest";
import { findCheckpointGolden, verifyCheckpoint } from "../../verify/models";
import { verifyNano } from "../../verify/nano";
import { pythiaParts, verifyWide } from "../../verify/pythia";
import { verifyRandom } from "../../verify/random";
import { verifySaturated } from "../../verify/saturated";
import { rowColumns, tableHead } from "../../verify/table";
import { ADAPTER, command, JSON_FLAG, OFFLINE, output } from "../command";
import { Progress, showFetching } from "../progress";

type Verify = (device: Device, onRow: (row: Row) => void) => Promise<Row[]>;

const PARTS = ["kernels", "nano", "random", "hidden", "pythia", "saturated", "wide"] as const;
type Part = (typeof PARTS)[number];

/** Holds kernels and models against the goldens, on this adapter. */
export const verify = command(
  {
    name: "verify",
    summary: "Hold kernels, models of every kind and Pythia's shape against the PyTorch goldens on this adapter.",
    options: {
      only: {
        type: "choice",
        choices: ["all", ...PARTS],
        default: "all",
        help: "which goldens; wide, a layer of Pythia-1.4B's width that takes 3 GiB, is in no other",
      },
      model: {
        type: "string",
        placeholder: "MODEL",
        help: `instead: a checkpoint that has a golden of its own (goldens/README.md): ${MODEL_FORMS}`,
      },
      offline: OFFLINE,
      adapter: ADAPTER,
      json: JSON_FLAG,
    },
    examples: ["verify", "verify --only nano --json", "verify --model EleutherAI/pythia-14m"],
  },
  async ({ values }) => {
    const progress = new Progress(values.json);
    if (values.model !== undefined && values.only !== "all") {
      throw usage("verify: --only and --model exclude each other", "--model holds one checkpoint to its own golden");
    }
    const parts =
      values.model === undefined
        ? await goldenParts(values.only)
        : [await checkpointPart(values.model, values.offline, progress)];
    const device = await openTuned({ adapter: values.adapter }, (line) => progress.say(line));
    try {
      progress.say(device.banner ?? `adapter: ${device.facts.name}`);
      if (!values.json) output(tableHead());
      const show = (row: Row) => {
        if (!values.json) output(rowColumns(row));
      };
      const since = performance.now();
      const rows: Row[] = [];
      for (const part of parts) rows.push(...(await part(device, show)));
      const failed = rows.filter((row) => !row.pass);
      const worst = rows.reduce((a, b) => (b.share > a.share ? b : a));
      const seconds = (performance.now() - since) / 1000;
      if (values.json)
        output(JSON.stringify({ adapter: device.facts, checked: rows.length, failed: failed.length, seconds, rows }));
      else {
        const verdict = failed.length === 0 ? "all within tolerance" : `${failed.length} FAILED`;
        const share = (100 * worst.share).toFixed(0);
        output(
          `${rows.length} tensors on ${device.facts.name} in ${seconds.toFixed(0)} s: ${verdict}; the closest used ${share} % of its tolerance`,
        );
      }
      return failed.length === 0 ? 0 : 1;
    } finally {
      device.close();
    }
  },
);

/** The committed goldens, whose files are checked first. */
async function goldenParts(only: "all" | Part): Promise<Verify[]> {
  const manifest = await readManifest();
  await checkFiles(manifest);
  const run: Record<Part, Verify> = {
    kernels: (device, onRow) => verifyKernels(device, manifest, everyKernel, onRow),
    nano: (device, onRow) => verifyNano(device, manifest, onRow),
    random: (device, onRow) => verifyRandom(device, manifest, onRow),
    hidden: (device, onRow) => verifyHidden(device, manifest, onRow),
    pythia: async (device, onRow) => {
      const rows: Row[] = [];
      for (const part of Object.values(pythiaParts)) rows.push(...(await part(device, manifest, onRow)));
      return rows;
    },
    saturated: (device, onRow) => verifySaturated(device, manifest, onRow),
    wide: (device, onRow) => verifyWide(device, manifest, onRow),
  };
  return only === "all" ? [run.kernels, run.nano, run.random, run.hidden, run.pythia, run.saturated] : [run[only]];
}

/** A checkpoint and its golden, which are looked for before a device is opened. */
async function checkpointPart(name: string, offline: boolean, progress: Progress): Promise<Verify> {
  const model = await openModel(name, { offline, on: showFetching(progress) });
  const golden = await findCheckpointGolden(model, name);
  return (device, onRow) => verifyCheckpoint(device, model, golden, onRow);
}
