/**
 * Trace features: what a token's loss did over draws, beside chi and never instead of it. A component's trace of a token
 * is centered in every chain, freed of its part along the tokens' mean trace (what all tokens do together says nothing about
 * one), and scaled to unit length; subtracting that mean instead would leave it, negated, in every token whose loss hardly moves; components are laid side by side. The inner product of two rows is then the mean
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
  const { chains, tokens } = shape;
  const columns = shape.draws * chains;
  const common = new Float64Array(columns);
  for (let column = 0; column < columns; column++) {
    for (let i = 0; i < tokens; i++) common[column] += traces[column * tokens + i] / tokens;
  }
  centerChains(common, chains);
  const commonSquares = squares(common);
  const row = new Float64Array(columns);
  for (let i = 0; i < tokens; i++) {
    for (let column = 0; column < columns; column++) row[column] = traces[column * tokens + i];
    centerChains(row, chains);
    let along = 0;
    for (let column = 0; column < columns; column++) along += row[column] * common[column];
    const share = commonSquares > 0 ? along / commonSquares : 0;
    for (let column = 0; column < columns; column++) row[column] -= share * common[column];
    const length = Math.sqrt(squares(row));
    const scale = length > 0 ? 1 / length : 0;
    for (let column = 0; column < columns; column++) out[i * width + offset + column] = row[column] * scale;
  }
}

/** Takes every chain's mean over draws out of a trace [draws, chains]. */
function centerChains(trace: Float64Array, chains: number): void {
  const draws = trace.length / chains;
  for (let m = 0; m < chains; m++) {
    let mean = 0;
    for (let s = 0; s < draws; s++) mean += trace[s * chains + m] / draws;
    for (let s = 0; s < draws; s++) trace[s * chains + m] -= mean;
  }
}

function squares(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
