import { SpectroscopeError } from "../../kernels/errors";
import { differences, type Json, type JsonObject } from "../formats/json";
import type { Run } from "../store/run";
import { type Agreement, agreementOf, type Findings } from "./agreement";
import { configOf } from "./config";
import type { ScoreRow } from "./report-data";
import type { Results } from "./results";
import type { RowDraws } from "./row-draws";
import { readChi, readLabels, readResults } from "./run-files";

/** A component of both runs. */
export interface ComparedComponent {
  readonly name: string;
  /** Correlation of both columns of chi over tokens. */
  readonly pearson: number | null;
  readonly spearman: number | null;
  /** What each run's halves of chains say two equal runs would correlate in what they clustered: what to hold a comparison against. */
  readonly reliability: readonly (number | null)[];
  /** Of run A and run B, nats. */
  readonly meanRise: readonly number[];
  readonly llc: readonly ({ readonly value: number; readonly error: number } | null)[];
}

/** How two runs differ and agree. */
export interface Comparison {
  readonly runs: readonly [string, string];
  /** Config keys that differ, with both values. */
  readonly differences: readonly { readonly key: string; readonly a: Json; readonly b: Json }[];
  readonly components: readonly ComparedComponent[];
  /** Components that one run alone has. */
  readonly only: readonly [readonly string[], readonly string[]];
  readonly medianPearson: number | null;
  readonly medianSpearman: number | null;
  /** Both runs have one seed: where their settings agree they share noise, and agree by it. */
  readonly sharedSeed: boolean;
  readonly clusters: { readonly count: readonly number[]; readonly ari: number | null; readonly nmi: number | null };
  /** Feature sets and controls: clusters and covered share in each run. */
  readonly rows: readonly {
    readonly features: string;
    readonly control: boolean;
    /** What each run drew for it; null of what comes from no draws. */
    readonly drawn: readonly (RowDraws | null)[];
    readonly clusters: readonly (number | null)[];
    readonly covered: readonly (number | null)[];
  }[];
}

interface Opened extends Findings {
  readonly config: JsonObject;
  readonly probe: string;
  readonly results: Results;
}

async function opened(run: Run): Promise<Opened> {
  const results = await readResults(run);
  const inputs = run.config.inputs as { probe: string };
  return {
    config: configOf(run),
    probe: inputs.probe,
    chi: await readChi(run),
    labels: await readLabels(run),
    results,
  };
}

/**
 * Compares two analyzed runs: of seeds, settings or checkpoints. @throws SpectroscopeError when they do not measure the same
 * tokens, or have no component in common
 */
export async function compareRuns(runA: Run, runB: Run): Promise<Comparison> {
  const [a, b] = [await opened(runA), await opened(runB)];
  if (a.probe !== b.probe) {
    throw new SpectroscopeError(`${runA.name} and ${runB.name} measure different probes`, {
      hint: "compare runs over the same tokens: equal probe_text and row_length, probe_tokens, or probe_seed and probe_sequences",
    });
  }
  const agreement = agreementOf(a, b);
  if (agreement.columns.length === 0) {
    throw new SpectroscopeError(`${runA.name} and ${runB.name} have no component in common`, {
      hint: "compare runs whose weight_restrictions overlap",
    });
  }
  const only = (one: Opened, other: Opened) =>
    one.chi.components.filter((name) => !other.chi.components.includes(name));
  return {
    runs: [runA.name, runB.name],
    differences: differences(a.config, b.config).map(({ key, before, now }) => ({
      key,
      a: before ?? null,
      b: now ?? null,
    })),
    components: agreement.columns.map((column) => comparedComponent(column, a, b)),
    only: [only(a, b), only(b, a)],
    medianPearson: known(agreement.medianPearson),
    medianSpearman: known(agreement.medianSpearman),
    sharedSeed: seedOf(a) === seedOf(b),
    clusters: {
      count: [a, b].map(({ results }) => results.clusters.length),
      ari: known(agreement.ari),
      nmi: known(agreement.nmi),
    },
    rows: comparedRows(a.results.scores, b.results.scores),
  };
}

const seedOf = ({ config }: Opened) => (config.sampler as { seed: number }).seed;

/** JSON has no NaN. */
const known = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? null : value);

function comparedComponent(column: Agreement["columns"][number], a: Opened, b: Opened): ComparedComponent {
  const { name, pearson, spearman } = column;
  const both = [a, b].map(({ results }) => results.components.find((component) => component.name === name)!);
  return {
    name,
    pearson: known(pearson),
    spearman: known(spearman),
    reliability: both.map(({ reliability }) => known(reliability)),
    meanRise: both.map(({ meanRise }) => meanRise),
    llc: both.map(({ llc }) => llc ?? null),
  };
}

function comparedRows(a: readonly ScoreRow[], b: readonly ScoreRow[]): Comparison["rows"] {
  const names = [...new Set([...a, ...b].map(({ features }) => features))];
  return names.map((features) => {
    const both = [a, b].map((rows) => rows.find((row) => row.features === features));
    return {
      features,
      control: both.some((row) => row?.control),
      drawn: both.map((row) => row?.drawn ?? null),
      clusters: both.map((row) => row?.clusters ?? null),
      covered: both.map((row) => row?.covered ?? null),
    };
  });
}
