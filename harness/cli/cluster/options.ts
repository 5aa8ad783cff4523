/** Options of `cluster`, and what they say together. */
import { SpectroscopeError } from "../../../kernels/errors";
import {
  type ChosenPreset,
  CLUSTER_PRESETS,
  type ClusterInput,
  choosePreset,
  PRESET_NAMES,
  presetLine,
} from "../../../runtime/cluster/presets";
import { SYMMETRIZE_RULES } from "../../../runtime/cluster/symmetrize";
import { usage, type Values } from "../../../runtime/config/schema";
import { type LabelFile, readLabels } from "../../../runtime/formats/labels";
import { openDevice } from "../../../runtime/node/open-device";
import type { Device } from "../../../runtime/plan/device";
import { ADAPTER, JSON_FLAG } from "../command";
import { SET_OPTION } from "../options";
import type { Progress } from "../progress";
import { inputName, readInput } from "./read-input";

export const CLUSTER_OPTIONS = {
  matrix: {
    type: "string",
    placeholder: "FILE",
    help:
      ".npy of shape [rows, columns], .csv or other text of numbers, or Parquet (gzip too; - is stdin), instead of a run; told by " +
      "content, a header and names of rows too",
  },
  graph: {
    type: "string",
    placeholder: "FILE",
    help:
      "a graph instead: text with an edge a line (two ids and perhaps a weight, between tabs, commas, semicolons or spaces; a " +
      "header may name the columns: source, target, weight; # comments; undirected), GML, Matrix Market, METIS, KONECT, or " +
      ".npz of a SciPy CSR matrix; gzip too; - is stdin. Whole-number ids are kept as the members; other ids are names, " +
      "numbered in order of first appearance, and kept beside the members",
  },
  labels: {
    type: "string",
    placeholder: "FILE",
    help:
      'labels to score against: text of "node label" lines, or one a row: text lines, integer .npy or a JSON array; empty or -1 ' +
      "for none; - is stdin",
  },
  out: {
    type: "string",
    placeholder: "FILE",
    help: "JSON lines, one cluster a line (with --matrix, --graph: required)",
  },
  preset: {
    type: "choice",
    choices: PRESET_NAMES,
    help: `settings by what is clustered; a --set besides wins. ${PRESET_NAMES.map((name) => `${name}: ${CLUSTER_PRESETS[name].help}`).join(". ")}. Without: graph of a graph, else susceptibilities`,
  },
  report: { type: "string", placeholder: "FILE", help: "a page too, one HTML file: map, cards, scores; not of a run" },
  set: SET_OPTION,
  seed: { type: "integer", min: 0, help: "short for --set seed=N" },
  stability: {
    type: "integer",
    min: 0,
    help: "short for --set stability=N: cluster N times on half the rows, the columns, a run's chains, and say what is found again",
  },
  symmetrize: {
    type: "choice",
    choices: SYMMETRIZE_RULES,
    help: "short for --set symmetrize=RULE; with --graph, what to make of an .npz that is not symmetric",
  },
  threads: { type: "integer", min: 1, help: "threads of the search (default: one a core); they change no result" },
  adapter: ADAPTER,
  json: JSON_FLAG,
} as const;

export type ClusterValues = Values<typeof CLUSTER_OPTIONS>;

const PREFIX = "cluster.";

/** What a command line asks of the clustering. */
export interface Settings {
  /** Texts of `--set`, with the prefix that a run's config has. */
  readonly changes: readonly string[];
  /** The keys that they set, without it. */
  readonly given: ReadonlySet<string>;
  /** What the texts are laid over. */
  readonly preset: ChosenPreset;
}

/** @throws SpectroscopeError (usage) for a preset that does not fit the input, or is set as if it were a key */
export function settingsOf(values: ClusterValues, input: ClusterInput): Settings {
  const changes = changesOf(values);
  const given = new Set(changes.map((change) => change.slice(PREFIX.length).split("=")[0]));
  if (given.has("preset"))
    throw usage("preset is no key of a clustering", "write --preset NAME; a run's config takes the keys that it sets");
  return { changes, given, preset: choosePreset(values.preset, input, given) };
}

/** Says what a preset sets, where it was asked for or sets anything. */
export function sayPreset(preset: ChosenPreset, values: ClusterValues, progress: Progress): void {
  if (values.preset !== undefined || Object.keys(preset.keys).length > 0) progress.say(presetLine(preset));
}

function changesOf({ set = [], seed, stability, symmetrize }: ClusterValues): string[] {
  const short = Object.entries({ seed, stability, symmetrize }).filter(([, value]) => value !== undefined);
  const sets = [...set, ...short.map(([key, value]) => `${key}=${value}`)];
  return sets.map((one) => (one.startsWith(PREFIX) ? one : PREFIX + one));
}

/** The file of `--labels`, read before long work. @throws SpectroscopeError naming it */
export async function labelsOf({ labels }: ClusterValues): Promise<LabelFile | undefined> {
  return labels === undefined ? undefined : readLabels(await readInput(labels), inputName(labels));
}

/** The activations baseline needs an adapter, and many neighbors are sooner found by one; nothing else does. */
export async function deviceIfAny(
  adapter: string | undefined,
  progress: Progress,
  without: string,
): Promise<Device | undefined> {
  try {
    return await openDevice({ adapter });
  } catch (error) {
    if (!(error instanceof SpectroscopeError) || error.code !== "no-adapter") throw error;
    progress.say(`no adapter: ${without}`);
    return undefined;
  }
}
