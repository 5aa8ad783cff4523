/** What goes through the clustering: chi, its controls, and the baselines. */
import type { ClusterOptions } from "../cluster/cluster";
import { gaussianMatrix, shuffledColumns } from "../cluster/controls";
import type { Matrix } from "../statistics/matrix";
import type { Run } from "../store/run";
import type { ChiTable } from "../susceptibility/chi-table";
import { type ColumnEvidence, evidenceOf } from "./chi-clusters";
import { type ChiRequest, chiTable } from "./chi-tables";
import type { RunConfig } from "./config";
import { traceMatrix } from "./trace-features";
import { PRIOR_SUFFIX, priorSampled } from "./units";

/** Rows that are to be clustered: tokens by features, and what is known of the columns. */
export interface RowInput {
  /** [tokens, features]. */
  readonly matrix: Matrix;
  readonly options?: Pick<ClusterOptions, "columns" | "weights" | "halves">;
}

/** A feature set, or a control. */
export interface FeatureRow {
  readonly features: string;
  readonly control: boolean;
  /** Owes nothing to the measurement. */
  readonly baseline?: boolean;
  /** Makes what is clustered; not before it is its turn, since large runs have room for few of them. */
  input(): Promise<RowInput>;
}

export interface RowSources {
  readonly run: Run;
  readonly config: RunConfig;
  readonly components: readonly string[];
  /** chi of the run itself. */
  readonly chi: ChiTable;
  /** [tokens, D], when they could be computed. */
  readonly activations?: Matrix;
}

/** What a run's tables are asked for by, the run's own chi first. */
export function chiRequestOf({ estimator, sampler }: RunConfig): ChiRequest {
  return { estimator, seed: sampler.seed };
}

/** Every feature set and control of a run, chi first. */
export function featureRows({ run, config, components, chi, activations }: RowSources): FeatureRow[] {
  const request = chiRequestOf(config);
  const { seed } = request;
  const own = evidenceOf(chi, config);
  const table = (features: string, control: boolean, changes: Partial<ChiRequest>): FeatureRow => ({
    features,
    control,
    input: async () => weighed(evidenceOf(await chiTable(run, components, { ...request, ...changes }), config)),
  });
  const ready = (features: string, control: boolean, input: () => RowInput): FeatureRow => {
    return { features, control, input: async () => input() };
  };
  const { matrix } = own;
  const pairing = config.keep_traces ? "shuffled" : "shifted";
  const rows = [ready("chi", false, () => weighed(own)), table(`chi, ${pairing} draws`, true, { null: pairing })];
  if (priorSampled(config)) rows.push(table("chi, n_beta = 0", true, { suffix: PRIOR_SUFFIX }));
  rows.push(
    ready("chi, every column shuffled", true, () => ({ ...weighed(own), matrix: shuffledColumns(matrix, seed) })),
    ready("Gaussian matrix", true, () => ({ matrix: gaussianMatrix(matrix.rows, matrix.cols, seed) })),
  );
  if (own.weights) {
    const unweighted = (features: string, control: boolean, changes: Partial<ChiRequest>): FeatureRow => ({
      ...table(features, control, changes),
      input: async () => unweighed(evidenceOf(await chiTable(run, components, { ...request, ...changes }), config)),
    });
    rows.push(
      ready("chi, columns unweighted", false, () => unweighed(own)),
      unweighted(`chi, columns unweighted, ${pairing} draws`, true, { null: pairing }),
    );
  }
  if (config.keep_traces) {
    const traces = (features: string, shuffle: boolean): FeatureRow => ({
      features,
      control: shuffle,
      input: async () => ({ matrix: await traceMatrix(run, components, { rank: config.trace_rank, seed, shuffle }) }),
    });
    rows.push(traces("trace features", false), traces("trace features, shuffled draws", true));
  }
  if (activations)
    rows.push({ ...ready("last-layer activations", false, () => ({ matrix: activations })), baseline: true });
  return rows;
}

/** A table's columns with what its chains say of them. */
const weighed = ({ matrix, columns, weights, halves }: ColumnEvidence): RowInput => ({
  matrix,
  options: { columns, ...(weights ? { weights } : {}), ...(halves ? { halves } : {}) },
});

/** A table's columns alone. */
const unweighed = ({ matrix, columns }: ColumnEvidence): RowInput => ({ matrix, options: { columns } });
