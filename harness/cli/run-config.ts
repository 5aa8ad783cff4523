/** The config of a run that begins: a file, what was set on the command line, and what its model brings. */
import { presetOf } from "../../models/presets";
import { type RunConfig, runConfig } from "../../runtime/measure/config";
import { readJson } from "../../runtime/node/files";

/** What `--quick` means for a model that brings nothing of its own: fewer draws and components. */
const QUICK = ["neuron_groups=0", "sampler.num_draws=10"];

/**
 * A config from parsed JSON and `--set` texts, with the preset of its model; `quick`: over its quick settings, which `--set` still
 * changes. @throws SpectroscopeError (usage)
 */
export function settledConfig(json: unknown, source: string, sets: readonly string[], quick = false): RunConfig {
  const { model } = runConfig(json, source, sets);
  const preset = presetOf(model);
  const small = quick ? (preset?.quick ?? QUICK) : [];
  return runConfig(json, source, [...small, ...sets], preset);
}

/** Reads a config file, or the defaults when none is given. @throws SpectroscopeError (usage) */
export async function readRunConfig(
  path: string | undefined,
  sets: readonly string[],
  quick = false,
): Promise<RunConfig> {
  return settledConfig(path === undefined ? {} : await readJson(path), path ?? "config", sets, quick);
}
