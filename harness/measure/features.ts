import type { Matrix } from "../../runtime/cluster/matrix";
import { principalAxes } from "../../runtime/cluster/pca";
import type { RunDirectory } from "../../runtime/store/run-directory";
import { shuffledPairing, shuffledTraces } from "../../runtime/susceptibility/controls";
import {
  type ComponentSums,
  chainSums,
  type Estimator,
  shuffledSusceptibility,
  susceptibility,
} from "../../runtime/susceptibility/estimate";
import { traceColumns } from "../../runtime/susceptibility/traces";

/** A component's stored run. */
export interface StoredUnit {
  readonly sums: ComponentSums;
  /** d, [draws, chains, tokens]. */
  readonly traces: Float32Array;
  readonly baseline: Float32Array;
  readonly weights: number;
  readonly lr: number;
}

/** Reads a unit of a run directory. */
export async function readStored(directory: RunDirectory, name: string): Promise<StoredUnit> {
  const { arrays, facts } = await directory.readUnit(name);
  const array = (key: string) => arrays.get(key)!.data as Float32Array;
  const sums = (key: string) => arrays.get(key)!.data as Float64Array;
  const [draws, chains, tokens] = arrays.get("traces")!.shape;
  const settings = facts.settings as { lr: number };
  return {
    sums: { chains, draws, tokens, sumD: sums("sum_d"), sumPhiD: sums("sum_phi_d"), phi: array("phi") },
    traces: array("traces"),
    baseline: array("baseline"),
    weights: facts.weights as number,
    lr: settings.lr,
  };
}

/** chi of all components: [tokens, components], with its error, and as every chain alone measures it. */
export interface ChiMatrices {
  readonly chi: Matrix;
  /** Jackknife standard error over chains, same layout. */
  readonly error: Float32Array;
  readonly byChain: readonly Matrix[];
}

/** Which chi: of the run itself, or of one of its controls. */
export interface ChiRequest {
  readonly estimator: Estimator;
  readonly seed: number;
  /** " n_beta=0" for the units of that control. */
  readonly suffix?: string;
  /** Pair phi of one draw with the losses of another, within a chain: the honest null. */
  readonly shuffle?: boolean;
}

/** Turns the stored units of a run into chi. The shuffled control is of `single_chain`: two_chain's mean term survives a shuffle. */
export async function chiMatrices(
  directory: RunDirectory,
  components: readonly string[],
  request: ChiRequest,
): Promise<ChiMatrices> {
  const suffix = request.suffix ?? "";
  const twoChain = request.estimator === "two_chain" && !request.shuffle;
  const full = twoChain ? (await readStored(directory, `full${suffix}`)).sums : undefined;
  const width = components.length;
  const matrices: Float32Array[] = [];
  let error = new Float32Array(0);
  let tokens = 0;
  for (const [column, name] of components.entries()) {
    const unit = await readStored(directory, name + suffix);
    const { chains, draws } = unit.sums;
    if (matrices.length === 0) {
      tokens = unit.sums.tokens;
      error = new Float32Array(tokens * width);
      for (let i = 0; i <= chains; i++) matrices.push(new Float32Array(tokens * width));
    }
    const columns = request.shuffle
      ? shuffledColumns(unit, shuffledPairing(request.seed, name + suffix, chains, draws))
      : measuredColumns(unit.sums, full, error, column, width);
    columns.forEach((values, index) => {
      for (let i = 0; i < tokens; i++) matrices[index][i * width + column] = values[i];
    });
  }
  const [chi, ...byChain] = matrices.map((data): Matrix => ({ rows: tokens, cols: width, data }));
  return { chi, error, byChain };
}

/** All chains' column, then each chain's own. */
function measuredColumns(
  sums: ComponentSums,
  full: ComponentSums | undefined,
  error: Float32Array,
  column: number,
  width: number,
): Float64Array[] {
  const all = susceptibility(sums, full);
  all.error.forEach((value, i) => {
    error[i * width + column] = value;
  });
  const own = Array.from(
    { length: sums.chains },
    (_, m) => susceptibility(chainSums(sums, m), full && chainSums(full, m)).chi,
  );
  return [all.chi, ...own];
}

function shuffledColumns(unit: StoredUnit, pairing: readonly (readonly number[])[]): Float64Array[] {
  const { chains, draws, tokens, phi } = unit.sums;
  const all = shuffledSusceptibility(unit.traces, phi, { chains, draws, tokens }, pairing);
  const own = Array.from({ length: chains }, (_, m) => {
    const traces = new Float32Array(draws * tokens);
    for (let s = 0; s < draws; s++) {
      const row = (s * chains + m) * tokens;
      traces.set(unit.traces.subarray(row, row + tokens), s * tokens);
    }
    const ownPhi = Float64Array.from({ length: draws }, (_, s) => phi[s * chains + m]);
    return shuffledSusceptibility(traces, ownPhi, { chains: 1, draws, tokens }, [pairing[m]]);
  });
  return [all, ...own];
}

/** Trace features of a run, reduced to `rank` principal axes; with `shuffle`, their control. */
export async function traceMatrix(
  directory: RunDirectory,
  components: readonly string[],
  request: { readonly rank: number; readonly seed: number; readonly shuffle: boolean },
): Promise<Matrix> {
  let data = new Float32Array(0);
  let width = 0;
  let rows = 0;
  for (const [index, name] of components.entries()) {
    const { traces, sums } = await readStored(directory, name);
    const shape = { draws: sums.draws, chains: sums.chains, tokens: sums.tokens };
    const own = shape.draws * shape.chains;
    if (index === 0) {
      rows = shape.tokens;
      width = own * components.length;
      data = new Float32Array(rows * width);
    }
    const used = request.shuffle ? shuffledTraces(traces, shape, request.seed, name) : traces;
    traceColumns(used, shape, data, width, index * own);
  }
  const { scores, rank } = principalAxes({ rows, cols: width, data }, Math.min(request.rank, rows - 1, width));
  return { rows, cols: rank, data: scores };
}
