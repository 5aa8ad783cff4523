import { checkClusterConfig, clusterSchema } from "../cluster/config";
import { type Agreement, applySettings, checkAgreements, resolveConfig } from "../config/resolve";
import { samplerSchema } from "../config/sampler";
import type { Schema, Values } from "../config/schema";
import type { JsonObject } from "../formats/json";
import { todaysJson, todaysSets } from "./former-keys";

/** What is sampled and from what; unknown keys are refused. Names are devinterp's where it has them. */
export const samplingSchema = {
  model: {
    type: "string",
    default: "nano",
    help: "`nano`, `iota`, a directory in Hugging Face format, or a name of the hub (`OWNER/NAME@REVISION`)",
  },
  probe_tokens: {
    type: "string",
    placeholder: "FILE",
    help: "ids whose losses are measured: JSON rows, `.npy` or `.safetensors`. Without a file an embedded model has a corpus of its own",
  },
  pool_tokens: { type: "string", placeholder: "FILE", help: "ids that minibatches are drawn from, likewise" },
  probe_text: {
    type: "string",
    placeholder: "FILE",
    help: "text whose losses are measured, instead of ids: plain, or `.jsonl`; read with the model's own tokenizer",
  },
  pool_text: { type: "string", placeholder: "FILE", help: "text that minibatches are drawn from, likewise" },
  row_length: {
    type: "integer",
    min: 2,
    nullable: "as many as the model takes",
    help: "ids in a row of `probe_text` and `pool_text`",
  },
  probe_sequences: {
    type: "integer",
    default: 16,
    min: 1,
    help: "sequences of an embedded model's corpus whose losses are measured; a multiple of 8 holds every mode equally",
  },
  probe_seed: { type: "integer", default: 3, min: 0, help: "seed of an embedded model's measured text" },
  pool_sequences: {
    type: "integer",
    default: 128,
    min: 1,
    help: "sequences of an embedded model's corpus that minibatches are drawn from",
  },
  pool_seed: { type: "integer", default: 4, min: 0, help: "seed of an embedded model's pool" },
  sampling_task: {
    type: "choice",
    choices: ["probe", "pool"],
    default: "probe",
    help: "text whose mean loss is L: the probe itself, or a fixed batch of the pool",
  },
  sampling_sequences: { type: "integer", default: 16, min: 1, help: "sequences of the pool's fixed batch" },
  weight_restrictions: {
    type: "list",
    nullable: "`fine` for embedded models, else `standard`",
    placeholder: "NAME,...",
    help:
      "components: `standard` is every head, every MLP, embed and unembed, and `full` sampled beside them; `fine` is query, key, " +
      "value and output of every head, slices of every MLP, embed and unembed; or names: `l0h3`, `l0h3.q`, `l1 mlp`, " +
      "`l1 mlp[0:32]`, any parameter's, unions with `+`",
  },
  neuron_slice: {
    type: "integer",
    default: 16,
    min: 1,
    help: "neurons of a slice of `fine`; an MLP's last one may be smaller",
  },
  neuron_groups: {
    type: "integer",
    default: 8,
    min: 0,
    help: "with `standard`: besides, each MLP cut into so many ranges of neurons; 0: none",
  },
  estimator: {
    type: "choice",
    choices: ["two_chain", "single_chain"],
    default: "single_chain",
    help: "of chi; `two_chain` is devinterp's, see `numerics.md`",
  },
  sampler: {
    ...samplerSchema,
    num_draws: { ...samplerSchema.num_draws, min: 4, help: "draws of each chain; fewer than 4 have no diagnostics" },
  },
  controls: {
    n_beta_zero: {
      type: "boolean",
      default: true,
      help: "sample the prior too: as many chains and draws at n_beta 0; a run at n_beta 0 is that itself",
    },
    equal_rise: {
      type: "boolean",
      default: true,
      help:
        "sample the prior once more, each component so localized that its mean rise is that of its chains; needs " +
        "`controls.n_beta_zero`, and is left out where a bounding box keeps the prior from being drawn directly",
    },
  },
  acceptance_checks: {
    type: "integer",
    default: 4,
    min: 0,
    help: "updates of every component whose Metropolis-Hastings acceptance, or with BAOAB kinetic temperature, is taken; 0: none",
  },
  checkpoint_draws: {
    type: "integer",
    default: 16,
    min: 1,
    help: "draws between checkpoints; traces are stored in blocks of as many",
  },
  components_at_once: {
    type: "integer",
    default: 0,
    min: 0,
    help:
      "components of one layer that are sampled together, to the same bytes; 0: as many as fit on a GPU, one elsewhere. " +
      "Not recorded: a run may go on with another number",
  },
  keep_traces: {
    type: "boolean",
    nullable: "for embedded models only",
    help:
      "store every token's loss at every draw (`--keep-traces`): for trace features, influence functions, shuffled " +
      "draws. Those of an embedded model are a few MiB, of a large model and probe terabytes",
  },
  keep_modes: {
    type: "boolean",
    nullable: "for embedded models only",
    help:
      "keep what chi of all tokens after all contexts follows from, for `spectroscope modes`: two numbers a chain, context and " +
      "width of the model, 2 MiB a component of `nano`. Without it `modes` samples once more",
  },
  trace_rank: { type: "integer", default: 32, min: 3, help: "principal axes kept of the trace features" },
  component_scale: {
    type: "table",
    default: {},
    placeholder: "COMPONENT",
    min: 0,
    exclusiveMin: true,
    otherwise: "measured for embedded models, else 1",
    help: "multiplies `lr` and divides `localization` for a component",
  },
} as const satisfies Schema;

