/** Planted modes through the real chains: chi on all pairs, couplings and clusters, beside what quadrature says. */
import * as assert from "uvu/assert";
import { clusterTokens } from "../../runtime/cluster/cluster";
import { scorePartition } from "../../runtime/cluster/score";
import type { Basis } from "../../runtime/modes/basis";
import { firstOf } from "../../runtime/modes/basis";
import { CouplingMaker, pairValues } from "../../runtime/modes/couplings";
import { modesOf } from "../../runtime/modes/modes";
import type { PairChi } from "../../runtime/modes/pair-chi";
import { jackknifeErrors } from "../../runtime/statistics/jackknife";
import { intervalFactor } from "../../runtime/susceptibility/interval";
import { type PlantedRun, plantedSettings, predictedLaw, samplePlanted } from "./planted-chains";
import { exactChi, logLaw, trainedScalars } from "./planted-exact";
import { type Design, EVEN, everyPair, GRADED, MODES, type Planted, plant } from "./planted-modes";
import { suite } from "./suite";

const test = suite("harness/planted-chains");

/** The trivial mode, the six, and the largest of those that a softmax adds, of contexts and of tokens each. */
const FUNCTIONS = MODES + 2;
const FACTOR = intervalFactor(plantedSettings.num_chains)!;

/** What is true of a design. */
interface Truth {
  readonly planted: Planted;
  readonly scalars: Float32Array;
  /** -log p(y|x) at w*, [N * V]. */
  readonly losses: Float64Array;
  /** The trivial mode, the six, and one more, of the model's own predictions. */
  readonly basis: Basis;
  /** By component. */
  readonly chi: readonly PairChi[];
}

async function truthOf(design: Design): Promise<Truth> {
  const planted = plant(design);
  const scalars = trainedScalars(planted);
  const products = Float64Array.from(scalars, (scalar) => scalar ** 2);
  return {
    ...{ planted, scalars, losses: logLaw(planted, products).map((value) => -value) },
    basis: firstOf(await modesOf(predictedLaw(planted, scalars)), FUNCTIONS),
    chi: Array.from(scalars, (_, a) => exactChi(planted, scalars, a, plantedSettings)),
  };
}

/** A coupling that is not 0, as it is and as chains have it. */
interface Coupling {
  readonly name: string;
  readonly exact: number;
  readonly value: number;
  readonly error: number;
}

/** Couplings of at least a hundredth of their component's largest. */
function couplingsBeside({ basis, chi }: Truth, { columns }: PlantedRun): Coupling[] {
  const maker = new CouplingMaker(basis);
  return chi.flatMap((own, c) => {
    const exact = maker.of(own);
    const { values, errors } = maker.ofColumn(columns[c]);
    const largest = Math.max(...exact.map(Math.abs));
    return Array.from(exact.keys())
      .filter((i) => Math.abs(exact[i]) >= 0.01 * largest)
      .map((i) => ({
        name: `component ${c}: ${Math.floor(i / FUNCTIONS)}, ${i % FUNCTIONS}`,
        ...{ exact: exact[i], value: values[i], error: errors[i] },
      }));
  });
}

const covers = ({ exact, value, error }: Coupling) => Math.abs(value - exact) <= FACTOR * error;

test("graded loads: losses, chi on all pairs and couplings are those of the model", async (t) => {
  const truth = await truthOf(GRADED);
  const { planted, losses, chi } = truth;
  const pairs = everyPair(planted);
  const run = await samplePlanted(planted, truth.scalars, plantedSettings);
  // A handful of f32 operations on numbers of order 3.
  const off = Math.max(...run.baseline.map((loss, i) => Math.abs(loss - losses[i])));
  assert.ok(off < 2e-6, `losses at w* are off by ${off}`);
  const total = planted.counts.reduce((a, b) => a + b);
  for (const [a, { all, without }] of run.columns.entries()) {
    const [exact, values] = [chi[a], all].map((one) => pairValues(one, pairs));
    const errors = jackknifeErrors(
      without.map((one) => pairValues(one, pairs)),
      values.length,
    );
    const worst = Math.max(...values.map((value, i) => Math.abs(value - exact[i]) / errors[i]));
    t.note(`component ${a}: off by ${worst.toFixed(2)} errors at most`);
    // All pairs of a component hang on three numbers: this is no more than eighteen comparisons.
    assert.ok(worst < 5, `component ${a}: ${worst} errors`);
    const mean = values.reduce((sum, value, i) => sum + (planted.counts[i] / total) * value, 0);
    assert.ok(Math.abs(mean) < 1e-9, `component ${a}: mean over the law ${mean}`);
  }
  const found = couplingsBeside(truth, run);
  const covered = found.filter(covers).length;
  t.note(`${covered} of ${found.length} couplings within their 95 % intervals`);
  // Each component couples to its own mode more than to any other pair, and that is seen.
  const maker = new CouplingMaker(truth.basis);
  for (let a = 0; a < MODES; a++) {
    const values = maker.of(run.columns[a].all).map(Math.abs);
    assert.is(values.indexOf(Math.max(...values)), (a + 1) * FUNCTIONS + a + 1, `component ${a}`);
  }
});

