/** The clusters of a run beside the features of a sparse autoencoder, over the same tokens. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Device } from "../plan/device";
import type { Encoder } from "../sae/encoder";
import type { Firings } from "../sae/firings";
import { matchClusters } from "../sae/match";
import type { MatchTokens } from "../sae/match-input";
import type { MatchResult, StrataBy } from "../sae/match-result";
import { randomDirections, ScaledMean } from "../sae/random-directions";
import type { Run } from "../store/run";
import { checkHookPoint, type HookPoint, hookName } from "../transformer/hook-points";
import { type Corpus, tokensOf } from "./corpus";
import { encodedStates } from "./encoded-states";
import { type Attention, stopIfAsked } from "./events";
import { checkProbe } from "./fingerprint";
import type { MeasuredModel } from "./request";
import { readLabels, readResults } from "./run-files";
import type { LeftOut, RandomFeatures, ReadPosition, SaeComparison, SaeFacts } from "./sae-result";
import { notesOf, randomNotes } from "./sae-words";

/** An autoencoder that was read, and where it reads a model. */
export interface PlacedSae {
  readonly facts: Pick<SaeFacts, "name" | "format" | "architecture">;
  readonly encoder: Encoder;
  readonly point: HookPoint;
  /** Whether it was trained on rows that begin with a token of begin. */
  readonly prependBos?: boolean;
  /** Ids of a row that it was trained on. */
  readonly contextSize?: number;
  /** What its reader says of it. */
  readonly notes: readonly string[];
}

export interface CompareOptions {
  /** Default `token`. */
  readonly at?: ReadPosition;
  /** A feature fires where its code is larger; default 0. */
  readonly active?: number;
  /** Default 200. */
  readonly permutations?: number;
  readonly seed?: number;
  /** Default 5: see `MatchOptions`. */
  readonly minFires?: number;
  /** Ids whose tokens exchange labels under the null; default the target's. */
  readonly strataBy?: StrataBy;
  /** Encoders of random directions that are compared likewise; default 1. */
  readonly randomDraws?: number;
}

export interface FeatureRequest extends CompareOptions, Attention {
  /** An analyzed run. */
  readonly run: Run;
  /** The text that it measured. */
  readonly probe: Corpus;
  /** The model whose activations are encoded: the run's own, or another that reads the same ids. */
  readonly model: MeasuredModel & { readonly name: string };
  readonly sae: PlacedSae;
  readonly device: Device;
}

/** Targets of a text that are compared, ascending, and how many are not. */
export function comparedTargets(
  { rows, columns }: Pick<Corpus, "rows" | "columns">,
  positions: number,
  at: ReadPosition,
  prependBos = false,
): { readonly kept: Uint32Array; readonly leftOut: LeftOut } {
  const each = columns - 1;
  // At the token itself the last position is one further than where the last prediction is made.
  const unread = at === "token" && columns > positions ? 1 : 0;
  const first = at === "prediction" && prependBos ? 1 : 0;
  const count = Math.max(0, each - unread - first);
  const kept = Uint32Array.from({ length: rows * count }, (_, i) => {
    return Math.floor(i / count) * each + first + (i % count);
  });
  return { kept, leftOut: { noActivation: rows * unread, rowStart: rows * Math.min(first, each - unread) } };
}

/** What is known of the targets that are compared: their ids, those read before them, places from 1 on, and roles. */
export function matchTokens({ ids, columns, labels }: Corpus, kept: Uint32Array): MatchTokens {
  const each = columns - 1;
  const place = (target: number) => Math.floor(target / each) * columns + (target % each);
  return {
    targets: kept.map((target) => ids[place(target) + 1]),
    inputs: kept.map((target) => ids[place(target)]),
    positions: kept.map((target) => (target % each) + 1),
    ...(labels && {
      roles: {
        numbers: Int32Array.from(kept, (target) => labels.roles.numbers[target]),
        names: labels.roles.names,
      },
    }),
  };
}

/** Refuses a model that cannot read the run's text. @throws SpectroscopeError */
function checkReads({ ids, columns }: Corpus, { name, model }: FeatureRequest["model"]): void {
  const { vocab, positions } = model.dims;
  const largest = ids.reduce((most, id) => Math.max(most, id), 0);
  const hint = "name a model that reads the run's tokens: --sae-model";
  if (largest >= vocab)
    throw new SpectroscopeError(`${name} knows ${vocab} ids, the run's text has id ${largest}`, {
      code: "bad-input",
      hint,
    });
  if (columns - 1 > positions)
    throw new SpectroscopeError(`${name} reads ${positions} ids of a row, the run's rows have ${columns}`, {
      code: "bad-input",
      hint: `${hint}, or measure rows of at most ${positions + 1} ids: --set row_length=${positions + 1}`,
    });
}

