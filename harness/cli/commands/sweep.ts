import { analyzedConfig } from "../../../runtime/measure/results";
import { writeReport } from "../../../runtime/measure/run";
import { checkValue, parseText } from "../../../runtime/measure/schema";
import { SWEPT, type Swept, sensitivityTable, sweep as sweepRun } from "../../../runtime/measure/sweep";
import { DirectoryStore } from "../../../runtime/node/directory-store";
import { Run } from "../../../runtime/store/run";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { onInterrupt } from "../interrupt";
import { Progress } from "../progress";

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
    const directory = await Run.open(new DirectoryStore(path));
    const config = await analyzedConfig(directory);
    const progress = new Progress(values.json);
    const interrupt = onInterrupt((line) => progress.say(line));
    try {
      const request = { directory, config, settings, factors, progress, interrupted: interrupt.asked };
      const found = await sweepRun({ ...request, adapter: values.adapter });
      const report = await writeReport(directory);
      output(values.json ? JSON.stringify({ run: path, ...found }) : `${sensitivityTable(found)}\nreport: ${report}`);
      return 0;
    } finally {
      interrupt.done();
    }
  },
);
