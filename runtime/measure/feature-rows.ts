/** What goes through the clustering: chi, its controls, and the baselines. */
import type { ClusterOptions } from "../cluster/cluster";
import { gaussianMatrix, shuffledColumns } from "../cluster/controls";
import type { Matrix } from "../statistics/matrix";
import type { Run } from "../store/run";
import type { ChiTable } from "../susceptibility/chi-table";
import { type ColumnEvidence, evidenceOf } from "./chi-clusters";
import { type ChiRequest, chiTable } from "./chi-tables";
import type { RunConfig } from "./config";
import { drawsOf, type RowDraws, reliabilityOf } from "./row-draws";
import { traceMatrix } from "./trace-features";
import { priorsOf } from "./units";

/** Rows that are to be clustered: tokens by features, and what is known of the columns. */
export interface RowInput {
  /** [tokens, features]. */
  readonly matrix: Matrix;
  /** Principal axes that the features are reduced to before they are clustered; without, they are taken as they are. */
  readonly axes?: number;
  readonly options?: Pick<ClusterOptions, "columns" | "weights" | "halves">;
  /** Of what comes from draws. */
  readonly drawn?: RowDraws;
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
  const { matrix } = own;
  const pairing = config.keep_traces ? "shuffled" : "shifted";
  const weighed = async (evidence: ColumnEvidence, suffix?: string): Promise<RowInput> => {
    const { chains, matrix, columns, weights, halves } = evidence;
    return {
      matrix,
      options: { columns, ...(weights ? { weights } : {}), ...(halves ? { halves } : {}) },
      drawn: { ...(await drawsOf(run, components, suffix)), ...reliabilityOf(chains, seed) },
    };
  };
  const unweighed = async (evidence: ColumnEvidence): Promise<RowInput> => {
    const { drawn } = await weighed(evidence);
    return { matrix: evidence.matrix, options: { columns: evidence.columns }, drawn };
  };
  const evidence = async (changes: Partial<ChiRequest>) =>
    evidenceOf(await chiTable(run, components, { ...request, ...changes }), config);
  const row = (features: string, control: boolean, input: () => Promise<RowInput>): FeatureRow => {
    return { features, control, input };
  };
  const priors = priorsOf(config);
  const rows = [
    row("chi", false, () => weighed(own)),
    row(`chi, ${pairing} draws`, true, async () => weighed(await evidence({ null: pairing }))),
    ...priors.map(({ name, suffix }) =>
      row(`chi, ${name}`, true, async () => weighed(await evidence({ suffix }), suffix)),
    ),
    row("chi, every column shuffled", true, async () => {
      return { ...(await weighed(own)), matrix: shuffledColumns(matrix, seed) };
    }),
    row("Gaussian matrix", true, async () => ({ matrix: gaussianMatrix(matrix.rows, matrix.cols, seed) })),
  ];
  if (own.weights) {
    rows.push(
      row("chi, columns unweighted", false, () => unweighed(own)),
      row(`chi, columns unweighted, ${pairing} draws`, true, async () => unweighed(await evidence({ null: pairing }))),
    );
  }
  if (config.keep_traces) {
    const traces = (features: string, shuffle: boolean, suffix = "") =>
      row(features, features !== "trace features", async () => ({
        matrix: await traceMatrix(run, components, { seed, shuffle, suffix }),
        axes: config.trace_rank,
        drawn: await drawsOf(run, components, suffix),
      }));
    rows.push(
      traces("trace features", false),
      traces("trace features, shuffled draws", true),
      ...priors.map(({ name, suffix }) => traces(`trace features, ${name}`, false, suffix)),
    );
  }
  if (activations) {
    rows.push({ ...row("last-layer activations", false, async () => ({ matrix: activations })), baseline: true });
  }
  return rows;
}
