/** How much of the clustering the coordinates of modes alone reproduce. */
import { clusterEach } from "../cluster/many";
import { scorePartition } from "../cluster/score";
import { type Couplings, expansionRows, type Pairs } from "../modes/couplings";
import { modeCoordinates } from "../modes/loads";
import type { Modes } from "../modes/modes";
import { tokensOf } from "./corpus";
import type { ModeClustering } from "./mode-findings";
import type { PairRunRequest } from "./pair-run";

interface ClusterModesRequest extends Pick<PairRunRequest, "config" | "corpora" | "device" | "threads" | "signal"> {
  /** Modes whose coordinates are clustered, besides all. */
  readonly clustered: number;
}

/** Five digits are more than errors leave, and keep files small. A share of nothing, where no loss moves, is 0. */
export const round = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(5)) : 0);

/** Clusters of mode coordinates alone, and of chi as far as modes go, beside those of chi: of the first modes, and of all. By law. */
export async function clusterModes(
  { config, corpora, device, threads, signal, clustered }: ClusterModesRequest,
  laws: readonly { readonly found: Modes; readonly couplings: readonly Couplings[] }[],
  pairs: Pairs,
  labels: Int32Array,
): Promise<ModeClustering[][]> {
  const { roles } = corpora.probe.labels ?? {};
  const rows = laws.flatMap(({ found, couplings }, law) => {
    const counts = [...new Set([Math.min(clustered, found.count), found.count])].filter((k) => clustered > 0 && k > 1);
    return counts.flatMap((k) => [
      { law, rows: "coordinates" as const, k, columns: "none" as const, make: () => modeCoordinates(found, pairs, k) },
      {
        ...{ law, rows: "chi" as const, k, columns: "zscore" as const },
        make: () => expansionRows(couplings, found, pairs, k),
      },
    ]);
  });
  const jobs = rows.map(({ make, columns }) => () => ({
    matrix: make(),
    config: config.cluster,
    // Labels and their number are all that is told.
    options: { columns, profiles: false },
  }));
  const results = await clusterEach(tokensOf(corpora.probe), jobs, { device, threads, signal });
  const all = results.map(({ labels: own, clusters }, i) => ({
    ...{ rows: rows[i].rows, k: rows[i].k, clusters: clusters.length },
    ari: round(scorePartition(own, labels).ari),
    ...(roles ? { ariRoles: round(scorePartition(own, roles.numbers).ari) } : {}),
  }));
  return laws.map((_, law) => all.filter((_, i) => rows[i].law === law));
}
