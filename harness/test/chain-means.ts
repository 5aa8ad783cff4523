import * as assert from "uvu/assert";
import type { TestContext } from "./suite";

/**
 * Means over chains and draws of some quantities of a draw, with the standard error that chains independent of each
 * other give: the spread of the chains' own means, whatever the correlation between a chain's draws.
 */
export class ChainMeans {
  private readonly sums: Float64Array;
  private draws = 0;

  /** @param names one for each quantity */
  constructor(
    readonly chains: number,
    readonly names: readonly string[],
  ) {
    this.sums = new Float64Array(chains * names.length);
  }

  /** Adds a draw: the quantities of every chain, in the order of their names. */
  add(quantities: (chain: number) => readonly number[]): void {
    for (let chain = 0; chain < this.chains; chain++) {
      quantities(chain).forEach((value, i) => {
        this.sums[chain * this.names.length + i] += value;
      });
    }
    this.draws++;
  }

  /** Mean and standard error of a quantity. */
  of(name: string): { readonly mean: number; readonly error: number } {
    const at = this.names.indexOf(name);
    const own = Float64Array.from(
      { length: this.chains },
      (_, chain) => this.sums[chain * this.names.length + at] / this.draws,
    );
    const mean = own.reduce((sum, value) => sum + value, 0) / this.chains;
    const squares = own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { mean, error: Math.sqrt(squares / (this.chains - 1) / this.chains) };
  }

  /**
   * Asserts that a mean lies within `errors` standard errors and `allowance` of what is expected. A mean over
   * hundreds of chains is farther than five standard errors once in 1.7 million times: a hundred comparisons stay green
   * with nearly any seed.
   */
  check(t: TestContext, name: string, expected: number, allowance = 0, errors = 5): void {
    const { mean, error } = this.of(name);
    const numbers = `${mean.toPrecision(6)}, expected ${expected.toPrecision(6)}`;
    const z = ((mean - expected) / error).toFixed(2);
    const allowed = allowance > 0 ? ` and ${allowance.toExponential(1)} allowed` : "";
    t.note(`${name}: ${numbers}: ${z} standard errors of ${error.toExponential(1)}${allowed}`);
    assert.ok(Math.abs(mean - expected) <= errors * error + allowance, `${name}: ${numbers}, ${z} standard errors`);
  }
}
