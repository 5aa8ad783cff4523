import { componentScale as nanoScale } from "../../models/nano/sampling";
import { type ClusterConfig, parseClusterConfig } from "../cluster/config";
import { readJson } from "../node/files";
import { rmspropStarts, samplerDefaults, samplingMethods } from "../sampler/settings";
import type { JsonObject } from "../store/json";
import { applySettings, resolveConfig, type Schema, usage, type Values } from "./schema";

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
  sampling_task: {
    type: "choice",
    choices: ["probe", "pool"],
    default: "probe",
    help: "text whose mean loss is L: the probe itself, or a fixed batch of the pool",
  },
  sampling_sequences: { type: "integer", default: 16, min: 1, help: "sequences of the pool's fixed batch" },
  weight_restrictions: {
    type: "list",
    default: ["standard"],
    help: "components: standard (every head, every MLP, embed, unembed), full, or names: l0h3, l1 mlp, l1 mlp[0:32], any parameter's, unions with +",
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
    sampling_method: {
      type: "choice",
      choices: samplingMethods,
      default: samplerDefaults.sampling_method,
      help: "plain SGLD, or preconditioned by RMSprop",
    },
    lr: { type: "number", default: 0.02, min: 0, exclusiveMin: true, help: "step size eps" },
    n_beta: { type: "number", default: 10, min: 0, help: "weight of the loss in the posterior; 0: drawn directly" },
    localization: { type: "number", default: 40, min: 0, help: "pull gamma to the trained weights" },
    llc_weight_decay: { type: "number", default: samplerDefaults.llc_weight_decay, min: 0, help: "pull to 0" },
    bounding_box_size: {
      type: "number",
      default: samplerDefaults.bounding_box_size,
      min: 0,
      help: "farthest that a weight may go from its trained value; 0: anywhere",
    },
    noise_level: { type: "number", default: samplerDefaults.noise_level, min: 0, help: "1 samples the posterior" },
    rmsprop_alpha: {
      type: "number",
      default: samplerDefaults.rmsprop_alpha,
      min: 0,
      max: 0.999999,
      help: "decay of RMSprop's second moment",
    },
    rmsprop_eps: {
      type: "number",
      default: samplerDefaults.rmsprop_eps,
      min: 0,
      exclusiveMin: true,
      help: "added to the root of RMSprop's second moment",
    },
    rmsprop_init: {
      type: "choice",
      choices: rmspropStarts,
      default: samplerDefaults.rmsprop_init,
      help: "start of the second moment: ones with bias correction (the paper), or zeros without (devinterp)",
    },
    num_chains: { type: "integer", default: 4, min: 1, help: "independent chains" },
    num_draws: { type: "integer", default: 32, min: 4, help: "draws of each chain; fewer than 4 have no diagnostics" },
    num_burnin_steps: { type: "integer", default: 8, min: 0, help: "updates before the first draw's own" },
    num_steps_bw_draws: { type: "integer", default: 2, min: 1, help: "updates for each draw" },
    batch_size: { type: "integer", default: 2, min: 1, help: "sequences of a minibatch" },
  },
  controls: {
    n_beta_zero_draws: { type: "integer", default: 4, min: 0, help: "draws of the n_beta = 0 control; 0: left out" },
  },
  acceptance_checks: { type: "integer", default: 4, min: 0, help: "updates of a component whose acceptance is taken" },
  checkpoint_draws: { type: "integer", default: 16, min: 1, help: "draws between checkpoints" },
  components_at_once: {
    type: "integer",
    default: 0,
    min: 0,
    help: "components of one layer that are sampled together, with the same results; 0: as many as fit on a GPU, one elsewhere",
  },
  keep_traces: { type: "boolean", help: "store every token's loss at every draw (default: for nano only)" },
  trace_rank: { type: "integer", default: 32, min: 3, help: "principal axes kept of the trace features" },
} as const satisfies Schema;

/**
 * A run's config: sampling; `component_scale`, which multiplies lr and divides localization by component (nano has a
 * measured table, other models 1); and the clustering of `runtime/cluster/config.ts` under `cluster`.
 */
export type RunConfig = Omit<Values<typeof samplingSchema>, "keep_traces"> & {
  keep_traces: boolean;
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
  return {
    ...sampling,
    // nano's traces are a few MiB; those of a large model and probe are terabytes.
    keep_traces: sampling.keep_traces ?? sampling.model === "nano",
    component_scale: scale as Record<string, number>,
    cluster: parseClusterConfig(changed),
  };
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

/** A manifest's config without the part of the run that one shard samples. */
export function withoutShard({ shard, ...config }: JsonObject): JsonObject {
  return config;
}

/** The config of a run directory as `runConfig` takes it. */
export function configOf(directory: { readonly config: JsonObject }): JsonObject {
  const { inputs, ...config } = withoutShard(directory.config);
  return config;
}
