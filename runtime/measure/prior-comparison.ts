/** chi of a run, and its traces, beside those of its priors: do they differ by more than their chains do among themselves? */
import { type ClusterOptions, clusterTokens, pointsOf } from "../cluster/cluster";
import type { ClusterConfig } from "../cluster/config";
import type { Clustering } from "../cluster/cover";
import { scoreNeighbors } from "../cluster/neighbor-score";
import { normalizeColumns } from "../cluster/normalize";
import { scorePartition, scoreSets } from "../cluster/score";
import type { Device } from "../plan/device";
import type { Matrix } from "../statistics/matrix";
import type { Run } from "../store/run";
import type { ChiTable } from "../susceptibility/chi-table";
import {
  alike,
  compareColumns,
  type Difference,
  halvesOf,
  likenessOf,
  partsOf,
  scoreDifference,
} from "../susceptibility/paired";
import { type ColumnEvidence, clusterOptions, evidenceOf, meanOf } from "./chi-clusters";
import { chiTable, openUnit } from "./chi-tables";
import type { RunConfig } from "./config";
import type { Corpus } from "./corpus";
import { type Attention, say, stopIfAsked } from "./events";
import { chiRequestOf } from "./feature-rows";
import { scoredRoles } from "./known-roles";
import { saidOf } from "./prior-words";
import type { AlikeInfo, IntervalOf, PriorComparison } from "./report-data";
import { traceMatrix } from "./trace-features";
import { PRIOR_SUFFIX, priorSampled } from "./units";

/** Parts that the chains are dealt into; scores are of all sets of half of them. */
const PARTS = 4;
/** Fewer chains cannot tell how far they agree without one of them. */
const FEWEST_CHAINS = 3;

/** A matrix to be clustered by its own chains' weights. */
export interface HalfJob {
  readonly matrix: Matrix;
  readonly config: ClusterConfig;
  readonly options: Pick<ClusterOptions, "weights" | "halves">;
}

/** Clusters of each job, in their order. */
export type ClusterHalves = (jobs: readonly HalfJob[]) => Promise<Pick<Clustering, "clusters" | "labels">[]>;

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
  /** Of every half. */
  readonly accuracy: readonly number[];
  /** Of every half, means over clusterings. */
  readonly bestF1: readonly number[];
  /** Of every part and clustering. */
  readonly labels: readonly (readonly Int32Array[])[];
}

/**
 * Compares chi with that of every prior of the run, and trace features likewise where roles are known. Empty without a prior, and
 * with fewer than three chains. `clusters`: who clusters halves; by default one after another.
 */
export async function comparePriors(
  context: ComparisonContext & { readonly run: Run },
  chi: ChiTable,
  clusters: ClusterHalves = inTurn(context),
): Promise<PriorComparison[]> {
  const { run, config, components } = context;
  const chains = config.sampler.num_chains;
  const priors = priorSampled(config) ? [{ name: "n_beta = 0", suffix: PRIOR_SUFFIX }] : [];
  if (priors.length === 0 || chains < FEWEST_CHAINS) return [];
  say(context, "comparing chi with its prior");
  const drawsOf = async (suffix: string) => (await openUnit(run, components[0] + suffix)).draws;
  const own: Measured = { features: "chi", draws: await drawsOf(""), evidence: evidenceOf(chi, config) };
  const others: Measured[] = [];
  for (const { name, suffix } of priors) {
    const table = await chiTable(run, components, { ...chiRequestOf(config), suffix });
    others.push({ features: `chi, ${name}`, draws: await drawsOf(suffix), evidence: evidenceOf(table, config) });
  }
  const found = await compareMeasured(context, own, others, clusters);
  return [...found, ...(await compareTraces(context, priors, own.draws, drawsOf))];
}

/** Compares a measurement with others of as many chains, over the same tokens and components. */
export async function compareMeasured(
  context: ComparisonContext,
  own: Measured,
  others: readonly Measured[],
  clusters: ClusterHalves = inTurn(context),
): Promise<PriorComparison[]> {
  const parts = partsOf(own.evidence.chains.length, PARTS);
  const [first, ...rest] = await scoreAll(context, [own, ...others], parts, clusters);
  return others.map((other, i) => compared(context, [own, other], parts, [first, rest[i]]));
}

/** Scores of every measurement by halves, and clusterings of its parts. */
async function scoreAll(
  context: ComparisonContext,
  measured: readonly Measured[],
  parts: readonly (readonly number[])[],
  clusters: ClusterHalves,
): Promise<Scored[]> {
  const { config, probe } = context;
  const { comparison: clusterings, seed } = config.cluster;
  const known = scoredRoles(probe.labels);
  const halves = halvesOf(parts.length).map((places) => places.flatMap((place) => parts[place]));
  const weights = commonWeights(measured);
  const seeds = Array.from({ length: clusterings }, (_, i) => seed + i);
  const inputs = measured.map(({ evidence: { chains } }) => ({
    halves: known ? halves.map((kept) => ofChains(chains, kept, config)) : [],
    // A single chain does not say which columns to trust: all chains of all measurements do, and favor none.
    parts: parts.map((kept) => ({ matrix: meanOf(kept.map((m) => chains[m])), options: weights ? { weights } : {} })),
  }));
  const jobs = inputs.flatMap((own) =>
    [...own.halves, ...own.parts].flatMap((input) =>
      // One null for each: halves are many, and all measurements are held to the same.
      seeds.map((own): HalfJob => ({ ...input, config: { ...config.cluster, null_draws: 1, seed: own } })),
    ),
  );
  const found = await clusters(jobs);
  const results: Scored[] = [];
  let at = 0;
  for (const own of inputs) {
    const accuracy: number[] = [];
    const bestF1: number[] = [];
    for (const { matrix, options } of own.halves) {
      stop(context);
      accuracy.push((await accuracyOf(context, matrix, options)) ?? Number.NaN);
      const tries = found.slice(at, at + clusterings);
      at += clusterings;
      const f1 = (sets: Clustering["clusters"]) => scoreSets(sets, known!.numbers, known!.minCount).meanBestF1;
      bestF1.push(tries.reduce((sum, one) => sum + f1(one.clusters) / clusterings, 0));
    }
    const labels = own.parts.map(() => {
      at += clusterings;
      return found.slice(at - clusterings, at).map((one) => one.labels);
    });
    results.push({ accuracy, bestF1, labels });
  }
  return results;
}

