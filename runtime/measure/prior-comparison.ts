/** chi of a run, and its traces, beside those of its priors: do they differ by more than their chains do among themselves? */
import type { ClusterOptions } from "../cluster/cluster";
import type { Clustering } from "../cluster/clustering";
import type { ClusterConfig } from "../cluster/config";
import { clusterMany, type NeighborJob, scoreNeighborsEach } from "../cluster/many";
import { normalizeColumns } from "../cluster/normalize";
import { scorePartition, scoreSets } from "../cluster/score";
import type { Device } from "../plan/device";
import type { Matrix } from "../statistics/matrix";
import { sortedQuantile } from "../statistics/ranks";
import type { Run } from "../store/run";
import type { ChiTable } from "../susceptibility/chi-table";
import { alike, compareColumns, type Difference, likenessOf, partsOf, scoreDifference } from "../susceptibility/paired";
import { type ColumnEvidence, evidenceOf, meanOf } from "./chi-clusters";
import { chiTable, openUnit } from "./chi-tables";
import type { RunConfig } from "./config";
import type { Corpus } from "./corpus";
import { type Attention, say, stopIfAsked } from "./events";
import { chiRequestOf } from "./feature-rows";
import { scoredRoles } from "./known-roles";
import { saidOf } from "./prior-words";
import type { AlikeInfo, IntervalOf, PriorComparison } from "./report-data";
import { traceMatrices } from "./trace-features";
import { priorsOf } from "./units";

/** Most parts that the chains are dealt into; each is scored by itself. */
const PARTS = 8;
/** Fewer chains cannot tell how far they agree without one of them. */
const FEWEST_CHAINS = 3;

/** A part of the chains to be clustered. */
export interface PartJob {
  readonly matrix: Matrix;
  readonly config: ClusterConfig;
  readonly options: Pick<ClusterOptions, "columns" | "weights">;
}

/** Clusters of each job, in their order. */
export type ClusterParts = (jobs: readonly PartJob[]) => Promise<Pick<Clustering, "clusters" | "labels">[]>;

export interface ComparisonContext extends Attention {
  readonly config: RunConfig;
  readonly components: readonly string[];
  readonly probe: Pick<Corpus, "labels">;
  readonly device?: Device;
  readonly threads?: number;
}

/** One of the measurements that are compared. */
export interface Measured {
  readonly features: string;
  readonly draws: number;
  readonly evidence: ColumnEvidence;
}

/** What is made of a measurement's chains, once, whomever it is compared with. */
interface Scored {
  /** Of every part, where roles are known. */
  readonly accuracy: readonly number[];
  /** Of every part, means over clusterings, where roles are known. */
  readonly bestF1: readonly number[];
  /** Of every part and clustering. */
  readonly labels: readonly (readonly Int32Array[])[];
}

/**
 * Compares chi with that of every prior of the run, and trace features likewise where roles are known. Empty without a prior, and
 * with fewer than three chains. `clusters`: who clusters parts; by default side by side.
 */
export async function comparePriors(
  context: ComparisonContext & { readonly run: Run },
  chi: ChiTable,
  clusters: ClusterParts = sideBySide(context),
): Promise<PriorComparison[]> {
  const { run, config, components } = context;
  const chains = config.sampler.num_chains;
  const priors = priorsOf(config);
  if (priors.length === 0 || chains < FEWEST_CHAINS) return [];
  say(context, "comparing chi with its prior");
  const drawsOf = async (suffix: string) => (await openUnit(run, components[0] + suffix)).draws;
  const own: Measured = { features: "chi", draws: await drawsOf(""), evidence: evidenceOf(chi, config) };
  const others: Measured[] = [];
  for (const { name, suffix } of priors) {
    const table = await chiTable(run, components, { ...chiRequestOf(config), suffix });
    others.push({ features: `chi, ${name}`, draws: await drawsOf(suffix), evidence: evidenceOf(table, config) });
  }
  // Where clusterings are others' work, traces are this thread's meanwhile.
  const [found, traces] = await Promise.all([
    compareMeasured(context, own, others, clusters),
    // Their axes take a second a chain: of the priors the last, which is the fairest.
    compareTraces(context, priors.slice(-1), own.draws, drawsOf),
  ]);
  return [...found, ...traces];
}

