import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { makeRandom } from "../cluster/random";
import type { Matrix } from "../statistics/matrix";
import { repeatedDirections } from "./directions";

const test = suite("runtime/measure/directions");
const ROWS = 512;
const COLS = 20;

/** Chains that share a signal of so many dimensions, each with noise of its own. */
function chainsOf(dimensions: number, noise: number, count = 4): Matrix[] {
  const { normal } = makeRandom(11);
  const normals = (length: number) => Float64Array.from({ length }, () => normal());
  const latent = normals(ROWS * dimensions);
  const loadings = normals(dimensions * COLS);
  return Array.from({ length: count }, () => {
    const data = normals(ROWS * COLS).map((value) => noise * value);
    for (let i = 0; i < ROWS; i++)
      for (let d = 0; d < dimensions; d++)
        for (let c = 0; c < COLS; c++) data[i * COLS + c] += latent[i * dimensions + d] * loadings[d * COLS + c];
    return { rows: ROWS, cols: COLS, data };
  });
}

test("planted directions are counted, and noise is not", () => {
  for (const dimensions of [0, 1, 3, 7]) {
    // Noise of half the chains is 0.5 a column, the weakest of 7 Gaussian directions in 20 columns has about 2.5 of variance.
    const { repeated } = repeatedDirections(chainsOf(dimensions, 1));
    assert.is(repeated, dimensions, `${dimensions} planted`);
  }
});

test("chains that differ by noise alone repeat nothing however many there are; without noise every column is repeated", () => {
  assert.is(repeatedDirections(chainsOf(0, 1, 2)).repeated, 0);
  const [one] = chainsOf(0, 1, 1);
  const { repeated, effective, first } = repeatedDirections([one, one, one, one]);
  assert.is(repeated, COLS);
  // Independent columns share the variance: all but sampling error of 512 rows.
  assert.ok(effective > 0.95 * COLS && effective <= COLS, `${effective}`);
  assert.ok(first < 1.5 / COLS, `${first}`);
});

test("one direction holds all that halves have in common", () => {
  const { effective, first } = repeatedDirections(chainsOf(1, 0.1));
  assert.ok(effective < 1.2 && first > 0.97, `${effective} ${first}`);
});

test("the last of an odd number of chains is left out, and one chain has no halves", () => {
  const chains = chainsOf(3, 1);
  assert.equal(repeatedDirections(chains.slice(0, 5)), repeatedDirections(chains.slice(0, 4)));
  assert.ok(Number.isNaN(repeatedDirections(chains.slice(0, 1)).repeated));
});

test.run();
