import { SpectroscopeError } from "../../kernels/errors";
import { generate, modeNames, roleNames, targets, vocabulary } from "../../models/nano/corpus";
import { readTokens } from "../../models/tokens";
import type { NeoxConfig } from "../../runtime/neox/config";
import type { RunConfig } from "./config";

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
  /** Known truth, for nano's own corpus. */
  readonly labels?: Labels;
  /** Token strings by id. */
  readonly vocabulary?: readonly string[];
}

/** The text of a run: nano's corpus with its labels, or files of ids. */
export async function runText(config: RunConfig, model: NeoxConfig): Promise<RunText> {
  if (config.probe_tokens || config.pool_tokens) return textFromFiles(config, model);
  if (config.model !== "nano") {
    throw new SpectroscopeError(`model ${config.model}: probe_tokens and pool_tokens are not set`, {
      code: "usage",
      hint: "give files of ids: --set probe_tokens=FILE --set pool_tokens=FILE",
    });
  }
  const context = model.maxPositionEmbeddings;
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

async function textFromFiles(config: RunConfig, model: NeoxConfig): Promise<RunText> {
  if (!config.probe_tokens || !config.pool_tokens) {
    throw new SpectroscopeError("probe_tokens and pool_tokens must both be set, or neither", { code: "usage" });
  }
  const probe = await readTokens(config.probe_tokens, model);
  const pool = await readTokens(config.pool_tokens, model);
  return {
    pool: { ids: pool.ids, columns: pool.columns },
    probe: { ids: probe.ids, columns: probe.columns },
    ...(config.model === "nano" ? { vocabulary } : {}),
  };
}
