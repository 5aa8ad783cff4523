import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SpectroscopeError } from "../../../kernels/errors";
import { kernels } from "../../../kernels/registry";
import { openModel } from "../../../models/hub/open";
import { usage, type Values } from "../../../runtime/config/schema";
import { openDevice, openGpu } from "../../../runtime/node/open-device";
import { checkOutput, writeOutput } from "../../../runtime/node/output-file";
import { projectRoot } from "../../../runtime/node/root";
import type { Device } from "../../../runtime/plan/device";
import { asMarkdown, asText } from "../../bench/layout";
import { type BenchRow, readBench } from "../../bench/lines";
import { measure } from "../../bench/measure";
import { MODELS, type ModelName } from "../../bench/models";
import { roofline, scaling } from "../../bench/plots";
import { headline, tables, verdictTable } from "../../bench/table";
import { compareBenches, compareNotes } from "../../bench/verdict";
import { clusteringBench, clusteringOptions } from "../bench/clustering";
import { pattern } from "../bench/pattern";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { Progress } from "../progress";

/** What is timed; without any of them, all kernels. */
const parts = {
  kernels: { type: "string", placeholder: "RE", help: "kernels whose names match, and host jobs" },
  model: { type: "list", placeholder: MODELS.join("|"), help: "steps of chains on a model, by kind of component" },
  scaling: { type: "boolean", default: false, help: "draws against chains, tokens, components, layers, vocabulary" },
  peers: {
    type: "boolean",
    default: false,
    help:
      "other WebGPU libraries on the same adapter, installed into .peers at the first time, and PyTorch where " +
      "SPECTROSCOPE_PYTHON names a Python with it; with --clustering, other clusterings",
  },
} as const;

const options = {
  ...parts,
  budget: { type: "number", default: 300, min: 1, help: "milliseconds for each row" },
  compare: { type: "string", placeholder: "FILE", help: "say what became faster or slower than in an earlier --json" },
  plots: { type: "string", placeholder: "DIR", help: "draw bench-roofline.svg and bench-scaling.svg there" },
  markdown: { type: "boolean", default: false, help: "tables as Markdown, at the end" },
  adapter: ADAPTER,
  ...clusteringOptions,
  json: { ...JSON_FLAG, help: "one JSON object a line on stdout instead of text" },
} as const;

const PICTURES = ["bench-roofline.svg", "bench-scaling.svg"];

type BenchValues = Values<typeof options>;

/** Times kernels, steps of chains, scaling and other libraries, or compares clusterings. */
export const bench = command(
  {
    name: "bench",
    summary: "Time kernels against an adapter's measured roof, whole steps, scaling and other libraries.",
    options,
    examples: [
      "bench",
      "bench --kernels 'matmul|loss' --json > before.jsonl",
      "bench --kernels 'matmul|loss' --compare before.jsonl",
      "bench --model nano --model pythia-14m-shape --scaling --plots docs/pictures",
      "bench --peers",
      "bench --clustering --peers --size 100k --only mixture",
    ],
  },
  async ({ values, given }) => {
    if (values.clustering) return clusteringBench(values, given);
    for (const name of Object.keys(clusteringOptions) as (keyof typeof clusteringOptions)[]) {
      if (given.has(name)) throw usage(`--${name} belongs to --clustering`, "add --clustering");
    }
    if (values.json && values.markdown) throw usage("--json and --markdown are two forms of one result", "keep one");
    const adapter = values.adapter ?? process.env.SPECTROSCOPE_ADAPTER ?? "auto";
    if (adapter === "wasm" && values.peers) throw usage("--peers are on WebGPU", "leave --adapter wasm out");
    const chosen = choose(values, given);
    for (const name of values.plots === undefined ? [] : PICTURES) await checkOutput(join(values.plots!, name));
    const before = values.compare === undefined ? undefined : readBench(values.compare);
    if (values.peers) await installPeers();
    const progress = new Progress(values.json);
    const device = await openBenchDevice(adapter);
    try {
      progress.say(device.banner ?? `adapter: ${device.facts.name}`);
      const rows = await measure(device, {
        ...chosen,
        python: process.env.SPECTROSCOPE_PYTHON,
        budgetMs: values.budget,
        nano: () => openModel("nano"),
        onRow: (row) => {
          if (values.json) output(JSON.stringify(row));
        },
        say: (text) => progress.say(text),
      });
      show(values, rows, before);
      await draw(values, rows, (line) => progress.say(line));
      return 0;
    } finally {
      device.close();
    }
  },
);

/** Which parts a command line asks for. @throws SpectroscopeError (usage) for what does not exist */
function choose(values: BenchValues, given: ReadonlySet<string>) {
  const all = !Object.keys(parts).some((name) => given.has(name));
  const wanted = all || given.has("kernels") ? pattern("--kernels", values.kernels) : undefined;
  const chosen = wanted ? kernels.filter((kernel) => wanted.test(kernel.name)) : [];
  const host = wanted?.test("graph/cover") ?? false;
  if (wanted && chosen.length === 0 && !host) {
    throw new SpectroscopeError(`--kernels ${values.kernels}: no kernel has such a name`, { code: "usage" });
  }
  const models = (values.model ?? []).map((name) => {
    if ((MODELS as readonly string[]).includes(name)) return name as ModelName;
    throw usage(`--model ${name}: no such model`, `one of ${MODELS.join(", ")}`);
  });
  return { kernels: chosen, host, models, scaling: values.scaling, peers: values.peers };
}

/** WebGPU, unless another device is named: kernels and peers are there, and the processor has no roof of its own. */
async function openBenchDevice(wanted: string): Promise<Device> {
  return wanted === "auto" ? openGpu({ adapter: "gpu" }) : openDevice({ adapter: wanted });
}

async function installPeers(): Promise<void> {
  const file = join(projectRoot(), "harness", "setup", "peers.mjs");
  const setup = await import(pathToFileURL(file).href);
  try {
    await setup.installPeers();
  } catch (cause) {
    throw new SpectroscopeError(`the peers cannot be installed: ${(cause as Error).message}`, {
      code: "network",
      hint: "node harness/setup/peers.mjs tells more",
      cause,
    });
  }
}

/** The end of a bench: tables, unless rows were written as they came, and verdicts. */
function show(values: BenchValues, rows: readonly BenchRow[], before: readonly BenchRow[] | undefined): void {
  const verdicts = before && compareBenches(before, rows);
  if (values.json) {
    for (const verdict of verdicts ?? []) output(JSON.stringify(verdict));
    return;
  }
  const form = values.markdown ? asMarkdown : asText;
  output(`${headline(rows)}\n`);
  for (const table of tables(rows)) output(`${form(table)}\n`);
  if (!before || !verdicts) return;
  output(form(verdictTable(verdicts, values.compare!, compareNotes(before, rows))));
}

async function draw({ plots }: BenchValues, rows: readonly BenchRow[], say: (line: string) => void): Promise<void> {
  if (plots === undefined) return;
  const pictures = [roofline(rows), scaling(rows)];
  for (const [i, name] of PICTURES.entries()) {
    const picture = pictures[i];
    if (picture === undefined) continue;
    await writeOutput(join(plots, name), picture);
    say(`drawn: ${join(plots, name)}`);
  }
}
