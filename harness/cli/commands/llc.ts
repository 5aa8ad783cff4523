import { usage } from "../../../runtime/config/schema";
import { openUnit } from "../../../runtime/measure/chi-tables";
import { isMeasurement, refuseShard } from "../../../runtime/measure/units";
import type { Run } from "../../../runtime/store/run";
import type { Interval } from "../../../runtime/susceptibility/interval";
import { localLearningCoefficient } from "../../../runtime/susceptibility/llc";
import { command, JSON_FLAG, output } from "../command";
import { openRun } from "../stores";

interface Row {
  readonly name: string;
  readonly weights: number;
  readonly llc: number;
  readonly error: number | null;
  readonly interval: Interval | null;
  readonly error_from: string | null;
  readonly per_chain: readonly number[];
}

async function rowOf(run: Run, name: string): Promise<Row> {
  const unit = await openUnit(run, name);
  const { n_beta } = unit.config.sampler as { n_beta: number };
  if (n_beta === 0) {
    throw usage(
      `${run.name}: was sampled at n_beta 0, where no loss is in the posterior`,
      "sample with n_beta above 0",
    );
  }
  const found = localLearningCoefficient(await unit.phi(), unit.draws, unit.chains, n_beta);
  const { value, perChain, error = null, interval = null, errorFrom = null } = found;
  const weights = unit.facts.weights as number;
  return { name, weights, llc: value, error, interval, error_from: errorFrom, per_chain: Array.from(perChain) };
}

/** Local learning coefficients of a sampled run. */
export const llc = command(
  {
    name: "llc",
    summary: "Local learning coefficient of every component of a run, and of the whole model (full), with its error.",
    options: { json: JSON_FLAG },
    positionals: [{ name: "RUN", help: "run directory, sampled" }],
    examples: ["llc runs/nano"],
  },
  async ({ values, positionals: [path] }) => {
    const run = await openRun(path);
    refuseShard(run);
    // One that is not done is refused before any is read.
    for (const unit of run.units("pending")) run.finishedStore(unit);
    const done = run.units("done");
    const names = run.plan.filter((unit) => isMeasurement(unit) && done.includes(unit.name)).map(({ name }) => name);
    const rows: Row[] = [];
    for (const name of names) rows.push(await rowOf(run, name));
    if (values.json) output(JSON.stringify({ run: path, components: rows }));
    else {
      const line = ({ name, weights, llc: value, error, interval }: Row) => {
        const range = interval ? `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}` : "-";
        const numbers = [String(weights), value.toFixed(3), error === null ? "-" : error.toFixed(3)];
        return `${name.padEnd(24)} ${numbers.map((text) => text.padStart(9)).join(" ")}  ${range}`;
      };
      output([`${"component".padEnd(24)}   weights       LLC     error  95 % interval`, ...rows.map(line)].join("\n"));
    }
    return 0;
  },
);
