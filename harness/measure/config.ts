import { componentScale as nanoScale } from "../../models/nano/sampling";
import { type ClusterConfig, parseClusterConfig } from "../../runtime/cluster/config";
import { readJson } from "../../runtime/store/files";
import { applySettings, resolveConfig, type Schema, usage, type Values } from "../cli/fields";

/** What is sampled and from what; unknown keys are refused. Names are devinterp's where it has them. */
export const samplingSchema = {
  model: { type: "string", default: "nano", help: "nano, or a directory in Hugging Face format" },
  probe_tokens: {
    type: "string",
    placeholder: "FILE",
    help: "ids whose losses are measured (JSON rows or .npy); without it, nano's own corpus",
  },
  pool_tokens: { type: "string", placeholder: "FILE", help: "ids that minibatches are drawn from; likewise" },
  probe_sequences: { type: "integer", default: 16, min: 1, help: "sequences of nano's corpus that are measured" },
  probe_seed: { type: "integer", default: 3, min: 0, help: "seed of the measured text" },
  pool_sequences: { type: "integer", default: 128, min: 1, help: "sequences of nano's corpus in the pool" },
  pool_seed: { type: "integer", default: 4, min: 0, help: "seed of the pool's text" },
  weight_restrictions: {
    type: "list",
    default: ["standard"],
    help: "components: standard (every head, every MLP, embed, unembed), or names such as l0h3, l1 mlp, l1 mlp[0:32]",
  },
  neuron_groups: {
    type: "integer",
    default: 4,
    min: 0,
    help: "with standard: cut every MLP into this many components more; 0: none",
  },
  estimator: { type: "choice", choices: ["two_chain", "single_chain"], default: "single_chain", help: "of chi" },
  sampler: {
    seed: { type: "integer", default: 0, min: 0, help: "of noise and minibatches" },
    lr: { type: "number", default: 0.02, min: 0, exclusiveMin: true, help: "step size eps of SGLD" },
    n_beta: { type: "number", default: 10, min: 0, help: "weight of the loss in the posterior" },
    localization: {
      type: "number",
      default: 40,
      min: 0,
      exclusiveMin: true,
      help: "pull gamma to the trained weights",
    },
    noise_level: { type: "number", default: 1, min: 0, help: "1 samples the posterior" },
    num_chains: { type: "integer", default: 4, min: 1, help: "independent chains" },
    num_draws: { type: "integer", default: 32, min: 4, help: "draws of each chain; fewer than 4 have no diagnostics" },
    num_burnin_steps: { type: "integer", default: 8, min: 0, help: "updates before the first draw's own" },
    num_steps_bw_draws: { type: "integer", default: 2, min: 1, help: "updates for each draw" },
    batch_size: { type: "integer", default: 2, min: 1, help: "sequences of a minibatch" },
  },
  controls: {
    n_beta_zero_draws: { type: "integer", default: 4, min: 0, help: "draws of the n_beta = 0 control; 0: left out" },
  },
  trace_rank: { type: "integer", default: 32, min: 3, help: "principal axes kept of the trace features" },
} as const satisfies Schema;

/**
 * A run's config: sampling; `component_scale`, which multiplies lr and divides localization by component (nano has a
 * measured table, other models 1); and the clustering of `runtime/cluster/config.ts` under `cluster`.
 */
export type RunConfig = Values<typeof samplingSchema> & {
  component_scale: Readonly<Record<string, number>>;
  cluster: ClusterConfig;
};

/** A config from parsed JSON and `--set` texts over the defaults. Errors: usage, with the nearest known key. */
export function runConfig(json: unknown, source: string, sets: readonly string[] = []): RunConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw usage(`${source} is not a JSON object`);
  const { cluster, component_scale, ...rest } = json as Record<string, unknown>;
  const inGroup = (group: string) => sets.filter((set) => set.startsWith(`${group}.`)).map((set) => entry(set, group));
  const own = sets.filter((set) => !/^(cluster|component_scale)\./.test(set));
  const sampling = applySettings(samplingSchema, resolveConfig(samplingSchema, rest, source), own);
  const standard = sampling.model === "nano" ? nanoScale : {};
  for (const [key, value] of Object.entries({ cluster, component_scale })) {
    if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))) {
      throw usage(`${source}: "${key}" is not a JSON object`, "expected { key: value, ... }");
    }
  }
  const scale = { ...standard, ...(component_scale as object), ...Object.fromEntries(inGroup("component_scale")) };
  for (const [name, value] of Object.entries(scale)) {
    if (typeof value !== "number" || !(value > 0)) {
      throw usage(`component_scale of "${name}" is ${JSON.stringify(value)}`, "it must be a number above 0");
    }
  }
  const changed = {
    ...parseClusterConfig((cluster as Partial<ClusterConfig>) ?? {}),
    ...Object.fromEntries(inGroup("cluster")),
  };
  return { ...sampling, component_scale: scale as Record<string, number>, cluster: parseClusterConfig(changed) };
}

/** `group.key=value` as [key, value]; the value is JSON where it can be read so. */
function entry(set: string, group: string): [string, unknown] {
  const equals = set.indexOf("=");
  if (equals < 0) throw usage(`--set ${JSON.stringify(set)} is not key=value`, "write --set key=value");
  return [set.slice(group.length + 1, equals), jsonValue(set.slice(equals + 1))];
}

/** Reads a config file, or the defaults when none is given. */
export async function readRunConfig(path: string | undefined, sets: readonly string[]): Promise<RunConfig> {
  return runConfig(path === undefined ? {} : await readJson(path), path ?? "config", sets);
}

function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
