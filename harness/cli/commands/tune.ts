import { kernels } from "../../../kernels/registry";
import { usage } from "../../../runtime/config/schema";
import { openGpu } from "../../../runtime/node/open-device";
import {
  measuredWith,
  readTuning,
  type Time,
  tableOf,
  tuningPath,
  writeTuning,
} from "../../../runtime/node/tuning-file";
import type { TuningTable } from "../../../runtime/webgpu/tuning";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { Progress } from "../progress";
import { type Measurement, measureKernel } from "../tuning/measure";

/** One row a bench case: what its size class takes from now on, and what everything took. */
function lines({ times, choices }: Measurement): string[] {
  return [...new Set(times.map((time) => time.case))].map((name) => {
    const rows = times.filter((time) => time.case === name).sort((a, b) => a.ms - b.ms);
    const usual = rows.find((row) => row.usual)?.variant;
    const best = choices[rows[0].class].find((variant) => rows.some((row) => row.variant === variant));
    const taken = best === usual ? best : `${best} (was ${usual})`;
    const all = rows.map(({ variant, ms }) => `${variant} ${ms.toPrecision(3)}`);
    return `${rows[0].kernel.padEnd(28)} ${name.padEnd(20)} ${String(taken).padEnd(24)} ms: ${all.join(", ")}`;
  });
}

/** Times the variants of every kernel on this adapter and keeps the fastest for later runs on it. */
export const tune = command(
  {
    name: "tune",
    summary: "Time the variants of every kernel on this adapter and keep the fastest for later runs on it.",
    options: {
      kernels: { type: "string", placeholder: "RE", help: "only kernels whose names match; the others keep theirs" },
      budget: { type: "number", default: 150, min: 1, help: "milliseconds for each variant and case" },
      "lower-precision": {
        type: "boolean",
        default: false,
        help: "also variants that round operands to f16; differences of losses lose digits by it",
      },
      adapter: ADAPTER,
      json: JSON_FLAG,
    },
    examples: ["tune", "tune --kernels matmul"],
  },
  async ({ values }) => {
    const wanted = pattern(values.kernels);
    const chosen = kernels.filter(({ name }) => wanted.test(name));
    if (chosen.length === 0) throw usage(`--kernels ${values.kernels}: no kernel has such a name`);
    const progress = new Progress(values.json);
    const device = await openGpu({ adapter: values.adapter });
    try {
      progress.say(device.banner ?? `adapter: ${device.facts.name}`);
      const measured = measuredWith(device.facts, kernels);
      const path = tuningPath(measured);
      const lowerPrecision = values["lower-precision"];
      const before = await readTuning(path, measured, (line) => progress.say(line));
      const choices: Record<string, TuningTable["choices"][string]> = {};
      // Choices of another precision are measured anew, so that the table is of one kind.
      if (before?.lowerPrecision === lowerPrecision) Object.assign(choices, before.choices);
      const times: Time[] = [];
      const since = performance.now();
      for (const [done, kernel] of chosen.entries()) {
        progress.update(kernel.name, done, chosen.length, since);
        const measurement = await measureKernel(device, kernel, {
          budgetMs: values.budget,
          lowerPrecision,
          onLeftOut: (line) => progress.say(line),
        });
        choices[kernel.name] = measurement.choices;
        times.push(...measurement.times);
        if (!values.json) for (const line of lines(measurement)) output(line);
      }
      const table = tableOf(choices, lowerPrecision);
      await writeTuning(path, measured, table, times);
      if (values.json) output(JSON.stringify({ path, id: table.id, lowerPrecision, ...measured, choices, times }));
      else output(`tuning ${table.id} in ${path}; SPECTROSCOPE_VARIANTS=default leaves it out`);
      return 0;
    } finally {
      device.close();
    }
  },
);

function pattern(text = ""): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw usage(`--kernels ${text}: not a regular expression`);
  }
}
