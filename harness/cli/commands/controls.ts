import { controlsOf } from "../../../runtime/measure/controls";
import { command, JSON_FLAG, output } from "../command";
import { openRun } from "../stores";
import { controlsTable } from "../tables/controls";

/** The controls of an analyzed run. */
export const controls = command(
  {
    name: "controls",
    summary:
      "Tell what the controls of a run say: nulls, the n_beta = 0 prior, split halves, and the sweep where one was run.",
    options: { json: JSON_FLAG },
    positionals: [{ name: "RUN", help: "run directory, analyzed" }],
    examples: ["controls runs/nano"],
  },
  async ({ values, positionals: [path] }) => {
    const found = await controlsOf(await openRun(path));
    output(values.json ? JSON.stringify({ run: path, ...found }) : controlsTable(found));
    return 0;
  },
);
