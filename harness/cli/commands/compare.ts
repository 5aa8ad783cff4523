import { compareRuns } from "../../../runtime/measure/compare";
import { command, JSON_FLAG, output } from "../command";
import { openRun } from "../stores";
import { comparisonTable } from "../tables/comparison";

/** Compares two runs over the same tokens. */
export const compare = command(
  {
    name: "compare",
    summary: "Compare two analyzed runs over the same tokens: of seeds, settings or checkpoints.",
    options: { json: JSON_FLAG },
    positionals: [
      { name: "RUN_A", help: "run directory" },
      { name: "RUN_B", help: "another" },
    ],
    examples: ["compare runs/nano runs/nano-seed-1", "compare runs/step1000 runs/step143000 --json"],
  },
  async ({ values, positionals: [a, b] }) => {
    const comparison = await compareRuns(await openRun(a), await openRun(b));
    output(values.json ? JSON.stringify(comparison) : comparisonTable(comparison));
    return 0;
  },
);
