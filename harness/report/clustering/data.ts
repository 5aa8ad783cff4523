/** What the page of a clustering is made from, whoever clustered what. */
import type { Graph } from "../../../kernels/graph/csr";
import type { Cluster } from "../../../runtime/cluster/clustering";
import type { ClusterStability } from "../../../runtime/cluster/resampling";

/** A cluster with what only some inputs tell of it. */
export interface ReportCluster
  extends Pick<Cluster, "id" | "size" | "conductance" | "seed" | "members" | "sweep" | "excess" | "recurrence"> {
  /** `[columns]`: mean over members of the normalized columns, and its standard error. */
  readonly profile?: ArrayLike<number>;
  readonly profileError?: ArrayLike<number>;
  readonly stability?: ClusterStability;
}

/** Known labels of rows. */
export interface ReportLabels {
  /** `[n]`: number of the label, -1 for none. */
  readonly numbers: ArrayLike<number>;
  readonly names: readonly string[];
}

export interface ClusteringData {
  readonly version: string;
  /** What was clustered, as a person names it. */
  readonly title: string;
  /** One of what was clustered, and many: "row", "rows". */
  readonly unit: readonly [string, string];
  /** Whether the graph was made from points: rows of a matrix and their neighbors. */
  readonly fromPoints: boolean;
  /** Facts of the input and of how its graph was made, a term and a text each. */
  readonly facts: readonly (readonly [string, string])[];
  /** How many were clustered. */
  readonly n: number;
  /** Names of nodes; numbers from 0 without. */
  readonly names?: readonly string[];
  /** Names of a matrix's columns. */
  readonly columns?: readonly string[];
  /** Lowest conductance first. */
  readonly clusters: readonly ReportCluster[];
  /** The graph that was searched; absent where there was nothing to make one from. */
  readonly graph?: Graph;
  /** `[n, 2]`: places on the map. */
  readonly positions?: Float64Array;
  /** Why there is no map. */
  readonly noMap?: string;
  readonly labels?: ReportLabels;
  /** Scores against the labels, a term and a number each. */
  readonly scores?: readonly (readonly [string, number])[];
  /** Rows with a label below which the F1 of a label is not told. */
  readonly minCount?: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly advice: readonly string[];
  /** What of the input is in no cluster or no graph, in words. */
  readonly leftOut: readonly string[];
}