/** A run's config whole: sampling, and the clustering under `cluster`. */
export const runSchema = { ...samplingSchema, cluster: clusterSchema } as const satisfies Schema;

export type RunConfig = Omit<Values<typeof runSchema>, "weight_restrictions" | "keep_traces" | "keep_modes"> & {
  weight_restrictions: readonly string[];
  keep_traces: boolean;
  keep_modes: boolean;
};

/** What a known model brings to its runs where the config does not say otherwise. */
export interface RunPreset {
  /** `component_scale`, by restriction names: the table that the config's own entries are laid over. */
  readonly componentScale: Readonly<Record<string, number>>;
  readonly weightRestrictions: readonly string[];
  readonly keepTraces: boolean;
  readonly keepModes: boolean;
}

const ids = (of: "probe" | "pool"): Agreement<RunConfig> => ({
  keys: [`${of}_tokens`, `${of}_text`],
  holds: (config) => config[`${of}_tokens`] === undefined || config[`${of}_text`] === undefined,
  hint: "a corpus is ids or text: leave one of them out",
});

const AGREEMENTS: readonly Agreement<RunConfig>[] = [
  ids("probe"),
  ids("pool"),
  {
    keys: ["row_length", "probe_text", "pool_text"],
    holds: ({ row_length, probe_text, pool_text }) =>
      row_length === undefined || probe_text !== undefined || pool_text !== undefined,
    hint: "only text is cut into rows, ids come in rows of their own: leave row_length out, or give a text",
  },
  {
    keys: ["controls"],
    holds: ({ controls }) => controls.n_beta_zero || !controls.equal_rise,
    hint: "the prior at equal rise is found from the plain one: leave controls.equal_rise out with it, `=false`",
  },
];

/**
 * A config from parsed JSON and `--set` texts over the defaults. That of a run directory needs no preset: its manifest holds
 * everything.
 * @param source names the JSON in errors
 * @throws SpectroscopeError (usage): key, value and remedy
 */
export function runConfig(json: unknown, source: string, sets: readonly string[] = [], preset?: RunPreset): RunConfig {
  const whole = resolveConfig(runSchema, todaysJson(json, source), source);
  const given = applySettings(runSchema, whole, todaysSets(sets));
  const config: RunConfig = {
    ...given,
    weight_restrictions: given.weight_restrictions ?? preset?.weightRestrictions ?? ["standard"],
    keep_traces: given.keep_traces ?? preset?.keepTraces ?? false,
    keep_modes: given.keep_modes ?? preset?.keepModes ?? false,
    component_scale: { ...preset?.componentScale, ...given.component_scale },
  };
  checkAgreements(AGREEMENTS, config, source);
  checkClusterConfig(config.cluster);
  return config;
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
