/** Draws that kept what chi on all pairs follows from: those of a run, or the same drawn once more. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Run } from "../store/run";
import { openUnit } from "./chi-tables";
import type { RunConfig } from "./config";
import { say } from "./events";
import { sample } from "./measure";
import type { MeasureRequest } from "./request";
import { PAIR_RUN } from "./run-files";

/** What it takes to draw again. */
export interface PairRunRequest extends Omit<MeasureRequest, "store" | "shard"> {
  readonly run: Run;
  /** Of the run's chi. */
  readonly components: readonly string[];
}

/**
 * phi of draws that are the same, but for rounding. Chains are drawn by the same noise and minibatches; on another adapter, or in
 * other company, sums differ in their last digits, and a chain's updates carry that on.
 */
const MOST_APART = 1e-2;

/**
 * The run itself where all components kept their sums; else a run below it of the same settings and seed that keeps them, which can be
 * gone on with. Its draws are those of the run: phi is compared. @throws SpectroscopeError where they are not
 */
export async function pairRun(request: PairRunRequest): Promise<Run> {
  const { run, components } = request;
  if (await keepsPairs(run, components)) return run;
  say(request, `${run.name} kept nothing of other tokens than the measured ones: its components are drawn once more`);
  const { run: _, components: __, ...subject } = request;
  const again = await sample({ ...subject, config: pairConfig(request), store: run.store.below(PAIR_RUN) });
  for (const component of components) await checkSame(run, again, component);
  return again;
}

async function keepsPairs(run: Run, components: readonly string[]): Promise<boolean> {
  for (const component of components) if (!(await (await openUnit(run, component)).keepsPairs())) return false;
  return true;
}

/** The run's own settings, its components alone. */
function pairConfig({ config, components }: PairRunRequest): RunConfig {
  return {
    ...config,
    weight_restrictions: components,
    neuron_groups: 0,
    estimator: "single_chain",
    controls: { n_beta_zero: false, equal_rise: false },
    acceptance_checks: 0,
    keep_traces: false,
    keep_modes: true,
  };
}

async function checkSame(run: Run, again: Run, component: string): Promise<void> {
  const [own, other] = [await (await openUnit(run, component)).phi(), await (await openUnit(again, component)).phi()];
  const size = Math.sqrt(own.reduce((sum, phi) => sum + phi ** 2, 0));
  const apart = Math.sqrt(own.reduce((sum, phi, i) => sum + (phi - other[i]) ** 2, 0));
  if (own.length === other.length && apart <= MOST_APART * size) return;
  throw new SpectroscopeError(`${again.name}: the draws of ${component} are not those of ${run.name}`, {
    code: "bad-input",
    hint: `delete ${again.name}, and draw again on the adapter and with the version that the run was sampled with`,
  });
}
