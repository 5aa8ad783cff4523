import type { Matrix } from "../cluster/matrix";
import { principalAxes } from "../cluster/pca";
import type { Run } from "../store/run";
import { openSamples, type Samples } from "../store/samples-reader";
import { shuffledPairing, shuffledTraces } from "../susceptibility/controls";
import {
  chainSums,
  type Estimator,
  shiftedSusceptibility,
  shuffledSusceptibility,
  susceptibility,
} from "../susceptibility/estimate";
import type { Sums } from "../susceptibility/sums";
import { traceColumns } from "../susceptibility/traces";

/** The store of a finished unit. */
export function openUnit(directory: Run, name: string): Promise<Samples> {
  return openSamples(directory.finishedStore(name));
}

/** chi of all components: [tokens, components], with its error, and as every chain alone measures it. */
export interface ChiMatrices {
  readonly chi: Matrix;
  /** Jackknife standard error over chains, same layout. */
  readonly error: Float32Array;
  readonly byChain: readonly Matrix[];
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

/** Turns the stored units of a run into chi. The nulls are of `single_chain`: two_chain's mean term survives a shuffle. */
export async function chiMatrices(
  directory: Run,
  components: readonly string[],
  request: ChiRequest,
): Promise<ChiMatrices> {
  const suffix = request.suffix ?? "";
  const twoChain = request.estimator === "two_chain" && !request.null;
  const full = twoChain ? await (await openUnit(directory, `full${suffix}`)).sums() : undefined;
  const width = components.length;
  const matrices: Float32Array[] = [];
  let error = new Float32Array(0);
  let tokens = 0;
  for (const [column, name] of components.entries()) {
    const unit = await openUnit(directory, name + suffix);
    const sums = await unit.sums();
    const { chains, draws } = sums;
    if (matrices.length === 0) {
      tokens = sums.tokens;
      error = new Float32Array(tokens * width).fill(Number.NaN);
      for (let i = 0; i <= chains; i++) matrices.push(new Float32Array(tokens * width));
    }
    let columns: Float64Array[];
    if (request.null === "shuffled") {
      const pairing = shuffledPairing(request.seed, name + suffix, chains, draws);
      columns = shuffledColumns(await unit.rises(), sums, pairing);
    } else if (request.null === "shifted") {
      columns = ofAllAndEach(sums, (some) => shiftedSusceptibility(some));
    } else {
      const all = susceptibility(sums, full);
      all.error.forEach((value, i) => {
        error[i * width + column] = value;
      });
      const each = (chain: number) => susceptibility(chainSums(sums, chain), full && chainSums(full, chain)).chi;
      columns = [all.chi, ...Array.from({ length: chains }, (_, chain) => each(chain))];
    }
    columns.forEach((values, index) => {
      for (let i = 0; i < tokens; i++) matrices[index][i * width + column] = values[i];
    });
  }
  const [chi, ...byChain] = matrices.map((data): Matrix => ({ rows: tokens, cols: width, data }));
  return { chi, error, byChain };
}

/** A column from all chains' sums, then from each chain's own. */
function ofAllAndEach(sums: Sums, column: (sums: Sums) => Float64Array): Float64Array[] {
  return [column(sums), ...Array.from({ length: sums.chains }, (_, chain) => column(chainSums(sums, chain)))];
}

function shuffledColumns(
  rises: Float32Array,
  { chains, draws, tokens, phi }: Sums,
  pairing: readonly (readonly number[])[],
): Float64Array[] {
  const all = shuffledSusceptibility(rises, phi, { chains, draws, tokens }, pairing);
  const own = Array.from({ length: chains }, (_, m) => {
    const traces = new Float32Array(draws * tokens);
    for (let s = 0; s < draws; s++) {
      const row = (s * chains + m) * tokens;
      traces.set(rises.subarray(row, row + tokens), s * tokens);
    }
    const ownPhi = Float64Array.from({ length: draws }, (_, s) => phi[s * chains + m]);
    return shuffledSusceptibility(traces, ownPhi, { chains: 1, draws, tokens }, [pairing[m]]);
  });
  return [all, ...own];
}

/** Trace features of a run that kept its traces, reduced to `rank` principal axes; with `shuffle`, their control. */
export async function traceMatrix(
  directory: Run,
  components: readonly string[],
  request: { readonly rank: number; readonly seed: number; readonly shuffle: boolean },
): Promise<Matrix> {
  let data = new Float32Array(0);
  let width = 0;
  let rows = 0;
  for (const [index, name] of components.entries()) {
    const unit = await openUnit(directory, name);
    const traces = await unit.rises();
    const { draws, chains, tokens } = unit;
    const shape = { draws, chains, tokens };
    const own = draws * chains;
    if (index === 0) {
      rows = tokens;
      width = own * components.length;
      data = new Float32Array(rows * width);
    }
    const used = request.shuffle ? shuffledTraces(traces, shape, request.seed, name) : traces;
    traceColumns(used, shape, data, width, index * own);
  }
  const { scores, rank } = principalAxes({ rows, cols: width, data }, Math.min(request.rank, rows - 1, width));
  return { rows, cols: rank, data: scores };
}
