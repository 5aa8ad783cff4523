/** Planted modes through the real chains: chi on all pairs, couplings and clusters, beside what quadrature says. */
import * as assert from "uvu/assert";
import { clusterTokens } from "../../runtime/cluster/cluster";
import { scorePartition } from "../../runtime/cluster/score";
import { intervalFactor } from "../../runtime/susceptibility/interval";
import { type Bases, basesOf, couplingsOf } from "./planted-bases";
import { type PlantedRun, plantedSettings, samplePlanted } from "./planted-chains";
import { exactChi, logLaw, trainedScalars } from "./planted-exact";
import { type Design, EVEN, GRADED, MODES, type Planted, plant } from "./planted-modes";
import { suite } from "./suite";

const test = suite("harness/planted-chains");

/** The trivial mode, the six, and the largest of those that a softmax adds. */
const FUNCTIONS = MODES + 2;
const FACTOR = intervalFactor(plantedSettings.num_chains)!;

/** What is true of a design. */
interface Truth {
  readonly planted: Planted;
  readonly scalars: Float32Array;
  /** -log p(y|x) at w*, [N * V]. */
  readonly losses: Float64Array;
  readonly bases: Bases;
  /** By component, [N * V]. */
  readonly chi: readonly Float64Array[];
}

function truthOf(design: Design): Truth {
  const planted = plant(design);
  const scalars = trainedScalars(planted);
  const law = logLaw(
    planted,
    Float64Array.from(scalars, (scalar) => scalar ** 2),
  );
  const joint = law.map((value) => Math.exp(value) / planted.contexts);
  return {
    ...{ planted, scalars, losses: law.map((value) => -value), bases: basesOf(joint, planted.tokens) },
    chi: Array.from(scalars, (_, a) => exactChi(planted, scalars, a, plantedSettings)),
  };
}

/** The jackknife's standard error over chains of each value, from those with each chain left out. */
function jackknife(without: readonly Float64Array[]): Float64Array {
  const M = without.length;
  return without[0].map((_, i) => {
    const mean = without.reduce((sum, values) => sum + values[i] / M, 0);
    return Math.sqrt(((M - 1) / M) * without.reduce((sum, values) => sum + (values[i] - mean) ** 2, 0));
  });
}

/** A coupling that is not 0, as it is and as chains have it. */
interface Coupling {
  readonly name: string;
  readonly exact: number;
  readonly value: number;
  readonly error: number;
}

/** Couplings of at least a hundredth of their component's largest. */
function couplingsBeside({ bases, chi }: Truth, run: PlantedRun): Coupling[] {
  return chi.flatMap((own, c) => {
    const exact = couplingsOf(own, bases, FUNCTIONS);
    const values = couplingsOf(run.chi[c].all, bases, FUNCTIONS);
    const errors = jackknife(run.chi[c].without.map((left) => couplingsOf(left, bases, FUNCTIONS)));
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
  const truth = truthOf(GRADED);
  const { planted, losses, chi } = truth;
  const run = await samplePlanted(planted, truth.scalars, plantedSettings);
  // A handful of f32 operations on numbers of order 3.
  const off = Math.max(...run.baseline.map((loss, i) => Math.abs(loss - losses[i])));
  assert.ok(off < 2e-6, `losses at w* are off by ${off}`);
  const total = planted.counts.reduce((a, b) => a + b);
  for (const [a, exact] of chi.entries()) {
    const { all, without } = run.chi[a];
    const errors = jackknife(without);
    const z = all.map((value, i) => Math.abs(value - exact[i]) / errors[i]);
    const slope =
      all.reduce((sum, value, i) => sum + value * exact[i], 0) / exact.reduce((sum, value) => sum + value ** 2, 0);
    t.note(`component ${a}: off by ${Math.max(...z).toFixed(2)} errors at most, ${slope.toFixed(2)} of exact chi`);
    // All pairs of a component hang on three numbers: this is no more than eighteen comparisons.
    assert.ok(Math.max(...z) < 5, `component ${a}: ${Math.max(...z)} errors`);
    const mean = all.reduce((sum, value, i) => sum + (planted.counts[i] / total) * value, 0);
    assert.ok(Math.abs(mean) < 1e-9, `component ${a}: mean over the law ${mean}`);
  }
  const found = couplingsBeside(truth, run);
  const covered = found.filter(covers).length;
  t.note(`${covered} of ${found.length} couplings within their 95 % intervals`);
  // Each component couples to its own mode more than to any other pair but the trivial one's, and that is seen.
  for (let a = 0; a < MODES; a++) {
    const values = couplingsOf(run.chi[a].all, truth.bases, FUNCTIONS);
    const largest = Math.max(...values.map(Math.abs));
    assert.is(Math.abs(values[(a + 1) * FUNCTIONS + a + 1]), largest, `component ${a}`);
  }
});

/** Seeds whose couplings are 209 together. */
const SEEDS = 11;
const even = truthOf(EVEN);
const runs: Promise<PlantedRun>[] = [];
/** Runs of even loads, made once. */
function evenRun(seed: number): Promise<PlantedRun> {
  runs[seed] ??= samplePlanted(even.planted, even.scalars, { ...plantedSettings, seed });
  return runs[seed];
}

test("even loads: 95 % intervals of couplings cover quadrature's in 90 to 99 % of 200", async (t) => {
  const found: Coupling[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) found.push(...couplingsBeside(even, await evenRun(seed)));
  const covered = found.filter(covers).length;
  const below = found.filter((one) => !covers(one) && Math.abs(one.value) < Math.abs(one.exact)).length;
  t.note(`${covered} of ${found.length}, ${((100 * covered) / found.length).toFixed(1)} %; ${below} misses too small`);
  const mean = found.reduce((sum, { value, exact }) => sum + value / exact / found.length, 0);
  t.note(`mean of coupling over its exact value ${mean.toFixed(3)}`);
  assert.ok(found.length >= 200, `${found.length} couplings`);
  assert.ok(covered >= 0.9 * found.length && covered <= 0.99 * found.length, `${covered} of ${found.length}`);
});

test("even loads: clusters of all pairs by chi are the modes, each with its two sides", async (t) => {
  const { planted, chi } = even;
  const run = await evenRun(1);
  const cases = { quadrature: chi, chains: run.chi.map(({ all }) => all) };
  for (const [name, columns] of Object.entries(cases)) {
    const rows = planted.classes.length;
    const data = new Float64Array(rows * MODES);
    for (const [a, column] of columns.entries()) for (let i = 0; i < rows; i++) data[i * MODES + a] = column[i];
    // Eight pairs are of one class: a token's neighbors must be fewer, or the graph joins classes.
    const { labels, clusters } = await clusterTokens({ rows, cols: MODES, data }, { k: 6 });
    const { ari, assigned } = scorePartition(labels, planted.classes);
    t.note(`${name}: ${clusters.length} clusters, ARI ${ari.toFixed(3)}, ${(100 * assigned).toFixed(0)} % assigned`);
    assert.ok(ari >= 0.9, `${name}: ARI ${ari}`);
  }
});

test.run();