/** Texts of the ids that a match names. */
function namesIn({ clusters }: MatchResult, nameOf: Corpus["nameOf"]): Record<string, string> {
  const ids = new Set(clusters.flatMap(({ token, tokenUnion }) => [token.id, ...tokenUnion.parts]));
  return Object.fromEntries([...ids].sort((a, b) => a - b).map((id) => [String(id), nameOf(id)]));
}

/**
 * Holds the clusters of a run against the features of an autoencoder: activations at its place, which features fire, and how well
 * either finds the other (`matchClusters`).
 * @throws SpectroscopeError for a run that was not analyzed, another text than it measured, a model that cannot read that text or
 *   is not as wide as the autoencoder, options out of range, and `interrupted`
 */
export async function compareFeatures(request: FeatureRequest): Promise<SaeComparison> {
  const { run, probe, model, sae, device, signal, on } = request;
  const {
    at = "token",
    active = 0,
    permutations = 200,
    seed = 0,
    minFires = 5,
    strataBy = "target",
    randomDraws = 1,
  } = request;
  await readResults(run);
  const labels = await readLabels(run);
  await checkProbe(run, probe);
  if (labels.length !== tokensOf(probe))
    throw new SpectroscopeError(`${run.name}: has ${labels.length} labels, its text ${tokensOf(probe)} tokens`, {
      hint: "give the text that the run was begun with",
    });
  checkReads(probe, model);
  const point = checkHookPoint(sae.point, model.model);
  const { encoder } = sae;
  if (encoder.width !== model.model.dims.hidden)
    throw new SpectroscopeError(
      `${sae.facts.name} reads vectors ${encoder.width} wide, ${model.name} has ${model.model.dims.hidden}`,
      { code: "bad-input", hint: "name the model that it was trained on: --sae-model" },
    );
  const { kept, leftOut } = comparedTargets(probe, model.model.dims.positions, at, sae.prependBos);
  const among = new Set(kept);
  const tell = (label: string, task: string) => (done: number, total: number) => {
    on?.({ kind: "work", task, label, done, total });
    stopIfAsked({ signal }, "stopped", "nothing was changed; run it again");
  };
  const reading = {
    at: at === "token" ? "own" : "before",
    tokens: kept.length,
    ...(signal ? { signal } : {}),
  } as const;
  const isKept = (target: number) => among.has(target);
  const tokens = matchTokens(probe, kept);
  const own = Int32Array.from(kept, (target) => labels[target]);
  const matched = (firings: Firings, label: string) =>
    matchClusters(firings, own, tokens, {
      ...{ permutations, seed, minFires, strataBy },
      progress: tell(label, `${label} permuted`),
    });
  const mean = new ScaledMean(encoder);
  const { firings, l0 } = await encodedStates(device, model, probe, point, encoder, {
    ...{ ...reading, active, kept: isKept, progress: tell("features of tokens", "encode") },
    onRows: (rows) => mean.add(rows),
  });
  const match = matched(firings, "permutations");
  const random: RandomFeatures[] = [];
  for (let draw = 0; draw < randomDraws && l0 > 0; draw++) {
    const directions = randomDirections(encoder, mean.mean(), Math.max(1, Math.round(l0)), seed, draw);
    const label = `random directions ${draw + 1}`;
    const found = await encodedStates(device, model, probe, point, directions, {
      ...{ ...reading, kept: isKept, progress: tell(label, label) },
    });
    const { headline, curve } = matched(found.firings, label);
    random.push({ l0: found.l0, headline, shares: curve.map(({ features }) => features) });
  }
  const facts: SaeFacts = { ...sae.facts, features: encoder.features, width: encoder.width };
  const found = { sae: facts, model: model.name, hook: hookName(point), at, active, leftOut, l0 };
  return {
    ...found,
    labels: run.resultHash("labels.npy")!,
    tokenNames: namesIn(match, probe.nameOf),
    notes: [...notesOf(found, sae, probe, match), ...randomNotes({ match, random }), ...sae.notes],
    match,
    random,
  };
}
