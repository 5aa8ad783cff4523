import { SpectroscopeError } from "../kernels/errors";
import type { RunConfig } from "../runtime/measure/config";
import type { Model } from "../runtime/transformer/family";
import { readTokens, tokenLimits } from "./formats/tokens";
import { generate, modeNames, roleNames, targets, vocabulary } from "./nano/corpus";

/** Rows of ids, and what is known of their targets. */
export interface Text {
  readonly ids: Uint32Array;
  readonly columns: number;
}

/** What is known of every measured target, in the order of the losses. */
export interface Labels {
  readonly modes: readonly string[];
  readonly roles: readonly string[];
}

export interface RunText {
  readonly pool: Text;
  readonly probe: Text;
  /** The sampling task's fixed batch, where it is not the probe. */
  readonly task?: Text;
  /** Known truth, for nano's own corpus. */
  readonly labels?: Labels;
  /** Token strings by id. */
  readonly vocabulary?: readonly string[];
}

/** The text of a run: nano's corpus with its labels, or files of ids. */
export async function runText(config: RunConfig, model: Model): Promise<RunText> {
  const text = await (config.probe_tokens || config.pool_tokens ? textFromFiles(config, model) : corpus(config, model));
  if (config.sampling_task === "probe") return text;
  const { probe, pool } = text;
  if (probe.columns !== pool.columns) {
    throw new SpectroscopeError(
      `sampling_task is pool: its sequences have ${pool.columns} ids, those of the probe ${probe.columns}`,
      { code: "usage", hint: "give both texts rows of one length, or --set sampling_task=probe" },
    );
  }
  return { ...text, task: fixedBatch(pool, config.sampling_sequences) };
}

/** The first sequences of the pool. Errors: usage, when it has fewer. */
function fixedBatch({ ids, columns }: Text, sequences: number): Text {
  const there = ids.length / columns;
  if (sequences > there) {
    throw new SpectroscopeError(`sampling_sequences is ${sequences}, the pool has ${there} sequences`, {
      code: "usage",
      hint: `--set sampling_sequences=${there}`,
    });
  }
  return { ids: ids.subarray(0, sequences * columns), columns };
}

async function corpus(config: RunConfig, model: Model): Promise<RunText> {
  if (config.model !== "nano") {
    throw new SpectroscopeError(`model ${config.model}: probe_tokens and pool_tokens are not set`, {
      code: "usage",
      hint: "give files of ids: --set probe_tokens=FILE --set pool_tokens=FILE",
    });
  }
  const context = model.dims.positions;
  const probe = generate({ seed: config.probe_seed, sequences: config.probe_sequences, context });
  const pool = generate({ seed: config.pool_seed, sequences: config.pool_sequences, context });
  const truth = targets(probe);
  return {
    pool: { ids: pool.ids, columns: context + 1 },
    probe: { ids: probe.ids, columns: context + 1 },
    labels: {
      modes: Array.from(truth.modes, (mode) => modeNames[mode]),
      roles: Array.from(truth.roles, (role) => roleNames[role]),
    },
    vocabulary,
  };
}

async function textFromFiles(config: RunConfig, model: Model): Promise<RunText> {
  if (!config.probe_tokens || !config.pool_tokens) {
    throw new SpectroscopeError("probe_tokens and pool_tokens must both be set, or neither", { code: "usage" });
  }
  const probe = await readTokens(config.probe_tokens, tokenLimits(model));
  const pool = await readTokens(config.pool_tokens, tokenLimits(model));
  return {
    pool: { ids: pool.ids, columns: pool.columns },
    probe: { ids: probe.ids, columns: probe.columns },
    ...(config.model === "nano" ? { vocabulary } : {}),
  };
}
