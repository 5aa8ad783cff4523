import { writeReport } from "../../../runtime/measure/run";
import { DirectoryStore } from "../../../runtime/node/directory-store";
import { Run } from "../../../runtime/store/run";
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
    const path = await writeReport(await Run.open(new DirectoryStore(positionals[0])));
    output(values.json ? JSON.stringify({ report: path }) : `report: ${path}`);
    return 0;
  },
);
