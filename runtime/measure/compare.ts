import { SpectroscopeError } from "../../kernels/errors";
import { DirectoryStore } from "../node/directory-store";
import { differences, type Json, type JsonObject } from "../store/json";
import { Run } from "../store/run";
import { type Agreement, agreementOf, type Findings } from "./agreement";
import { readChi } from "./chi-store";
import { configOf } from "./config";
import type { ScoreRow } from "./report-data";
import { type Results, readResults } from "./results";

/** A component of both runs. */
export interface ComparedComponent {
  readonly name: string;
  /** Correlation of both columns of chi over tokens. */
  readonly pearson: number | null;
  readonly spearman: number | null;
  /** What each run's halves of chains say two equal runs would correlate: no comparison can be expected to pass it. */
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
    readonly clusters: readonly (number | null)[];
    readonly covered: readonly (number | null)[];
  }[];
}

interface Opened extends Findings {
  readonly path: string;
  readonly config: JsonObject;
  readonly probe: string;
  readonly results: Results;
}

async function opened(path: string): Promise<Opened> {
  const directory = await Run.open(new DirectoryStore(path));
  const { results } = await readResults(directory);
  const { components, ...chi } = await readChi(directory);
  const inputs = directory.config.inputs as { probe: string };
  return {
    path,
    config: configOf(directory),
    probe: inputs.probe,
    components,
    chi,
    labels: (await directory.readArray("labels")).data,
    results,
  };
}

/**
 * Compares two analyzed runs: of seeds, settings or checkpoints. @throws SpectroscopeError when they do not measure the same
 * tokens, or have no component in common
 */
export async function compareRuns(pathA: string, pathB: string): Promise<Comparison> {
  const [a, b] = [await opened(pathA), await opened(pathB)];
  if (a.probe !== b.probe) {
    throw new SpectroscopeError(`${pathA} and ${pathB} measure different probes`, {
      hint: "compare runs over the same tokens: equal probe_tokens, or equal probe_seed and probe_sequences",
    });
  }
  const agreement = agreementOf(a, b);
  if (agreement.columns.length === 0) {
    throw new SpectroscopeError(`${pathA} and ${pathB} have no component in common`, {
      hint: "compare runs whose weight_restrictions overlap",
    });
  }
  const only = (one: Opened, other: Opened) => one.components.filter((name) => !other.components.includes(name));
  return {
    runs: [pathA, pathB],
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
      clusters: both.map((row) => row?.clusters ?? null),
      covered: both.map((row) => row?.covered ?? null),
    };
  });
}

/** The comparison for people. */
export function comparisonTable(comparison: Comparison): string {
  const { runs, differences: changed, components, only, medianPearson, medianSpearman, clusters, rows } = comparison;
  const number = (value: number | null, digits = 3) => (value === null ? "-" : value.toFixed(digits));
  const width = Math.max(9, ...components.map(({ name }) => name.length));
  const cells = (...texts: string[]) => texts.map((text) => text.padStart(9)).join(" ");
  const short = (value: Json) => JSON.stringify(value).slice(0, 40);
  const lines = [`A: ${runs[0]}`, `B: ${runs[1]}`];
  for (const { key, a, b } of changed) lines.push(`${key}: A ${short(a)}, B ${short(b)}`);
  if (changed.length === 0) lines.push("the same config");
  lines.push(
    "",
    `${"component".padEnd(width)} ${cells("Pearson", "Spearman", "halves A", "halves B", "rise A", "rise B", "LLC A", "LLC B")}`,
  );
  for (const { name, pearson, spearman, reliability, meanRise, llc } of components) {
    const numbers = [pearson, spearman, ...reliability, ...meanRise].map((value) => number(value));
    const coefficients = llc.map((one) => (one ? number(one.value, 2) : "-"));
    lines.push(`${name.padEnd(width)} ${cells(...numbers, ...coefficients)}`);
  }
  lines.push(
    "",
    `median Pearson ${number(medianPearson)}, Spearman ${number(medianSpearman)}; "halves": Pearson that two equal runs would have, by each run's own chains`,
    ...(comparison.sharedSeed
      ? ["both runs have one seed: what they agree by may be their noise; compare runs of different seeds"]
      : []),
    `clusters: ${clusters.count[0]} and ${clusters.count[1]}, ARI ${number(clusters.ari)}, NMI ${number(clusters.nmi)}`,
  );
  only.forEach((names, i) => {
    if (names.length > 0) lines.push(`only in ${"AB"[i]}: ${names.join(", ")}`);
  });
  lines.push("", `${"features".padEnd(50)} ${cells("clusters A", "B", "covered A", "B")}`);
  for (const { features, control, clusters: counts, covered } of rows) {
    const shares = covered.map((share) => (share === null ? "-" : `${(100 * share).toFixed(0)} %`));
    const name = `${features}${control ? " (control)" : ""}`.padEnd(50);
    lines.push(`${name} ${cells(...counts.map((count) => String(count ?? "-")), ...shares)}`);
  }
  return lines.join("\n");
}
