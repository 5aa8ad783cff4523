import { SpectroscopeError } from "../../kernels/errors";
import type { Law } from "./law";

/** Values of T in memory at once. */
const BLOCK_VALUES = 2 ** 22;
/** Tokens that are less likely than this are taken as absent: a division by their root says nothing. */
const LEAST_TOKEN = 1e-300;

/** T - sqrt(q) sqrt(q0)' of a law, told in blocks of contexts as often as needed. */
export class LawOperator {
  /** Squared Frobenius norm, of the last time that all blocks were told. */
  total = 0;

  private constructor(
    private readonly law: Law,
    readonly q: Float64Array,
    /** [V], 0 for absent tokens. */
    readonly q0: Float64Array,
  ) {}

  get contexts(): number {
    return this.law.contexts;
  }

  get tokens(): number {
    return this.law.tokens;
  }

  /** Goes over the law once for q0. @throws SpectroscopeError for a row that is no law of the tokens */
  static async open(law: Law, q: Float64Array): Promise<LawOperator> {
    const V = law.tokens;
    const q0 = new Float64Array(V);
    await eachRow(law, (x, row, start, scale) => {
      for (let y = 0; y < V; y++) q0[y] += q[x] * scale * row[start + y];
    });
    for (let y = 0; y < V; y++) if (!(q0[y] >= LEAST_TOKEN)) q0[y] = 0;
    return new LawOperator(law, q, q0);
  }

  /** Tells every block: its first context, its number of contexts, and its values [rows, V], which the next block overwrites. */
  async eachBlock(each: (from: number, rows: number, T: Float64Array) => void): Promise<void> {
    const { law, q, q0 } = this;
    const V = law.tokens;
    const root = q0.map(Math.sqrt);
    const inverse = root.map((x) => (x > 0 ? 1 / x : 0));
    const block = new Float64Array(blockRows(law) * V);
    let total = 0;
    await eachRow(
      law,
      (x, row, start, scale, i) => {
        const weight = Math.sqrt(q[x]);
        for (let y = 0; y < V; y++) {
          const value = weight * (scale * row[start + y] * inverse[y] - root[y]);
          block[i * V + y] = value;
          total += value * value;
        }
      },
      (from, rows) => each(from, rows, block),
    );
    this.total = total;
  }
}

const blockRows = (law: Law) =>
  Math.min(law.contexts, Math.max(32, Math.min(1024, 32 * Math.floor(BLOCK_VALUES / law.tokens / 32))));

/** Every context's row where it lies in its block, with what makes its sum 1. */
async function eachRow(
  law: Law,
  each: (x: number, values: ArrayLike<number>, start: number, scale: number, inBlock: number) => void,
  done?: (from: number, rows: number) => void,
): Promise<void> {
  const { contexts, tokens } = law;
  const step = blockRows(law);
  for (let from = 0; from < contexts; from += step) {
    const to = Math.min(contexts, from + step);
    const values = await law.rows(from, to);
    if (values.length !== (to - from) * tokens)
      throw new SpectroscopeError(
        `law: ${values.length} values for contexts ${from} .. ${to - 1} of ${tokens} tokens`,
        { hint: "a law gives a row of all tokens for each context" },
      );
    for (let x = from; x < to; x++) {
      const start = (x - from) * tokens;
      let sum = 0;
      let least = 0;
      for (let y = 0; y < tokens; y++) {
        sum += values[start + y];
        if (!(values[start + y] >= 0)) least = values[start + y];
      }
      if (least !== 0 || !(Math.abs(sum - 1) < 1e-5))
        throw new SpectroscopeError(`law: context ${x} has ${least !== 0 ? `the value ${least}` : `the sum ${sum}`}`, {
          hint: "probabilities are not negative, and their sum is 1",
        });
      each(x, values, start, 1 / sum, x - from);
    }
    done?.(from, to - from);
  }
}
