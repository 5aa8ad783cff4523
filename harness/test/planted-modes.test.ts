/** The planted law, the model's own law and exact chi: what the chains' tests stand on. */
import * as assert from "uvu/assert";
import { type Basis, completeBasis, firstOf, principalAngles } from "../../runtime/modes/basis";
import { CouplingMaker, expand, pairValues } from "../../runtime/modes/couplings";
import type { Law } from "../../runtime/modes/law";
import { modesOf } from "../../runtime/modes/modes";
import { plantedSettings, predictedLaw } from "./planted-chains";
import { exactChi, logLaw, trainedScalars } from "./planted-exact";
import { type Design, EVEN, everyPair, GRADED, MODES, type Planted, plant } from "./planted-modes";
import { suite } from "./suite";

const test = suite("harness/planted-modes");

const DESIGNS: Readonly<Record<string, Design>> = { graded: GRADED, even: EVEN };
const ALL = Array.from({ length: MODES }, (_, a) => a);

/** Of functions a to a + count - 1 of a basis, and of planted ones made of norm 1 by its own weights: the largest angle, degrees. */
function angleOf(planted: readonly Float64Array[], functions: Float64Array, weights: Float64Array, first: number) {
  const [n, K] = [weights.length, functions.length / weights.length];
  const of = (count: number, value: (i: number, k: number) => number) =>
    Float64Array.from({ length: n * count }, (_, i) => value(Math.floor(i / count), i % count));
  const found = of(planted.length, (i, k) => functions[i * K + first + k]);
  // In the space of T the planted function is sqrt(1 / n) f, whatever the weights of the law that is held to it.
  const put = of(planted.length, (i, k) => planted[k][i] / Math.sqrt(n * weights[i]));
  return (Math.max(...principalAngles(found, put, weights)) * 180) / Math.PI;
}

/** Angles of each mode by itself, of contexts and of tokens, and of all of them together, degrees. */
function anglesOf({ contextModes, tokenModes }: Planted, { v, u, q, q0 }: Basis) {
  return {
    contexts: ALL.map((a) => angleOf([contextModes[a]], v, q, a + 1)),
    tokens: ALL.map((a) => angleOf([tokenModes[a]], u, q0, a + 1)),
    together: [angleOf(contextModes, v, q, 1), angleOf(tokenModes, u, q0, 1)],
  };
}

for (const [name, design] of Object.entries(DESIGNS)) {
  const planted = plant(design);
  const { contexts, tokens, counts, strengths } = planted;
  const total = counts.reduce((a, b) => a + b);
  const scalars = trainedScalars(planted);
  const products = Float64Array.from(scalars, (scalar) => scalar ** 2);

  test(`${name}: the text has the six planted modes and no others`, async () => {
    const rows = counts.map((count) => count / (total / contexts));
    const law: Law = { contexts, tokens, rows: (from, to) => rows.subarray(from * tokens, to * tokens) };
    const modes = await modesOf(law);
    assert.is(modes.count, MODES + 1);
    for (const a of ALL)
      assert.ok(Math.abs(modes.values[a + 1] - strengths[a]) < 1e-12, `s_${a} ${modes.values[a + 1]}`);
    assert.ok(Math.min(...counts) >= 1, "every pair is in the text");
    assert.is(new Set(strengths.map((s) => s.toFixed(6))).size, MODES);
    for (const angle of Object.values(anglesOf(planted, modes)).flat()) assert.ok(angle < 1e-9, `${angle} degrees`);
  });

  test(`${name}: the model's own predictions have the six modes within 5 degrees`, async (t) => {
    const law = predictedLaw(planted, scalars);
    const host = logLaw(planted, products);
    Array.from(await law.rows(0, contexts)).forEach((p, i) => {
      assert.ok(Math.abs(p - Math.exp(host[i])) < 1e-7, `pair ${i}: ${p} and ${Math.exp(host[i])}`);
    });
    const own = await modesOf(law);
    const found = anglesOf(planted, own);
    const round = (values: readonly number[]) => values.map((angle) => angle.toFixed(2)).join(", ");
    t.note(`singular values ${Array.from(own.values.subarray(1, 9), (s) => s.toFixed(4)).join(", ")}`);
    t.note(`planted ${strengths.map((s) => s.toFixed(4)).join(", ")}`);
    t.note(`degrees: contexts ${round(found.contexts)}; tokens ${round(found.tokens)}; all ${round(found.together)}`);
    for (const angle of Object.values(found).flat()) assert.ok(angle < 5, `${angle} degrees`);
    // A softmax has the law only nearly: what is recovered is not what was put in.
    assert.ok(Math.max(...Object.values(found).flat()) > 0.1, "the model's law is not the planted one");
  });

  test(`${name}: the trained products have the least mean loss`, () => {
    const loss = (changed: ArrayLike<number>) =>
      logLaw(planted, changed).reduce((sum, value, i) => sum - (counts[i] / total) * value, 0);
    const least = loss(products);
    for (const a of ALL) {
      const [below, above] = [-1e-3, 1e-3].map((step) => loss(products.map((p, i) => (i === a ? p + step : p))));
      assert.ok(below > least && above > least, `mode ${a}: ${below - least}, ${above - least}`);
      // Curvature is near 1: an error of 1e-6 in a product would tilt by 2e-9.
      assert.ok(Math.abs(above - below) < 2e-9, `mode ${a}: slope ${above - below}`);
    }
  });

  test(`${name}: exact chi is converged, sums to 0 over the law, and is the sum of its couplings`, async () => {
    const modes = await modesOf(predictedLaw(planted, scalars));
    const complete = completeBasis(modes);
    const pairs = everyPair(planted);
    for (const a of ALL) {
      const exact = exactChi(planted, scalars, a, plantedSettings);
      const chi = pairValues(exact, pairs);
      const finer = pairValues(exactChi(planted, scalars, a, plantedSettings, 161), pairs);
      const scale = Math.max(...chi.map(Math.abs));
      const apart = (other: Float64Array) => Math.max(...chi.map((value, i) => Math.abs(value - other[i]))) / scale;
      assert.ok(apart(finer) < 1e-10, `a finer grid moves chi by ${apart(finer)}`);
      const mean = chi.reduce((sum, value, i) => sum + (counts[i] / total) * value, 0);
      assert.ok(Math.abs(mean) < 1e-12 * scale, `mean over the law ${mean}`);
      const whole = expand(new CouplingMaker(complete).of(exact), complete, pairs);
      assert.ok(apart(whole) < 1e-10, `the whole expansion is off by ${apart(whole)}`);
      const few = firstOf(complete, MODES, MODES);
      const cut = expand(new CouplingMaker(few).of(exact), few, pairs);
      assert.ok(apart(cut) > 0.01, "an expansion that is cut is not whole");
    }
  });
}

test.run();