/** Compares a measurement with others of as many chains, over the same tokens and components. */
export async function compareMeasured(
  context: ComparisonContext,
  own: Measured,
  others: readonly Measured[],
  clusters: ClusterParts = sideBySide(context),
): Promise<PriorComparison[]> {
  const parts = partsOf(own.evidence.chains.length, PARTS);
  const [first, ...rest] = await scoreAll(context, [own, ...others], parts, clusters);
  return others.map((other, i) => compared(context, [own, other], parts, [first, rest[i]]));
}

/** Scores and clusterings of the parts of every measurement. */
async function scoreAll(
  context: ComparisonContext,
  measured: readonly Measured[],
  parts: readonly (readonly number[])[],
  clusters: ClusterParts,
): Promise<Scored[]> {
  const { config, probe } = context;
  const { comparison: clusterings, seed } = config.cluster;
  const known = scoredRoles(probe.labels);
  // A single chain does not say which columns to trust: all chains of all measurements do, and favor none.
  const weights = commonWeights(measured);
  // They are all clustered by one config.
  const { columns } = measured[0].evidence;
  const options = { columns, ...(weights ? { weights } : {}) };
  const inputs = measured.map(({ evidence: { chains } }) =>
    parts.map((kept) => meanOf(kept.map((chain) => chains[chain]))),
  );
  const seeds = Array.from({ length: clusterings }, (_, i) => seed + i);
  const jobs = inputs.flat().flatMap((matrix) =>
    // One null for each: parts are many, and all measurements are held to the same.
    seeds.map((own): PartJob => ({ matrix, options, config: { ...config.cluster, null_draws: 1, seed: own } })),
  );
  const found = await clusters(jobs);
  const accuracies = await accuraciesOf(
    context,
    inputs.flat().map((matrix) => async () => ({ matrix, options })),
  );
  const results: Scored[] = [];
  for (const [at, own] of inputs.entries()) {
    const accuracy = accuracies.slice(at * parts.length, known ? (at + 1) * parts.length : 0);
    const tries = own.map((_, part) => {
      const first = (at * parts.length + part) * clusterings;
      return found.slice(first, first + clusterings);
    });
    const bestF1 = (clustered: readonly Pick<Clustering, "clusters">[]) =>
      known
        ? clustered.reduce((sum, one) => sum + scoreSets(one.clusters, known.numbers, known.minCount).meanBestF1, 0)
        : 0;
    results.push({
      accuracy,
      bestF1: known && clusterings > 0 ? tries.map((clustered) => bestF1(clustered) / clusterings) : [],
      labels: tries.map((clustered) => clustered.map(({ labels }) => labels)),
    });
  }
  return results;
}

/** Means of the measurements' weights, where columns are weighed. */
function commonWeights(measured: readonly Measured[]): Float64Array | undefined {
  const all = measured.map(({ evidence }) => evidence.weights);
  const [first] = all;
  if (!first) return undefined;
  return Float64Array.from(first, (_, c) => all.reduce((sum, own) => sum + (own?.[c] ?? 0) / all.length, 0));
}

/** Accuracy of the neighbors in every matrix, NaN where there is none; nothing where no roles are known. */
async function accuraciesOf(
  { config, probe, device, threads, signal }: ComparisonContext,
  inputs: readonly (() => Promise<Pick<NeighborJob, "matrix" | "axes" | "options">>)[],
): Promise<number[]> {
  const known = scoredRoles(probe.labels);
  if (!known) return [];
  const jobs = inputs.map((make) => async () => ({ ...(await make()), known, config: config.cluster }));
  const scores = await scoreNeighborsEach(known.numbers.length, jobs, { device, threads, signal });
  return scores.map((one) => one?.accuracy ?? Number.NaN);
}

