import type { Run } from "../store/run";
import { acceptanceRate, stepError } from "../susceptibility/acceptance";
import { advice } from "../susceptibility/advice";
import { diagnose } from "../susceptibility/diagnostics";
import { localLearningCoefficient } from "../susceptibility/llc";
import { meanTemperature } from "../susceptibility/temperature";
import { openUnit } from "./chi-tables";
import type { RunConfig } from "./config";
import type { ComponentDiagnostics } from "./report-data";
import { meanOf } from "./row-draws";
import { EQUAL_RISE_SUFFIX, isMeasurement, PRIOR_SUFFIX } from "./units";

/** Advice on a run that was sampled and not analyzed. */
export async function sampledAdvice(run: Run, { sampler }: Pick<RunConfig, "sampler">): Promise<string[]> {
  const found: ComponentDiagnostics[] = [];
  const done = run.units("done");
  for (const unit of run.plan) {
    if (isMeasurement(unit) && done.includes(unit.name)) found.push(await diagnoseUnit(run, unit.name));
  }
  return advice(sampler, found);
}

/** What can be said of a component's chains without looking at its tokens. */
export async function diagnoseUnit(run: Run, name: string): Promise<ComponentDiagnostics> {
  const unit = await openUnit(run, name);
  const { draws, chains, facts } = unit;
  const { lr, n_beta } = unit.config.sampler as { lr: number; n_beta: number };
  const weights = facts.weights as number;
  const phi = await unit.phi();
  const logs = await unit.logAcceptance();
  const temperatures = await unit.kineticTemperature();
  const { rHat, essBulk, lag1 } = diagnose(phi, draws, chains);
  const { value, error } = localLearningCoefficient(phi, draws, chains, n_beta);
  const acceptance = logs && acceptanceRate(logs);
  const errorOfStep = logs && stepError(logs, weights);
  return {
    name,
    weights,
    lr,
    meanRise: meanOf(phi),
    // Of one chain it would compare halves, which is not what it is read for.
    ...(rHat === undefined || chains < 2 ? {} : { rHat }),
    ...(essBulk === undefined ? {} : { effectiveDraws: essBulk }),
    ...(lag1 === undefined ? {} : { lag1 }),
    ...(acceptance === undefined ? {} : { acceptance }),
    ...(errorOfStep === undefined || !Number.isFinite(errorOfStep) ? {} : { stepError: errorOfStep }),
    ...(temperatures ? meanTemperature(temperatures, weights) : {}),
    ...(error === undefined || n_beta === 0 ? {} : { llc: { value, error } }),
    traces: Array.from({ length: chains }, (_, m) => Array.from({ length: draws }, (_, s) => phi[s * chains + m])),
  };
}

/** What the priors of a component did, where they were sampled. */
export async function diagnosePrior(run: Run, component: string): Promise<Pick<ComponentDiagnostics, "prior">> {
  const done = run.units("done");
  const [plain, matched] = [component + PRIOR_SUFFIX, component + EQUAL_RISE_SUFFIX];
  if (!done.includes(plain)) return {};
  const meanRise = meanOf(await (await openUnit(run, plain)).phi());
  if (!done.includes(matched)) return { prior: { meanRise } };
  const unit = await openUnit(run, matched);
  const localization = unit.facts.localization as readonly number[];
  return { prior: { meanRise, equalRise: { meanRise: meanOf(await unit.phi()), localization } } };
}
