/** The config of a run that begins: a file, what was set on the command line, and what its model brings. */
import { presetOf } from "../../models/presets";
import { type RunConfig, runConfig } from "../../runtime/measure/config";
import { readJson } from "../../runtime/node/files";

/** A config from parsed JSON and `--set` texts, with the preset of its model. @throws SpectroscopeError (usage) */
export function settledConfig(json: unknown, source: string, sets: readonly string[]): RunConfig {
  const { model } = runConfig(json, source, sets);
  return runConfig(json, source, sets, presetOf(model));
}

/** Reads a config file, or the defaults when none is given. @throws SpectroscopeError (usage) */
export async function readRunConfig(path: string | undefined, sets: readonly string[]): Promise<RunConfig> {
  return settledConfig(path === undefined ? {} : await readJson(path), path ?? "config", sets);
}
