import { SpectroscopeError } from "../../../kernels/errors";
import { kernels } from "../../../kernels/registry";
import { openGpu } from "../../../runtime/device/device";
import { SIZES } from "../../bench/clustering/catalogue";
import { benchClustering, writeBenchGraphs } from "../../bench/clustering/run";
import { hostBenches } from "../../bench/host";
import { type BenchRow, benchKernel } from "../../bench/kernels";
import { measureRoof } from "../../bench/roof";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { usage, type Values } from "../fields";
import { Progress } from "../progress";

function line(row: BenchRow): string {
  const { timing } = row;
  const spread = `${timing.min.toPrecision(3)}..${timing.max.toPrecision(3)}`;
  return [
    row.kernel.padEnd(26),
    row.case.padEnd(18),
    `${row.variant}${row.chosen ? "*" : ""}`.padEnd(11),
    timing.median.toPrecision(3).padStart(9),
    spread.padStart(16),
    timing.wall.toPrecision(3).padStart(9),
    row.gflops.toFixed(2).padStart(8),
    row.gbps.toFixed(2).padStart(8),
    `${(100 * row.roofShare).toFixed(0)} %`.padStart(6),
  ].join(" ");
}

const HEADER = [
  "kernel".padEnd(26),
  "case".padEnd(18),
  "variant".padEnd(11),
  "GPU ms".padStart(9),
  "min..max".padStart(16),
  "wall ms".padStart(9),
  "GFLOP/s".padStart(8),
  "GB/s".padStart(8),
  "roof".padStart(6),
].join(" ");

const clusteringOptions = {
  clustering: { type: "boolean", default: false, help: "compare clusterings on graphs with a truth instead" },
  peers: {
    type: "boolean",
    default: false,
    help: "also Louvain, Leiden, label propagation, Infomap, HDBSCAN, in the Python that SPECTROSCOPE_PYTHON names",
  },
  size: { type: "choice", choices: SIZES, default: "10k", help: "nodes of the graphs that are drawn" },
  graphs: { type: "string", placeholder: "DIR", help: "compare on the graphs of a folder (.bin, .gml, .csv.gz)" },
  only: { type: "string", placeholder: "RE", help: "only graphs whose names match" },
  threads: { type: "integer", min: 1, help: "threads of our clustering (default: all cores)" },
  write: { type: "string", placeholder: "DIR", help: "write the graphs to a folder and stop" },
} as const;

function pattern(option: string, text = ""): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new SpectroscopeError(`${option} ${text}: not a regular expression`, { code: "usage", cause });
  }
}

/** Benches every kernel on this adapter and the host's WebAssembly graph kernels, or compares clusterings. */
export const bench = command(
  {
    name: "bench",
    summary: "Time every kernel on this adapter against its measured roof, or compare clusterings.",
    options: {
      kernels: { type: "string", placeholder: "RE", help: "only kernels whose names match" },
      budget: { type: "number", default: 300, min: 1, help: "milliseconds for each row" },
      adapter: ADAPTER,
      ...clusteringOptions,
      json: JSON_FLAG,
    },
    examples: [
      "bench",
      "bench --kernels 'matmul|loss' --json > bench.json",
      "bench --clustering --peers --size 100k --only mixture",
    ],
  },
  async ({ values, given }) => {
    if (values.clustering) return clusteringBench(values);
    for (const name of Object.keys(clusteringOptions) as (keyof typeof clusteringOptions)[]) {
      if (given.has(name)) throw usage(`--${name} belongs to --clustering`, "add --clustering");
    }
    const wanted = pattern("--kernels", values.kernels);
    const chosen = kernels.filter((kernel) => wanted.test(kernel.name));
    const host = wanted.test("graph/cover");
    if (chosen.length === 0 && !host) {
      throw new SpectroscopeError(`--kernels ${values.kernels}: no kernel has such a name`, { code: "usage" });
    }
    const progress = new Progress(values.json);
    const device = await openGpu({ adapter: values.adapter });
    try {
      progress.say(device.banner ?? `adapter: ${device.facts.name}`);
      const roof = await measureRoof(device, values.budget);
      if (!values.json) {
        output(
          `roof of ${device.facts.name}: ${roof.gflops.toFixed(1)} GFLOP/s, ${roof.gbps.toFixed(1)} GB/s (multiply-add and copy kernels)`,
        );
        output(HEADER);
      }
      const rows: BenchRow[] = [];
      for (const kernel of chosen) {
        for (const row of await benchKernel(device, kernel, roof, values.budget)) {
          rows.push(row);
          if (!values.json) output(line(row));
        }
      }
      const hostRows = host ? hostBenches() : [];
      if (values.json) {
        output(JSON.stringify({ date: new Date().toISOString(), adapter: device.facts, roof, rows, host: hostRows }));
      } else {
        for (const row of hostRows) {
          output(
            `${row.name.padEnd(57)} ${row.milliseconds.toPrecision(3).padStart(9)} ms on the host, ± ${row.marginPercent.toFixed(1)} %`,
          );
        }
        output("* the variant that is chosen on this adapter");
      }
      return 0;
    } finally {
      device.close();
    }
  },
);

async function clusteringBench(values: Values<typeof clusteringOptions> & { json: boolean }): Promise<number> {
  if (values.write !== undefined) {
    const names = await writeBenchGraphs(values.write, values.size);
    output(values.json ? JSON.stringify({ graphs: names }) : `${names.length} graphs in ${values.write}`);
    return 0;
  }
  const progress = new Progress(values.json);
  const { SPECTROSCOPE_PYTHON: python, SPECTROSCOPE_LGC: lgc } = process.env;
  const { size, graphs, peers, threads } = values;
  const result = await benchClustering(
    { size, graphs, peers, threads, only: pattern("--only", values.only), python, lgc },
    (line) => {
      if (!values.json) output(line);
    },
    (line) => progress.say(line),
  );
  if (values.json) output(JSON.stringify(result));
  return 0;
}
