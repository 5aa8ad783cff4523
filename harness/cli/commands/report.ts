import { writeReport } from "../../../runtime/measure/run";
import { RunDirectory } from "../../../runtime/store/run-directory";
import { command, JSON_FLAG, output } from "../command";

/** Renders the report of a run again. */
export const report = command(
  {
    name: "report",
    summary: "Write the HTML report of a run.",
    options: { json: JSON_FLAG },
    positionals: [{ name: "RUN", help: "run directory" }],
    examples: ["report runs/nano"],
  },
  async ({ values, positionals }) => {
    const path = await writeReport(await RunDirectory.openExisting(positionals[0]));
    output(values.json ? JSON.stringify({ report: path }) : `report: ${path}`);
    return 0;
  },
);
