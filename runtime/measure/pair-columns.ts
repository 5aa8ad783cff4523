/** chi of a run's components on all pairs of a context and a token. */
import { SpectroscopeError } from "../../kernels/errors";
import type { PairChi, PairColumn } from "../modes/pair-chi";
import type { PairSums } from "../sampler/pairs";
import type { Sums } from "../sampler/sums";
import type { Run } from "../store/run";
import { chainSums, susceptibility } from "../susceptibility/estimate";
import { openUnit } from "./chi-tables";

/** The model at its trained weights, as far as logits show it. */
export interface LogitParts {
  /** What the unembedding reads, [N, D]. */
  readonly hidden: Float64Array;
  /** [V, D]; one array for all components, so that products with it are made once. */
  readonly unembedding: Float64Array;
  /** Ids of the measured targets, [N]. */
  readonly targets: ArrayLike<number>;
  readonly width: number;
}

/**
 * A component's chi on all pairs, by the estimator `single_chain` (pooled over chains), with each chain left out and of each chain
 * alone. At the measured targets it is the run's own chi; elsewhere that and the covariance of phi with the difference of two logits.
 * @throws SpectroscopeError for a unit that kept no sums of pairs
 */
export async function pairColumn(run: Run, component: string, model: LogitParts): Promise<PairColumn> {
  const unit = await openUnit(run, component);
  const pairs = await unit.pairs();
  if (!pairs) {
    throw new SpectroscopeError(`${unit.name}: kept nothing of other tokens than the measured ones`, {
      code: "bad-input",
      hint: "sample it with keep_modes=true",
    });
  }
  return pairColumnOf(component, await unit.sums(), pairs, model);
}

/** Contexts whose losses are held against those of the run, and by how many nats they may differ: another adapter, another order. */
const [CHECKED, APART] = [8, 1e-3];

/**
 * Refuses another model than the run's: chi elsewhere than at the targets hangs on its weights.
 * @param losses l(w*) of the run, nats, [N]
 * @throws SpectroscopeError where the model's losses are others
 */
export function checkLosses(
  run: Run,
  losses: ArrayLike<number>,
  { hidden, unembedding, targets, width }: LogitParts,
): void {
  for (let x = 0; x < Math.min(CHECKED, targets.length); x++) {
    const logits = Float64Array.from({ length: unembedding.length / width }, (_, y) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += hidden[x * width + k] * unembedding[y * width + k];
      return sum;
    });
    const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
    const loss = most + Math.log(sum) - logits[targets[x]];
    if (Math.abs(loss - losses[x]) <= APART) continue;
    throw new SpectroscopeError(
      `${run.name}: was sampled on another model: token ${x} has a loss of ${loss.toFixed(4)}, there ${losses[x].toFixed(4)}`,
      { code: "bad-input", hint: "give the model that the run was begun with" },
    );
  }
}

/** The same of sums that are at hand. */
export function pairColumnOf(name: string, sums: Sums, pairs: PairSums, model: LogitParts): PairColumn {
  const all = Array.from({ length: sums.chains }, (_, chain) => chain);
  const of = (chains: readonly number[]) => pairChi(someChains(sums, chains), pairs, chains, model);
  return {
    name,
    all: of(all),
    without: sums.chains < 2 ? [] : all.map((left) => of(all.filter((chain) => chain !== left))),
    chains: all.map((chain) => of([chain])),
  };
}

/** The sums of some chains. */
function someChains(sums: Sums, chains: readonly number[]): Sums {
  if (chains.length === sums.chains) return sums;
  const own = chains.map((chain) => chainSums(sums, chain));
  const join = (values: (one: Sums) => ArrayLike<number>) => {
    const joined = new Float64Array(chains.length * sums.tokens);
    for (const [i, one] of own.entries()) joined.set(values(one), i * sums.tokens);
    return joined;
  };
  const phi = new Float64Array(sums.draws * chains.length);
  for (const [i, one] of own.entries()) for (let s = 0; s < sums.draws; s++) phi[s * chains.length + i] = one.phi[s];
  return {
    ...{ chains: chains.length, draws: sums.draws, tokens: sums.tokens, phi },
    ...{ sumD: join((one) => one.sumD), sumPhiD: join((one) => one.sumPhiD), m2: join((one) => one.m2) },
  };
}

function pairChi(sums: Sums, pairs: PairSums, chains: readonly number[], model: LogitParts): PairChi {
  const { hidden, unembedding, targets, width } = model;
  const contexts = sums.tokens;
  const tokens = unembedding.length / width;
  const chi = susceptibility(sums).chi;
  const moved = pooledCovariance(sums, pairs, chains);
  const [left, right, rank] =
    pairs.kind === "hidden"
      ? [moved, unembedding, width]
      : pairs.kind === "unembedding"
        ? [hidden, moved, width]
        : [moved, identity(tokens), tokens];
  const offset = new Float64Array(contexts);
  for (let x = 0; x < contexts; x++) {
    let own = 0;
    for (let k = 0; k < rank; k++) own += left[x * rank + k] * right[targets[x] * rank + k];
    offset[x] = chi[x] - own;
  }
  return { contexts, tokens, rank, offset, left, right };
}

/** Covariance with phi over all draws of some chains: within them, and of their means. [E]. */
function pooledCovariance({ phi, draws }: Sums, pairs: PairSums, chains: readonly number[]): Float64Array {
  const { elements, mean, covariance } = pairs;
  const M = chains.length;
  const phiMeans = chains.map((_, i) => {
    let sum = 0;
    for (let s = 0; s < draws; s++) sum += phi[s * M + i];
    return sum / draws;
  });
  const phiMean = phiMeans.reduce((a, b) => a + b, 0) / M;
  const out = new Float64Array(elements);
  for (const [i, chain] of chains.entries()) {
    const apart = phiMeans[i] - phiMean;
    const from = chain * elements;
    // Deviations of phi add up to 0, so that the mean of means need not be taken off.
    for (let e = 0; e < elements; e++) out[e] += (covariance[from + e] + apart * mean[from + e]) / M;
  }
  return out;
}

function identity(size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) out[i * size + i] = 1;
  return out;
}
