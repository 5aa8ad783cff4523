/** The config of a run that begins: a file, what was set on the command line, and what its model brings. */
import { componentScale } from "../../models/nano/sampling";
import { type RunConfig, type RunPreset, runConfig } from "../../runtime/measure/config";
import { readJson } from "../../runtime/node/files";

/** Of models that bring settings of their own, by what `model` calls them. */
const PRESETS: Readonly<Record<string, RunPreset>> = { nano: { componentScale, keepTraces: true } };

/** A config from parsed JSON and `--set` texts, with the preset of its model. @throws SpectroscopeError (usage) */
export function settledConfig(json: unknown, source: string, sets: readonly string[]): RunConfig {
  const { model } = runConfig(json, source, sets);
  return runConfig(json, source, sets, Object.hasOwn(PRESETS, model) ? PRESETS[model] : undefined);
}

/** Reads a config file, or the defaults when none is given. @throws SpectroscopeError (usage) */
export async function readRunConfig(path: string | undefined, sets: readonly string[]): Promise<RunConfig> {
  return settledConfig(path === undefined ? {} : await readJson(path), path ?? "config", sets);
}
