/** Options of `cluster`, and what they say together. */
import { SpectroscopeError } from "../../../kernels/errors";
import { SYMMETRIZE_RULES } from "../../../runtime/cluster/symmetrize";
import type { Values } from "../../../runtime/config/schema";
import { type GivenLabels, parseLabels } from "../../../runtime/formats/labels";
import { readUnpacked } from "../../../runtime/node/gzip";
import { openDevice } from "../../../runtime/node/open-device";
import type { Device } from "../../../runtime/plan/device";
import { ADAPTER, JSON_FLAG } from "../command";
import { SET_OPTION } from "../options";
import type { Progress } from "../progress";

export const CLUSTER_OPTIONS = {
  matrix: { type: "string", placeholder: "FILE", help: ".npy of shape [rows, columns] instead of a run" },
  graph: {
    type: "string",
    placeholder: "FILE",
    help:
      "a graph instead: text with an edge a line (two ids and perhaps a weight, between tabs, commas or spaces; # comments; " +
      "undirected; gzip too), or .npz of a SciPy CSR matrix. Ids that are all whole numbers are the nodes, from 0 to the " +
      "largest; other ids are names, numbered in order of first appearance, and kept beside the members",
  },
  labels: {
    type: "string",
    placeholder: "FILE",
    help: "labels to score against, one a row: text lines, integer .npy or a JSON array; empty or -1 for none",
  },
  out: {
    type: "string",
    placeholder: "FILE",
    help: "JSON lines, one cluster a line (with --matrix, --graph: required)",
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

/** `--set` texts of the clustering, with the prefix that a run's config has. */
export function changesOf({ set = [], seed, stability, symmetrize }: ClusterValues): string[] {
  const short = Object.entries({ seed, stability, symmetrize }).filter(([, value]) => value !== undefined);
  const sets = [...set, ...short.map(([key, value]) => `${key}=${value}`)];
  return sets.map((one) => (one.startsWith("cluster.") ? one : `cluster.${one}`));
}

/** The file of `--labels`, read before long work. @throws SpectroscopeError naming it */
export async function labelsOf({ labels }: ClusterValues): Promise<GivenLabels | undefined> {
  return labels === undefined ? undefined : parseLabels(await readUnpacked(labels), labels);
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