/** Seeds whose couplings are 209 together. */
const SEEDS = 11;
const even = truthOf(EVEN);
const runs: Promise<PlantedRun>[] = [];
/** Runs of even loads, made once. */
async function evenRun(seed: number): Promise<PlantedRun> {
  const { planted, scalars } = await even;
  runs[seed] ??= samplePlanted(planted, scalars, { ...plantedSettings, seed });
  return runs[seed];
}

/**
 * Couplings are third moments here: few large draws carry them. Draws of the same posteriors that owe nothing to each other, as many as
 * these chains are worth (16 times 36), cover in 91 to 93 %, the misses nearly all too small; 16 times 576 in 95 %. The step biases
 * couplings by less than 1 %, a thirtieth of their errors.
 */
test("even loads: 95 % intervals of couplings cover quadrature's in 90 to 99 % of 200", async (t) => {
  const bySeed: Coupling[][] = [];
  for (let seed = 1; seed <= SEEDS; seed++) bySeed.push(couplingsBeside(await even, await evenRun(seed)));
  const found = bySeed.flat();
  const covered = found.filter(covers).length;
  const below = found.filter((one) => !covers(one) && Math.abs(one.value) < Math.abs(one.exact)).length;
  t.note(`${covered} of ${found.length}, ${((100 * covered) / found.length).toFixed(1)} %; ${below} misses too small`);
  assert.ok(found.length >= 200, `${found.length} couplings`);
  assert.ok(covered >= 0.9 * found.length && covered <= 0.99 * found.length, `${covered} of ${found.length}`);
  // No bias: each coupling's mean over seeds, by the spread of these. Student's t of 10 degrees is beyond 4.6 once in a thousand times.
  const ratios = bySeed[0].map(({ name, exact }, i) => {
    const values = bySeed.map((own) => own[i].value / exact);
    const mean = values.reduce((sum, value) => sum + value / SEEDS, 0);
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / SEEDS / (SEEDS - 1));
    assert.ok(Math.abs(mean - 1) < 4.6 * spread, `${name}: ${mean} of the exact value, error ${spread}`);
    return mean;
  });
  const mean = ratios.reduce((sum, ratio) => sum + ratio / ratios.length, 0);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  t.note(
    `means over seeds are ${least.toFixed(2)} to ${most.toFixed(2)} of exact couplings, ${mean.toFixed(3)} on average`,
  );
});

test("even loads: clusters of all pairs by chi are the modes, each with its two sides", async (t) => {
  const { planted, chi } = await even;
  const { columns } = await evenRun(1);
  const pairs = everyPair(planted);
  const cases = { quadrature: chi, chains: columns.map(({ all }) => all) };
  for (const [name, components] of Object.entries(cases)) {
    const rows = planted.classes.length;
    const data = new Float64Array(rows * MODES);
    for (const [a, own] of components.entries()) {
      pairValues(own, pairs).forEach((value, i) => {
        data[i * MODES + a] = value;
      });
    }
    // Eight pairs are of one class: a token's neighbors must be fewer, or the graph joins classes.
    const { labels, clusters } = await clusterTokens({ rows, cols: MODES, data }, { k: 6 });
    const { ari, assigned } = scorePartition(labels, planted.classes);
    t.note(`${name}: ${clusters.length} clusters, ARI ${ari.toFixed(3)}, ${(100 * assigned).toFixed(0)} % assigned`);
    assert.ok(ari >= 0.9, `${name}: ARI ${ari}`);
  }
});

test.run();
