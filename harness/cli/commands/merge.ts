import { mergeShards } from "../../../runtime/measure/merge";
import { attentionOf } from "../attention";
import { command, JSON_FLAG, output } from "../command";
import { Progress } from "../progress";
import { storeAt } from "../stores";

/** Puts the shards of a run together. */
export const merge = command(
  {
    name: "merge",
    summary: "Put the shards of a run (sample --shard I/N) together: the same bits as one process would have sampled.",
    options: {
      out: { type: "string", placeholder: "DIR", help: "run directory of the whole" },
      json: JSON_FLAG,
    },
    required: ["out"],
    positionals: [{ name: "SHARD", help: "directories of all shards, in any order", many: true }],
    examples: ["merge --out runs/whole runs/part-1 runs/part-2"],
  },
  async ({ values, positionals }) => {
    const out = values.out!;
    const shards = positionals.map((path) => storeAt(path));
    const run = await mergeShards(storeAt(out), shards, attentionOf(new Progress(values.json)));
    const units = run.units("done");
    if (values.json) output(JSON.stringify({ run: out, units }));
    else output(`${units.length} units in ${out}; go on with: npx spectroscope cluster ${out}`);
    return 0;
  },
);
