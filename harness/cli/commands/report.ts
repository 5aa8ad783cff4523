import { writeReport } from "../../report/write";
import { command, JSON_FLAG, output } from "../command";
import { openRun } from "../stores";

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
    const [folder] = positionals;
    const path = await writeReport(await openRun(folder), folder);
    output(values.json ? JSON.stringify({ report: path }) : `report: ${path}`);
    return 0;
  },
);
