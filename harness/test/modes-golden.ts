/** The small law and chi of goldens/reference/modes.py, formed again from their whole numbers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Law } from "../../runtime/modes/law";
import type { PairChi, PairColumn } from "../../runtime/modes/pair-chi";
import { projectRoot } from "../../runtime/node/root";

export const [N, V, R, C, M, K] = [30, 12, 4, 3, 4, 5];

interface ToldModes {
  q0: number[];
  values: number[];
  v: number[][];
  u: number[][];
  total: number;
}

export interface ModesGolden {
  law: ToldModes;
  model: ToldModes;
  angles: number[];
  couplings: number[][];
  errors: number[][];
  norm: number;
  shares: number[];
  free_norm: number;
  free_shares: number[];
  free_errors: number[];
  best: number[];
  principal: number[];
  measured: number[];
}

export const modesGolden = (): ModesGolden =>
  JSON.parse(readFileSync(join(projectRoot(), "goldens/modes/modes.json"), "utf8"));

export function numbers(rows: number, cols: number, a: number, b: number, c: number, m: number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, at) => {
    const [i, j] = [Math.floor(at / cols), at % cols];
    return (((a * i + b * j + c * i * j + i * i) % m) - (m - 1) / 2) / m;
  });
}

export const goldenWeights = Float64Array.from({ length: N }, (_, x) => (1 + (x % 3)) / 60);

/** A law told from its whole table [contexts, tokens]; rows are made to sum to 1. */
export function tableLaw(contexts: number, tokens: number, table: ArrayLike<number>): Law {
  const rows = Float64Array.from({ length: contexts * tokens }, (_, at) => table[at]);
  for (let x = 0; x < contexts; x++) {
    const row = rows.subarray(x * tokens, (x + 1) * tokens);
    const sum = row.reduce((a, b) => a + b, 0);
    for (let y = 0; y < tokens; y++) row[y] /= sum;
  }
  return { contexts, tokens, rows: (from, to) => rows.subarray(from * tokens, to * tokens) };
}

export const goldenLaw = (): Law =>
  tableLaw(
    N,
    V,
    Float64Array.from({ length: N * V }, (_, at) => {
      const [x, y] = [Math.floor(at / V), at % V];
      return ((7 * x + 13 * y + 3 * x * y + x * x) % 17) + 1;
    }),
  );

function goldenChi(component: number, part: number): PairChi {
  const k = 7 * component + part;
  return {
    ...{ contexts: N, tokens: V, rank: R },
    offset: numbers(N, 1, 4 + k, 0, 0, 23),
    left: numbers(N, R, 3 + k, 5, 1 + component, 19),
    right: component < C - 1 ? numbers(V, R, 3, 7, 2, 11) : numbers(V, R, 2, 5 + part, 3, 17),
  };
}

/** The golden's left-out estimates are its chains: any M arrays serve to check the jackknife. */
export const goldenColumns = (): PairColumn[] =>
  Array.from({ length: C }, (_, c) => {
    const chains = Array.from({ length: M }, (_, m) => goldenChi(c, m));
    return { name: `c${c}`, all: goldenChi(c, M), without: chains, chains };
  });

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= most)) most = difference;
  }
  return most;
}