function compared(
  { config, components }: ComparisonContext,
  [a, b]: readonly [Measured, Measured],
  parts: readonly (readonly number[])[],
  [own, other]: readonly [Scored, Scored],
): PriorComparison {
  const P = parts.length;
  const clusterings = config.cluster.comparison;
  const scores = [
    { measure: "mean best F1", a: own.bestF1, b: other.bestF1 },
    { measure: "kNN accuracy", a: own.accuracy, b: other.accuracy },
  ].filter((score) => score.a.length > 0 && [...score.a, ...score.b].every(Number.isFinite));
  const labels = [...own.labels, ...other.labels];
  const meanAri = (i: number, j: number) =>
    labels[i].reduce((sum, one, r) => sum + scorePartition(one, labels[j][r]).ari / clusterings, 0);
  const columns = columnsOf(components, a, b);
  const comparison = {
    features: a.features,
    against: b.features,
    chains: a.evidence.chains.length,
    parts: P,
    draws: [a.draws, b.draws] as const,
    scores: scores.map((score) => scored(score.measure, score.a, score.b)),
    ...(clusterings > 0 ? { clusters: alikeInfo(alike(likenessOf(P, P, meanAri))) } : {}),
    columns,
  };
  return { ...comparison, said: saidOf(comparison) };
}

function scored(measure: string, a: readonly number[], b: readonly number[]): PriorComparison["scores"][number] {
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const difference = intervalOf(scoreDifference(a, b));
  return { measure, means: [mean(a), mean(b)], difference };
}

/** Columns as they are clustered, before they are weighed. */
function columnsOf(components: readonly string[], a: Measured, b: Measured): PriorComparison["columns"] {
  const normalized = ({ evidence }: Measured) => evidence.chains.map((one) => normalizeColumns(one, evidence.columns));
  const { columns, together } = compareColumns(normalized(a), normalized(b));
  const known = columns.map(({ freed }) => freed).filter((freed) => !Number.isNaN(freed));
  const ascending = Float64Array.from(known).sort();
  return {
    apart: columns.filter(({ apart }) => apart).length,
    correlation: known.length > 0 ? sortedQuantile(ascending, 0.5) : null,
    together: intervalOf(together),
    each: columns.map((column, c) => ({
      name: components[c],
      apart: column.apart,
      correlation: finite(column.freed),
      ...alikeInfo(column),
    })),
  };
}

/** Traces of single parts of the chains, by the accuracy of their neighbors: clustering them in parts would take too long. */
async function compareTraces(
  context: ComparisonContext & { readonly run: Run },
  priors: readonly { readonly name: string; readonly suffix: string }[],
  draws: number,
  drawsOf: (suffix: string) => Promise<number>,
): Promise<PriorComparison[]> {
  const { run, config, components, probe } = context;
  if (!config.keep_traces || !probe.labels) return [];
  const parts = partsOf(config.sampler.num_chains, PARTS);
  const accuracies = async (suffix: string) => {
    stop(context);
    const matrices = await traceMatrices(run, components, { seed: config.sampler.seed, shuffle: false, suffix }, parts);
    return accuraciesOf(
      context,
      matrices.map((matrix) => async () => ({ matrix, axes: config.trace_rank })),
    );
  };
  const own = await accuracies("");
  const found: PriorComparison[] = [];
  for (const { name, suffix } of priors) {
    const other = await accuracies(suffix);
    if (![...own, ...other].every(Number.isFinite)) continue;
    const comparison = {
      features: "trace features",
      against: `trace features, ${name}`,
      chains: config.sampler.num_chains,
      parts: parts.length,
      draws: [draws, await drawsOf(suffix)] as const,
      scores: [scored("kNN accuracy", own, other)],
    };
    found.push({ ...comparison, said: saidOf(comparison) });
  }
  return found;
}

/** JSON has no NaN. */
const finite = (value: number) => (Number.isFinite(value) ? value : null);

function intervalOf({ value, error, low, high }: Difference): IntervalOf {
  return { value: finite(value), error: finite(error), low: finite(low), high: finite(high) };
}

function alikeInfo({ withinA, withinB, between, excess }: ReturnType<typeof alike>): AlikeInfo {
  return { within: [withinA, withinB], between, excess: intervalOf(excess) };
}

function stop(context: Attention): void {
  stopIfAsked(context, "stopped before the results were written", "run the same command again: all draws are kept");
}

/** Parts are small clusterings, and many: they run side by side. */
function sideBySide({ device, threads, signal, on }: ComparisonContext): ClusterParts {
  return (jobs) => {
    const progress = (done: number, total: number) =>
      on?.({ kind: "work", task: "comparison", label: "clustering parts of the chains", done, total });
    const own = jobs.map(({ options, ...job }) => ({ ...job, options: { ...options, profiles: false } }));
    return clusterMany(own, { device, threads, signal, progress });
  };
}
