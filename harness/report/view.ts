/** What several sections look up: sequences in order, cluster positions, names of roles and modes, column statistics. */
import { SpectroscopeError } from "../../kernels/errors";
import type { ReportData } from "../../runtime/measure/report-data";
import { numberByAppearance } from "../../runtime/statistics/numbering";

/** Tokens of one probe sequence, in order of position. */
export interface SequenceView {
  readonly number: number;
  readonly tokens: readonly number[];
}

export interface ReportView {
  readonly data: ReportData;
  readonly sequences: readonly SequenceView[];
  /** Of token i: its sequence's index in `sequences` and its own index there. */
  readonly sequenceOf: Int32Array;
  readonly placeOf: Int32Array;
  /** Index in `data.clusters`, or -1. */
  readonly clusterOf: Int32Array;
  readonly roles: readonly string[];
  /** Index in `roles`, or -1. */
  readonly roleOf: Int32Array;
  readonly modes: readonly string[];
  readonly modeOf: Int32Array;
  /** Mean and standard deviation of chi's columns over finite entries; a constant column has deviation 1. */
  readonly columnMean: Float64Array;
  readonly columnDeviation: Float64Array;
  /** What stands between two tokens: nothing where tokens carry their own spaces. */
  readonly separator: string;
}

function wrong(message: string): never {
  throw new SpectroscopeError(`report: ${message}`, { code: "bad-input" });
}

function columnStatistics(chi: Float32Array, columns: number): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(columns);
  const deviation = new Float64Array(columns);
  for (let c = 0; c < columns; c++) {
    let n = 0;
    let squares = 0;
    for (let i = c; i < chi.length; i += columns) {
      if (!Number.isFinite(chi[i])) continue;
      n++;
      const away = chi[i] - mean[c];
      mean[c] += away / n;
      squares += away * (chi[i] - mean[c]);
    }
    deviation[c] = squares > 0 ? Math.sqrt(squares / n) : 1;
  }
  return { mean, deviation };
}

function check(data: ReportData): void {
  const { tokens, columns, clusters } = data;
  const cells = tokens.length * columns.length;
  const shape = `${tokens.length} tokens × ${columns.length} columns`;
  if (data.chi.length !== cells) wrong(`chi holds ${data.chi.length} values, expected ${cells} (${shape})`);
  if (data.chiError.length !== cells)
    wrong(`chiError holds ${data.chiError.length} values, expected ${cells} (${shape})`);
  if (data.labels.length !== tokens.length) wrong(`${data.labels.length} labels for ${tokens.length} tokens`);
  clusters.forEach(({ id, members, profile, profileError }) => {
    const outside = members.find((member) => !(Number.isInteger(member) && member >= 0 && member < tokens.length));
    if (outside !== undefined) wrong(`cluster ${id} has member ${outside}, but there are ${tokens.length} tokens`);
    if (profile.length !== columns.length || profileError.length !== columns.length)
      wrong(
        `cluster ${id}: profile ${profile.length}, error ${profileError.length}, expected ${columns.length} columns`,
      );
  });
}

/** @throws SpectroscopeError `bad-input` when the parts of the data do not fit each other. */
export function viewOf(data: ReportData): ReportView {
  check(data);
  const positions = new Map(data.clusters.map((cluster, position) => [cluster.id, position]));
  const clusterOf = Int32Array.from(data.labels, (label, token) =>
    label === -1 ? -1 : (positions.get(label) ?? wrong(`token ${token} has label ${label}, which is no cluster's id`)),
  );
  const bySequence = new Map<number, number[]>();
  data.tokens.forEach(({ sequence }, token) => {
    const row = bySequence.get(sequence);
    if (row) row.push(token);
    else bySequence.set(sequence, [token]);
  });
  const sequences = [...bySequence]
    .sort(([a], [b]) => a - b)
    .map(([number, tokens]) => ({
      number,
      tokens: tokens.sort((a, b) => data.tokens[a].position - data.tokens[b].position || a - b),
    }));
  const sequenceOf = new Int32Array(data.tokens.length);
  const placeOf = new Int32Array(data.tokens.length);
  sequences.forEach(({ tokens }, index) => {
    tokens.forEach((token, place) => {
      sequenceOf[token] = index;
      placeOf[token] = place;
    });
  });
  const absent = (name: string | undefined) => name === undefined;
  const roles = numberByAppearance(
    data.tokens.map((token) => token.role),
    absent,
  );
  const modes = numberByAppearance(
    data.tokens.map((token) => token.mode),
    absent,
  );
  const { mean, deviation } = columnStatistics(data.chi, data.columns.length);
  return {
    data,
    sequences,
    sequenceOf,
    placeOf,
    clusterOf,
    roles: roles.found as string[],
    roleOf: roles.numbers,
    modes: modes.found as string[],
    modeOf: modes.numbers,
    columnMean: mean,
    columnDeviation: deviation,
    separator: data.tokens.some(({ text }) => text.startsWith(" ") && text.length > 1) ? "" : " ",
  };
}

/** chi of a token in a column, in standard deviations from the column's mean. */
export function zScore(view: ReportView, token: number, column: number): number {
  const value = view.data.chi[token * view.data.columns.length + column];
  return (value - view.columnMean[column]) / view.columnDeviation[column];
}
