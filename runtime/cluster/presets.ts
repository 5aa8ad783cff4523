/** Settings by what is clustered. The command `cluster` has them by name; a run's config holds keys and no name. */
import { usage } from "../config/schema";
import { type ClusterConfig, DEFAULT_GRAPH_NULL } from "./config";

/** What `cluster` reads: a run directory, the rows of a matrix, the nodes of a graph. */
export type ClusterInput = "run" | "matrix" | "graph";

export interface ClusterPreset {
  /** One line: what it is for. */
  readonly help: string;
  readonly fits: readonly ClusterInput[];
  /** What is not here is the default. */
  readonly keys: Partial<ClusterConfig>;
}

/** Keys that make points and their neighbors: a graph has none. */
export const KEYS_OF_POINTS = [
  ...["columns", "rows", "whiten", "whiten_rank", "k", "column_weights", "reliability_z", "neighbors"],
] as readonly (keyof ClusterConfig)[];

export const CLUSTER_PRESETS = {
  susceptibilities: {
    help: "responses of components, a body of most rows, and small clusters in it: the defaults",
    fits: ["run", "matrix"],
    keys: {},
  },
  points: {
    help: "points as they are, of which nearly all belong somewhere",
    fits: ["matrix"],
    keys: {
      ...{ columns: "none", rows: "none", refine: "modularity" },
      ...{ null: "gaussian", max_share: 1, assign_share: 0.2 },
    },
  },
  graph: {
    help: "nodes of which nearly all belong somewhere",
    fits: ["graph"],
    keys: { null: DEFAULT_GRAPH_NULL },
  },
  /**
   * k, alpha, tolerance, smallest size and z-scores are the paper's numbers, and so are rows without the uniform mode. It has no
   * null, no refinement and no second look at what it left out. That an edge needs one end only, that a cluster may have half
   * the volume and that a node in a set found is no seed are not told there, and are the plainest reading.
   */
  paper: {
    help: "the paper's values, for millions of tokens: walks of alpha 0.001 cover a small graph whole, and take minutes",
    fits: ["run", "matrix", "graph"],
    keys: {
      ...{ columns: "zscore", rows: "standardize", column_weights: "none" },
      ...{ k: 45, neighbors: "exact", symmetrize: "union" },
      ...{ search: "paper", alpha: 0.001, tolerances: [1e-7] },
      ...{ min_size: 20, max_share: 0.5, max_hits: 1, recurrence_min: 0 },
      ...{ refine: "none", null: "none", excess_min: 0, assign: "none" },
    },
  },
} as const satisfies Readonly<Record<string, ClusterPreset>>;

export type PresetName = keyof typeof CLUSTER_PRESETS;
export const PRESET_NAMES = Object.keys(CLUSTER_PRESETS) as PresetName[];
/** What holds where none is named. */
export const DEFAULT_PRESETS = {
  run: "susceptibilities",
  matrix: "susceptibilities",
  graph: "graph",
} as const satisfies Readonly<Record<ClusterInput, PresetName>>;

const INPUT_WORDS: Readonly<Record<ClusterInput, string>> = { run: "a run", matrix: "a matrix", graph: "a graph" };

/** A preset as it holds for one input. */
export interface ChosenPreset {
  readonly name: PresetName;
  /** Of the preset's keys those that this input has and that were not set otherwise. */
  readonly keys: Partial<ClusterConfig>;
}

/**
 * The preset of that name, or without one the input's own.
 * @param given keys that were set besides: they win
 * @throws SpectroscopeError (usage) where it is not for such an input, with those that are
 */
export function choosePreset(
  name: PresetName | undefined,
  input: ClusterInput,
  given: ReadonlySet<string> = new Set(),
): ChosenPreset {
  const chosen = name ?? DEFAULT_PRESETS[input];
  const { fits, keys }: ClusterPreset = CLUSTER_PRESETS[chosen];
  if (!fits.includes(input)) {
    const fit = PRESET_NAMES.filter((one) => (CLUSTER_PRESETS[one] as ClusterPreset).fits.includes(input));
    throw usage(
      `--preset ${chosen} is for ${fits.map((one) => INPUT_WORDS[one]).join(" or ")}, and this is ${INPUT_WORDS[input]}`,
      `leave it out, or take ${fit.join(" or ")}; single keys go by --set`,
    );
  }
  const foreign = input === "graph" ? new Set<string>([...KEYS_OF_POINTS, "symmetrize"]) : new Set<string>();
  const kept = Object.entries(keys).filter(([key]) => !given.has(key) && !foreign.has(key));
  return { name: chosen, keys: Object.fromEntries(kept) };
}

/** What a preset sets, in a line, as `--set` would have it: `preset points: columns=none, rows=none`. */
export function presetLine({ name, keys }: ChosenPreset): string {
  const sets = Object.entries(keys).map(
    ([key, value]) => `${key}=${Array.isArray(value) ? JSON.stringify(value) : value}`,
  );
  const none = Object.keys(CLUSTER_PRESETS[name].keys).length === 0 ? "the defaults" : "all its keys are set otherwise";
  return `preset ${name}: ${sets.length > 0 ? sets.join(", ") : none}`;
}
