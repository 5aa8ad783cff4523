/**
 * Trace features: what a token's loss did over draws, beside chi and never instead of it. A component's trace of a token
 * is centered in every chain, the token mean of each draw is taken out (what all tokens do together says nothing about
 * one), and scaled to unit length; components are laid side by side. The inner product of two rows is then the mean
 * correlation of their losses over draws: the kernel of Bayesian influence functions.
 */

export interface TraceShape {
  readonly draws: number;
  readonly chains: number;
  readonly tokens: number;
}

/**
 * One component's part, written into `out` at column `offset`: [tokens, width] with draws * chains columns of its own.
 *
 * @param traces d, [draws, chains, tokens]
 */
export function traceColumns(
  traces: ArrayLike<number>,
  shape: TraceShape,
  out: Float32Array,
  width: number,
  offset: number,
): void {
  const { draws, chains, tokens } = shape;
  const columns = draws * chains;
  const common = new Float64Array(columns);
  for (let column = 0; column < columns; column++) {
    for (let i = 0; i < tokens; i++) common[column] += traces[column * tokens + i] / tokens;
  }
  const row = new Float64Array(columns);
  for (let i = 0; i < tokens; i++) {
    for (let m = 0; m < chains; m++) {
      let mean = 0;
      for (let s = 0; s < draws; s++) {
        const column = s * chains + m;
        row[column] = traces[column * tokens + i] - common[column];
        mean += row[column] / draws;
      }
      for (let s = 0; s < draws; s++) row[s * chains + m] -= mean;
    }
    let squares = 0;
    for (const value of row) squares += value * value;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let column = 0; column < columns; column++) out[i * width + offset + column] = row[column] * scale;
  }
}
