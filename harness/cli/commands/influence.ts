import { usage } from "../../../runtime/config/schema";
import { openUnit } from "../../../runtime/measure/chi-tables";
import { writeNpy } from "../../../runtime/node/npy-file";
import { checkOutput, isStream } from "../../../runtime/node/output-file";
import { influences } from "../../../runtime/susceptibility/influence";
import { command, JSON_FLAG, output } from "../command";
import { openRun } from "../stores";

/** Rows of the matrix that are computed at once: the rest of it is only written. */
const BLOCK = 512;

/** Bayesian influence functions of a component. */
export const influence = command(
  {
    name: "influence",
    summary:
      "Bayesian influence functions: how the losses of tokens or sequences vary together over a component's draws.",
    options: {
      component: { type: "string", default: "full", placeholder: "NAME", help: "unit of the run" },
      unit: { type: "choice", choices: ["token", "sequence"], default: "sequence", help: "whose losses" },
      measure: {
        type: "choice",
        choices: ["correlation", "covariance"],
        default: "correlation",
        help: "what is taken",
      },
      out: { type: "string", placeholder: "FILE", help: ".npy, f32 [units, units]" },
      json: JSON_FLAG,
    },
    required: ["out"],
    positionals: [{ name: "RUN", help: "run directory, sampled with --keep-traces" }],
    examples: ["influence runs/nano --out bif.npy", "influence runs/nano --component l1h3 --unit token --out bif.npy"],
  },
  async ({ values, positionals: [path] }) => {
    const out = values.out!;
    await checkOutput(out);
    if (!out.endsWith(".npy") && !(await isStream(out)))
      throw usage(`--out is ${JSON.stringify(out)}`, "name a .npy file");
    const unit = await openUnit(await openRun(path), values.component);
    const traces = await unit.rises();
    const { draws, chains, tokens, positions } = unit;
    const size = values.unit === "token" ? tokens : tokens / positions;
    const data = new Float32Array(size * size);
    for (let start = 0; start < size; start += BLOCK) {
      const rows = { start, end: Math.min(size, start + BLOCK) };
      const options = { unit: values.unit, positions, measure: values.measure, rows } as const;
      data.set(Float32Array.from(influences(traces, { draws, chains, tokens }, options).values.data), start * size);
    }
    await writeNpy(out, { shape: [size, size], data });
    const facts = { run: path, component: values.component, unit: values.unit, measure: values.measure, size, out };
    output(
      values.json
        ? JSON.stringify(facts)
        : `${values.measure} of ${size} ${values.unit}s over ${draws * chains} draws: ${out}`,
    );
    return 0;
  },
);
