/** What a row of the score table was made of: how much was drawn, how far it went, how well it would come again. */
import type { Matrix } from "../statistics/matrix";
import { sortedQuantile } from "../statistics/ranks";
import type { Run } from "../store/run";
import { splitHalf } from "../susceptibility/agreement";
import { openUnit } from "./chi-tables";

/** Of a row that comes from draws. Rows can be held against each other where chains and draws are equal. */
export interface RowDraws {
  /** Of every component. */
  readonly chains: number;
  /** Of each chain. */
  readonly draws: number;
  /** Mean over components of the mean of phi over chains and draws, nats. */
  readonly meanRise: number;
  /** Median over what is clustered of each column's split-half reliability; absent with one chain, and of traces. */
  readonly reliability?: number;
}

/** What was drawn for the columns of a table; `suffix` as in `ChiRequest`. Components must not be none. */
export async function drawsOf(run: Run, components: readonly string[], suffix = ""): Promise<RowDraws> {
  const rises: number[] = [];
  let size = { chains: 0, draws: 0 };
  for (const name of components) {
    const unit = await openUnit(run, name + suffix);
    size = { chains: unit.chains, draws: unit.draws };
    rises.push(meanOf(await unit.phi()));
  }
  return { ...size, meanRise: meanOf(rises) };
}

/** Median split-half reliability of a table's columns, as every chain alone measures them. */
export function reliabilityOf(chains: readonly Matrix[], seed: number): Pick<RowDraws, "reliability"> {
  if (chains.length < 2) return {};
  // A column that does not vary has none.
  const known = splitHalf(chains, { seed })
    .reliability.filter((value) => !Number.isNaN(value))
    .sort();
  return known.length > 0 ? { reliability: sortedQuantile(known, 0.5) } : {};
}

/** Mean of some values, at least one. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