/** Mean and weights of some chains, by these alone. */
function ofChains(chains: readonly Matrix[], kept: readonly number[], config: RunConfig) {
  const some = kept.map((m) => chains[m]);
  return { matrix: meanOf(some), options: clusterOptions(some, config) };
}

/** Means of the measurements' weights, where columns are weighed. */
function commonWeights(measured: readonly Measured[]): Float64Array | undefined {
  const all = measured.map(({ evidence }) => evidence.weights);
  const [first] = all;
  if (!first) return undefined;
  return Float64Array.from(first, (_, c) => all.reduce((sum, own) => sum + (own?.[c] ?? 0) / all.length, 0));
}

function accuracyOf(
  { config, probe, device, threads }: ComparisonContext,
  matrix: Matrix,
  options: HalfJob["options"],
): Promise<number | undefined> {
  const points = pointsOf(matrix, config.cluster, options);
  return scoreNeighbors(points, scoredRoles(probe.labels)!, { device, threads }).then((scores) => scores?.accuracy);
}

function compared(
  { config, components }: ComparisonContext,
  [a, b]: readonly [Measured, Measured],
  parts: readonly (readonly number[])[],
  [own, other]: readonly [Scored, Scored],
): PriorComparison {
  const P = parts.length;
  const halves = halvesOf(P);
  const clusterings = config.cluster.comparison;
  const scores = [
    ...(clusterings > 0 ? [{ measure: "mean best F1", a: own.bestF1, b: other.bestF1 }] : []),
    { measure: "kNN accuracy", a: own.accuracy, b: other.accuracy },
  ].filter((score) => score.a.length > 0 && [...score.a, ...score.b].every(Number.isFinite));
  const labels = [...own.labels, ...other.labels];
  const meanAri = (i: number, j: number) =>
    labels[i].reduce((sum, one, r) => sum + scorePartition(one, labels[j][r]).ari / clusterings, 0);
  const columns = columnsOf(components, a, b, config);
  const comparison = {
    features: a.features,
    against: b.features,
    chains: a.evidence.chains.length,
    draws: [a.draws, b.draws] as const,
    scores: scores.map((score) => scored(score.measure, halves, P, score.a, score.b)),
    ...(clusterings > 0 ? { clusters: alikeInfo(alike(likenessOf(P, P, meanAri))) } : {}),
    columns,
  };
  return { ...comparison, said: saidOf(comparison) };
}

function scored(
  measure: string,
  sets: readonly (readonly number[])[],
  parts: number,
  a: readonly number[],
  b: readonly number[],
): PriorComparison["scores"][number] {
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const difference = intervalOf(scoreDifference(sets, parts, a, b));
  return { measure, means: [mean(a), mean(b)], difference };
}

/** Columns as they are clustered, before they are weighed. */
function columnsOf(
  components: readonly string[],
  a: Measured,
  b: Measured,
  { cluster }: RunConfig,
): PriorComparison["columns"] {
  const normalized = ({ evidence }: Measured) => evidence.chains.map((one) => normalizeColumns(one, cluster.columns));
  const { columns, together } = compareColumns(normalized(a), normalized(b));
  const known = columns.map(({ freed }) => freed).filter((freed) => !Number.isNaN(freed));
  const ascending = Float64Array.from(known).sort();
  const middle = (ascending.length - 1) / 2;
  return {
    apart: columns.filter(({ apart }) => apart).length,
    correlation: known.length > 0 ? (ascending[Math.floor(middle)] + ascending[Math.ceil(middle)]) / 2 : null,
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
    const found: number[] = [];
    for (const chains of parts) {
      stop(context);
      const request = { rank: config.trace_rank, seed: config.sampler.seed, shuffle: false, suffix, chains };
      const matrix = await traceMatrix(run, components, request);
      found.push((await accuracyOf(context, matrix, {})) ?? Number.NaN);
    }
    return found;
  };
  const own = await accuracies("");
  const single = parts.map((_, part) => [part]);
  const found: PriorComparison[] = [];
  for (const { name, suffix } of priors) {
    const other = await accuracies(suffix);
    if (![...own, ...other].every(Number.isFinite)) continue;
    const comparison = {
      features: "trace features",
      against: `trace features, ${name}`,
      chains: config.sampler.num_chains,
      draws: [draws, await drawsOf(suffix)] as const,
      scores: [scored("kNN accuracy", single, parts.length, own, other)],
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

function inTurn(context: ComparisonContext): ClusterHalves {
  const { device, threads } = context;
  return async (jobs) => {
    const found: Pick<Clustering, "clusters" | "labels">[] = [];
    for (const { matrix, config, options } of jobs) {
      stop(context);
      found.push(await clusterTokens(matrix, config, { ...options, device, threads, profiles: false }));
      context.on?.({
        kind: "work",
        task: "comparison",
        label: "clustering halves",
        done: found.length,
        total: jobs.length,
      });
    }
    return found;
  };
}
