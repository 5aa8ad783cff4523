/** The planted law, the model's own law and exact chi: what the chains' tests stand on. */
import * as assert from "uvu/assert";
import { angleTo, type Bases, basesOf } from "./planted-bases";
import { plantedSettings } from "./planted-chains";
import { exactChi, logLaw, trainedScalars } from "./planted-exact";
import { type Design, EVEN, GRADED, MODES, plant } from "./planted-modes";
import { suite } from "./suite";

const test = suite("harness/planted-modes");

const DESIGNS: Readonly<Record<string, Design>> = { graded: GRADED, even: EVEN };
const ALL = Array.from({ length: MODES }, (_, a) => a);

for (const [name, design] of Object.entries(DESIGNS)) {
  const planted = plant(design);
  const { contexts, tokens, counts, strengths, contextModes, tokenModes } = planted;
  const total = counts.reduce((a, b) => a + b);
  const scalars = trainedScalars(planted);
  const products = Float64Array.from(scalars, (scalar) => scalar ** 2);
  const own = basesOf(
    logLaw(planted, products).map((loss) => Math.exp(loss) / contexts),
    tokens,
  );

  /** Angles of each mode by itself, of contexts and of tokens, and of all of them together. */
  const angles = ({ v, u, q, q0 }: Bases) => ({
    contexts: ALL.map((a) => angleTo([contextModes[a]], v, q, [a + 1])),
    tokens: ALL.map((a) => angleTo([tokenModes[a]], u, q0, [a + 1])),
    together: [
      angleTo(
        contextModes,
        v,
        q,
        ALL.map((a) => a + 1),
      ),
      angleTo(
        tokenModes,
        u,
        q0,
        ALL.map((a) => a + 1),
      ),
    ],
  });

  test(`${name}: the text has the six planted modes and no others`, () => {
    const law = basesOf(
      counts.map((count) => count / total),
      tokens,
    );
    const expected = [1, ...strengths];
    // Eigenvalues of T T' are good to 1e-16, so that singular values of 0 come out as 1e-8.
    law.values.forEach((value, a) => {
      assert.ok(Math.abs(value ** 2 - (expected[a] ?? 0) ** 2) < 1e-14, `s_${a} ${value}`);
    });
    assert.ok(Math.min(...counts) >= 1, "every pair is in the text");
    assert.is(new Set(strengths.map((s) => s.toFixed(6))).size, MODES);
    for (const angle of Object.values(angles(law)).flat()) assert.ok(angle < 1e-5, `${angle} degrees`);
  });

  test(`${name}: the model's own predictions have the six modes within 5 degrees`, (t) => {
    const found = angles(own);
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

  test(`${name}: exact chi is converged, sums to 0 over the law, and is the sum of its couplings`, () => {
    const { q, q0, v, u } = own;
    for (const a of ALL) {
      const chi = exactChi(planted, scalars, a, plantedSettings);
      const scale = Math.max(...chi.map(Math.abs));
      const finer = exactChi(planted, scalars, a, plantedSettings, 161);
      const moved = Math.max(...chi.map((value, i) => Math.abs(value - finer[i])));
      assert.ok(moved < 1e-10 * scale, `a finer grid moves chi by ${moved}`);
      const mean = chi.reduce((sum, value, i) => sum + (counts[i] / total) * value, 0);
      assert.ok(Math.abs(mean) < 1e-12 * scale, `mean over the law ${mean}`);
      // Complete bases, of the model's own law: N contexts' and V tokens' functions.
      const couplings = new Float64Array(contexts * tokens);
      for (let pair = 0; pair < chi.length; pair++) {
        const [x, y] = [Math.floor(pair / tokens), pair % tokens];
        for (let k = 0; k < contexts; k++) {
          for (let l = 0; l < tokens; l++) {
            couplings[k * tokens + l] += q[x] * q0[y] * v[x * contexts + k] * u[y * tokens + l] * chi[pair];
          }
        }
      }
      for (let pair = 0; pair < chi.length; pair++) {
        const [x, y] = [Math.floor(pair / tokens), pair % tokens];
        let sum = 0;
        for (let k = 0; k < contexts; k++) {
          for (let l = 0; l < tokens; l++) sum += couplings[k * tokens + l] * v[x * contexts + k] * u[y * tokens + l];
        }
        assert.ok(Math.abs(sum - chi[pair]) < 1e-10 * scale, `pair ${pair}: ${sum - chi[pair]}`);
      }
    }
  });
}

test.run();
