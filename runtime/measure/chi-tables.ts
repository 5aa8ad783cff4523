/** From the stored units of a run to tables of chi: of the run itself, and of its nulls. */
import type { Sums } from "../sampler/sums";
import type { Run } from "../store/run";
import { openSamples, type Samples } from "../store/samples-reader";
import { type ChiTable, chiColumnsOf, emptyTable, type TableColumns } from "../susceptibility/chi-table";
import { shuffledPairing } from "../susceptibility/controls";
import { correlationScale } from "../susceptibility/correlation";
import {
  chainSums,
  type Estimator,
  pairedSusceptibility,
  scaled,
  shiftedSusceptibility,
  sumsFromTraces,
  susceptibility,
} from "../susceptibility/estimate";

/** The samples of a finished unit, which must be those that the run knows. @throws SpectroscopeError */
export function openUnit(run: Run, name: string): Promise<Samples> {
  return openSamples(run.finishedStore(name), run.rootHash(name));
}

/**
 * What pairs phi with losses that know nothing of it, within a chain. `shuffled`: of a draw chosen at random, from traces.
 * `shifted`: of half a run later, from sums that need none.
 */
export type NullPairing = "shuffled" | "shifted";

/** Which chi: of the run itself, or of one of its controls. */
export interface ChiRequest {
  readonly estimator: Estimator;
  readonly seed: number;
  /** " n_beta=0" for the units of that control. */
  readonly suffix?: string;
  /** The honest null instead of the measurement. */
  readonly null?: NullPairing;
}

/** Values of one component: of all chains together with their error, where they have one, then of each chain alone. */
interface ColumnValues {
  readonly all: Float64Array;
  readonly error?: Float64Array;
  readonly each: readonly Float64Array[];
}

/** A column of a table. */
interface ChiColumn {
  readonly chi: ColumnValues;
  readonly correlation: ColumnValues;
}

/** Turns the stored units of a run into chi. The nulls are of `single_chain`: two_chain's mean term survives a shuffle. */
export async function chiTable(run: Run, components: readonly string[], request: ChiRequest): Promise<ChiTable> {
  const suffix = request.suffix ?? "";
  const twoChain = request.estimator === "two_chain" && !request.null;
  const full = twoChain ? await (await openUnit(run, `full${suffix}`)).sums() : undefined;
  let table: ChiTable | undefined;
  for (const [at, name] of components.entries()) {
    const unit = await openUnit(run, name + suffix);
    const sums = await unit.sums();
    table ??= emptyTable(sums.tokens, components, sums.chains);
    if (request.null === "shuffled") {
      const pairing = shuffledPairing(request.seed, name + suffix, sums.chains, sums.draws);
      put(table, at, shuffledColumn(await unit.rises(), sums, pairing));
    } else if (request.null === "shifted") put(table, at, shiftedColumn(sums));
    else put(table, at, measuredColumn(sums, full));
  }
  return table ?? emptyTable(0, components, 0);
}

/** chi of one component of a run, [tokens], nats squared, as soon as its unit (with `two_chain`, that of `full` too) is done. */
export async function chiColumn(run: Run, component: string, estimator: Estimator): Promise<Float64Array> {
  const full = estimator === "two_chain" ? await (await openUnit(run, "full")).sums() : undefined;
  return susceptibility(await (await openUnit(run, component)).sums(), full).chi;
}

/** chi of a component, with the jackknife's error; `full`: the unrestricted run, for `two_chain`. */
function measuredColumn(sums: Sums, full: Sums | undefined): ChiColumn {
  const { chi, error, correlation, correlationError } = susceptibility(sums, full);
  const each = chainsOf(sums).map((chain) => susceptibility(chainSums(sums, chain), full && chainSums(full, chain)));
  return {
    chi: { all: chi, error, each: each.map((own) => own.chi) },
    correlation: { all: correlation, error: correlationError, each: each.map((own) => own.correlation) },
  };
}

/** The shifted null from all chains' sums, then from each chain's own. */
function shiftedColumn(sums: Sums): ChiColumn {
  const each = chainsOf(sums).map((chain) => shiftedSusceptibility(chainSums(sums, chain)));
  return correlated({ all: shiftedSusceptibility(sums), each }, sums);
}

/** The sums of a chain do not know of the others, so all columns follow from one pass over the traces. */
function shuffledColumn(
  rises: Float32Array,
  { chains, draws, tokens, phi }: Sums,
  pairing: readonly (readonly number[])[],
): ChiColumn {
  const sums = sumsFromTraces(rises, phi, { chains, draws, tokens }, pairing);
  const each = pairing.map((own, m) => pairedSusceptibility(chainSums(sums, m), [own]));
  return correlated({ all: pairedSusceptibility(sums, pairing), each }, sums);
}

/** A null's chi with its correlations: over the standard deviations of the measurement, which know nothing of the pairing. */
function correlated(chi: ColumnValues, sums: Sums): ChiColumn {
  const each = chi.each.map((column, chain) => scaled(column, correlationScale(chainSums(sums, chain))));
  return { chi, correlation: { all: scaled(chi.all, correlationScale(sums)), each } };
}

const chainsOf = ({ chains }: Sums) => Array.from({ length: chains }, (_, chain) => chain);

/** Writes a column into its place. */
function put(table: ChiTable, at: number, { chi, correlation }: ChiColumn): void {
  const { tokens, components } = table;
  const width = components.length;
  const into = (data: Float32Array, values: Float64Array, first = 0) => {
    for (let i = 0; i < tokens; i++) data[first + i * width + at] = values[i];
  };
  const columns = ({ values, error, byChain }: TableColumns, column: ColumnValues) => {
    into(values, column.all);
    if (column.error) into(error, column.error);
    for (const [m, own] of column.each.entries()) into(byChain, own, m * tokens * width);
  };
  columns(chiColumnsOf(table), chi);
  columns(table.correlation, correlation);
}
