import { usage } from "../../../runtime/config/schema";
import type { LawName } from "../../../runtime/measure/mode-findings";
import { writeReport } from "../../report/write";
import { withAnalyzedRun } from "../analyzed-run";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { lawsOf, MODE_DEFAULTS, modesOfRun } from "../run-modes";
import { modesTable } from "../tables/modes";

const LAWS: readonly LawName[] = ["grammar", "model", "counts"];

/** The modes of a run's data, and how its chi couples to them. */
export const modes = command(
  {
    name: "modes",
    summary:
      "Expand a run's susceptibilities in the modes of its data: what holds their variance, and what clusters load on.",
    options: {
      law: {
        type: "string",
        placeholder: "LIST",
        help: "laws whose modes are taken, of grammar, model, counts (default grammar where it is known, and model)",
      },
      count: { type: "integer", default: MODE_DEFAULTS.count, min: 2, max: 4096, help: "modes of each law, at most" },
      map: {
        type: "integer",
        default: MODE_DEFAULTS.mapSize,
        min: 2,
        max: 64,
        help: "modes of a side of the maps of couplings",
      },
      clustered: {
        type: "integer",
        default: MODE_DEFAULTS.clustered,
        min: 0,
        help: "modes whose coordinates alone are clustered; 0: none",
      },
      order: {
        type: "integer",
        default: MODE_DEFAULTS.order,
        min: 0,
        max: 8,
        help: "ids of context of the law from counts",
      },
      threads: {
        type: "integer",
        min: 1,
        max: 256,
        help: "threads of clustering (default: all cores); they change no result",
      },
      adapter: ADAPTER,
      json: JSON_FLAG,
    },
    positionals: [{ name: "RUN", help: "run directory, analyzed" }],
    examples: ["modes runs/nano", "modes runs/nano --law counts --order 3"],
  },
  async ({ values, positionals: [path] }) => {
    const names = values.law?.split(",").map((name) => {
      if (LAWS.includes(name as LawName)) return name as LawName;
      throw usage(`--law: no law ${JSON.stringify(name)}`, `name some of ${LAWS.join(", ")}`);
    });
    return withAnalyzedRun(path, values, async ({ run, subject, attention, onDevice }) => {
      const laws = lawsOf(names, subject);
      const { count, map: mapSize, clustered, order, threads } = values;
      const options = { laws, count, mapSize, clustered, order };
      const found = await onDevice((device) => modesOfRun(run, { ...subject, ...attention, device, threads }, options));
      const report = await writeReport(run, path);
      output(values.json ? JSON.stringify({ run: path, ...found }) : `${modesTable(found)}\nreport: ${report}`);
      return 0;
    });
  },
);
