import { checkValue, parseText } from "../../../runtime/config/resolve";
import { SWEPT, type Swept, sweep as sweepRun } from "../../../runtime/measure/sweep";
import { writeReport } from "../../report/write";
import { withAnalyzedRun } from "../analyzed-run";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { sensitivityTable } from "../tables/sensitivity";

const FACTOR = { type: "number", min: 0, exclusiveMin: true, help: "" } as const;

/** Samples a run again under other settings. */
export const sweep = command(
  {
    name: "sweep",
    summary: "Sample a run again under other lr, n_beta and localization, and tell how far its results depend on them.",
    options: {
      settings: { type: "string", default: SWEPT.join(","), placeholder: "KEYS", help: "settings that are moved" },
      factors: { type: "string", default: "0.5,2", placeholder: "LIST", help: "what each is multiplied by" },
      adapter: ADAPTER,
      json: JSON_FLAG,
    },
    positionals: [{ name: "RUN", help: "run directory, analyzed" }],
    examples: ["sweep runs/nano", "sweep runs/nano --settings lr --factors 0.25,0.5,2"],
  },
  async ({ values, positionals: [path] }) => {
    const key = { type: "choice", choices: SWEPT, help: "" } as const;
    const settings = values.settings.split(",").map((name) => checkValue(key, name, "--settings") as Swept);
    const factors = values.factors.split(",").map((text) => parseText(FACTOR, text, "--factors") as number);
    return withAnalyzedRun(path, values, async ({ run, subject, attention, onDevice }) => {
      const found = await onDevice((device) => sweepRun({ ...subject, ...attention, run, device, settings, factors }));
      const report = await writeReport(run, path);
      output(values.json ? JSON.stringify({ run: path, ...found }) : `${sensitivityTable(found)}\nreport: ${report}`);
      return 0;
    });
  },
);
