import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { Sums } from "../sampler/sums";
import { chainSums, shiftedSusceptibility, shuffledSusceptibility, sumsFromTraces, susceptibility } from "./estimate";

const test = suite("runtime/susceptibility/estimate");

const shape = { draws: 12, chains: 3, tokens: 7 };

/** Random traces whose token mean is phi, as when the probe is the sampling task. */
function example(seed: number): { traces: Float64Array; phi: Float64Array } {
  const random = seededRandom(seed);
  const traces = Float64Array.from({ length: shape.draws * shape.chains * shape.tokens }, () => random.normal());
  const phi = new Float64Array(shape.draws * shape.chains);
  phi.forEach((_, i) => {
    for (let t = 0; t < shape.tokens; t++) phi[i] += traces[i * shape.tokens + t] / shape.tokens;
  });
  return { traces, phi };
}

const near = (actual: number, expected: number, bound: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual}, expected ${expected}`);

test("single_chain is minus the covariance of phi with d - phi over all draws", () => {
  const { traces, phi } = example(1);
  const { chi } = susceptibility(sumsFromTraces(traces, phi, shape));
  const n = phi.length;
  for (let i = 0; i < shape.tokens; i++) {
    const contrast = Array.from(phi, (p, s) => traces[s * shape.tokens + i] - p);
    const meanPhi = phi.reduce((a, b) => a + b) / n;
    const mean = contrast.reduce((a, b) => a + b) / n;
    let covariance = 0;
    for (let s = 0; s < n; s++) covariance += ((phi[s] - meanPhi) * (contrast[s] - mean)) / n;
    near(chi[i], -covariance, 1e-12, `token ${i}`);
  }
});

test("two_chain takes the contrast's mean from the unrestricted run", () => {
  const a = example(2);
  const b = example(3);
  const own = sumsFromTraces(a.traces, a.phi, shape);
  const full = sumsFromTraces(b.traces, b.phi, shape);
  const { chi } = susceptibility(own, full);
  const n = a.phi.length;
  for (let i = 0; i < shape.tokens; i++) {
    let product = 0;
    let contrast = 0;
    let meanPhi = 0;
    for (let s = 0; s < n; s++) {
      product += (a.phi[s] * (a.traces[s * shape.tokens + i] - a.phi[s])) / n;
      contrast += (b.traces[s * shape.tokens + i] - b.phi[s]) / n;
      meanPhi += a.phi[s] / n;
    }
    near(chi[i], -(product - meanPhi * contrast), 1e-12, `token ${i}`);
  }
});

test("the mean of chi over tokens is 0 when the probe is the sampling task, for both estimators", () => {
  const a = example(4);
  const b = example(5);
  const own = sumsFromTraces(a.traces, a.phi, shape);
  for (const full of [undefined, sumsFromTraces(b.traces, b.phi, shape)]) {
    const { chi } = susceptibility(own, full);
    near(
      chi.reduce((x, y) => x + y),
      0,
      1e-12,
      "sum of chi",
    );
  }
});

/** phi that is no mean of the traces, as when the sampling task is other text than the probe. */
function otherTask({ traces, phi }: ReturnType<typeof example>, seed: number): ReturnType<typeof example> {
  const random = seededRandom(seed);
  return { traces, phi: phi.map((value) => 0.5 * value + random.normal()) };
}

test("when the probe is other text, both estimators are still the definition, and chi need not sum to 0", () => {
  const a = otherTask(example(20), 21);
  const b = otherTask(example(22), 23);
  const n = a.phi.length;
  const mean = (values: (s: number) => number) => {
    let sum = 0;
    for (let s = 0; s < n; s++) sum += values(s);
    return sum / n;
  };
  for (const full of [a, b]) {
    const sums = sumsFromTraces(full.traces, full.phi, shape);
    const { chi } = susceptibility(sumsFromTraces(a.traces, a.phi, shape), full === a ? undefined : sums);
    for (let i = 0; i < shape.tokens; i++) {
      const contrast = (run: typeof a, s: number) => run.traces[s * shape.tokens + i] - run.phi[s];
      const product = mean((s) => a.phi[s] * contrast(a, s));
      const expected = -(product - mean((s) => a.phi[s]) * mean((s) => contrast(full, s)));
      near(chi[i], expected, 1e-12, `token ${i}`);
    }
    assert.ok(Math.abs(chi.reduce((x, y) => x + y)) > 0.1, "the zero sum belongs to the sampling task's own tokens");
  }
});

test("a constant added to one token's loss changes no chi: of single_chain, and of two_chain when both runs have it", () => {
  for (const own of [example(6), otherTask(example(6), 24)]) {
    const full = otherTask(example(25), 26);
    const raised = (traces: Float64Array) => traces.map((value, at) => (at % shape.tokens === 2 ? value + 5 : value));
    const sums = ({ traces, phi }: typeof own, raise: boolean) =>
      sumsFromTraces(raise ? raised(traces) : traces, phi, shape);
    const pairs = [
      [susceptibility(sums(own, false)), susceptibility(sums(own, true))],
      [susceptibility(sums(own, false), sums(full, false)), susceptibility(sums(own, true), sums(full, true))],
    ];
    for (const [before, after] of pairs) {
      for (let i = 0; i < shape.tokens; i++) {
        near(after.chi[i], before.chi[i], 1e-12, `token ${i}`);
        near(after.error[i], before.error[i], 1e-12, `error of token ${i}`);
      }
    }
    // Only one of the runs has the constant: two_chain sees it, as E_C[phi] times the constant.
    const onlyOwn = susceptibility(sums(own, true), sums(full, false));
    assert.ok(Math.abs(onlyOwn.chi[2] - pairs[1][0].chi[2]) > 1e-3);
  }
});

/** Shifted sums by definition, from traces. */
function shiftedSums({ traces, phi }: ReturnType<typeof example>, lag: number): Sums {
  const { draws, chains, tokens } = shape;
  const sumD = new Float64Array(chains * tokens);
  const sumPhiD = new Float64Array(chains * tokens);
  for (let s = lag; s < draws; s++) {
    for (let m = 0; m < chains; m++) {
      for (let i = 0; i < tokens; i++) {
        const d = traces[(s * chains + m) * tokens + i];
        sumD[m * tokens + i] += d;
        sumPhiD[m * tokens + i] += phi[(s - lag) * chains + m] * d;
      }
    }
  }
  return { ...sumsFromTraces(traces, phi, shape), shifted: { lag, sumD, sumPhiD } };
}

test("shifted draws pair losses with an earlier phi of their own chain; a lag of 0 gives chi back", () => {
  const { draws, chains, tokens } = shape;
  for (const run of [example(27), otherTask(example(27), 28)]) {
    for (const lag of [1, 6, draws - 1]) {
      const chi = shiftedSusceptibility(shiftedSums(run, lag));
      const pairs = Array.from({ length: (draws - lag) * chains }, (_, k) => k);
      const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
      const phi = pairs.map((at) => run.phi[at]);
      for (let i = 0; i < tokens; i++) {
        const contrast = pairs.map((at) => {
          const later = at + lag * chains;
          return run.traces[later * tokens + i] - run.phi[later];
        });
        const [meanPhi, meanContrast] = [mean(phi), mean(contrast)];
        const covariance = mean(pairs.map((k) => (phi[k] - meanPhi) * (contrast[k] - meanContrast)));
        near(chi[i], -covariance, 1e-12, `lag ${lag}, token ${i}`);
      }
    }
    const { chi } = susceptibility(shiftedSums(run, 0));
    const back = shiftedSusceptibility(shiftedSums(run, 0));
    for (let i = 0; i < tokens; i++) near(back[i], chi[i], 1e-12, `token ${i}`);
  }
});

test("shifted draws of one chain are its own, and runs without them are refused", () => {
  const sums = shiftedSums(example(29), 6);
  const { draws, tokens } = shape;
  const [one, other] = [chainSums(sums, 1).shifted!, sums.shifted!];
  assert.is(one.lag, 6);
  assert.equal(Array.from(one.sumPhiD), Array.from(other.sumPhiD).slice(tokens, 2 * tokens));
  assert.equal(Array.from(one.sumD), Array.from(other.sumD).slice(tokens, 2 * tokens));
  const { shifted, ...without } = sums;
  refusedAtOnce(() => shiftedSusceptibility(without), /kept no shifted sums/, /sample the component anew/);
  refusedAtOnce(
    () => shiftedSusceptibility({ ...sums, shifted: { ...other, lag: draws } }),
    /lag of 12 leaves nothing/,
  );
  assert.is(chainSums(without, 0).shifted, undefined);
});

test("the jackknife error is 0 for equal chains and follows the spread of unequal ones", () => {
  const random = seededRandom(7);
  const one = Float64Array.from({ length: shape.draws * shape.tokens }, () => random.normal());
  const traces = new Float64Array(shape.draws * shape.chains * shape.tokens);
  for (let s = 0; s < shape.draws; s++) {
    for (let m = 0; m < shape.chains; m++) {
      traces.set(one.subarray(s * shape.tokens, (s + 1) * shape.tokens), (s * shape.chains + m) * shape.tokens);
    }
  }
  const phi = new Float64Array(shape.draws * shape.chains);
  phi.forEach((_, i) => {
    for (let t = 0; t < shape.tokens; t++) phi[i] += traces[i * shape.tokens + t] / shape.tokens;
  });
  const equal = susceptibility(sumsFromTraces(traces, phi, shape));
  for (const error of equal.error) near(error, 0, 1e-12, "error of equal chains");
  const other = example(8);
  const unequal = susceptibility(sumsFromTraces(other.traces, other.phi, shape));
  assert.ok(
    unequal.error.every((error) => error > 1e-4),
    "error of unequal chains",
  );
  const single = susceptibility(sumsFromTraces(one, phi.slice(0, shape.draws), { ...shape, chains: 1 }));
  assert.ok(single.error.every(Number.isNaN), "one chain has no error");
});

test("runs that do not belong together are refused", () => {
  const a = example(9);
  const own = sumsFromTraces(a.traces, a.phi, shape);
  assert.throws(() => susceptibility(own, { ...own, tokens: 6 }), /two_chain: the full run has/);
});

test("shuffled draws keep the definition: with the identity pairing they give chi back", () => {
  const { traces, phi } = example(10);
  const identity = Array.from({ length: shape.chains }, () => Array.from({ length: shape.draws }, (_, s) => s));
  const { chi } = susceptibility(sumsFromTraces(traces, phi, shape));
  const back = shuffledSusceptibility(traces, phi, shape, identity);
  for (let i = 0; i < shape.tokens; i++) near(back[i], chi[i], 1e-12, `token ${i}`);
});

/** The part of an example that some chains make. */
function chainsOf({ traces, phi }: { traces: Float64Array; phi: Float64Array }, chains: readonly number[]) {
  const { draws, tokens } = shape;
  const rows = Array.from({ length: draws }, (_, s) => chains.map((m) => s * shape.chains + m)).flat();
  const part = Float64Array.from(rows.flatMap((row) => Array.from(traces.subarray(row * tokens, (row + 1) * tokens))));
  const ownPhi = Float64Array.from(rows, (row) => phi[row]);
  return sumsFromTraces(part, ownPhi, { draws, chains: chains.length, tokens });
}

test("the jackknife leaves one chain out of both runs and scales by (M - 1) / M", () => {
  const a = example(14);
  const b = example(15);
  const all = Array.from({ length: shape.chains }, (_, m) => m);
  for (const full of [false, true]) {
    const chi = (chains: readonly number[]) =>
      susceptibility(chainsOf(a, chains), full ? chainsOf(b, chains) : undefined).chi;
    const { error } = susceptibility(chainsOf(a, all), full ? chainsOf(b, all) : undefined);
    const leftOut = all.map((m) => chi(all.filter((other) => other !== m)));
    for (let i = 0; i < shape.tokens; i++) {
      const mean = leftOut.reduce((sum, column) => sum + column[i], 0) / shape.chains;
      const squares = leftOut.reduce((sum, column) => sum + (column[i] - mean) ** 2, 0);
      near(error[i], Math.sqrt(((shape.chains - 1) / shape.chains) * squares), 1e-12, `error of token ${i}`);
    }
  }
});

test("a chain's own sums are those of its own draws", () => {
  const a = example(16);
  const sums = sumsFromTraces(a.traces, a.phi, shape);
  for (let m = 0; m < shape.chains; m++) {
    const { chains, sumD, sumPhiD, phi } = chainSums(sums, m);
    const own = chainsOf(a, [m]);
    assert.equal({ chains, sumD, sumPhiD, phi }, { chains: 1, sumD: own.sumD, sumPhiD: own.sumPhiD, phi: own.phi });
  }
});

test.run();
