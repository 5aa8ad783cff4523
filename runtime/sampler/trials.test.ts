/** The trials by which a prior has a wanted rise, of chains whose rises have a law. */
import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { shortChains } from "../../harness/test/short-chains";
import { suite } from "../../harness/test/suite";
import type { SamplerSettings } from "../config/sampler";
import { matchRises, trialDraws } from "./equal-rise";
import type { Lockstep } from "./lockstep";

const test = suite("runtime/sampler/trials");
const DRAWS = 32;
const settings = shortChains(4, DRAWS);

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** Lockstep's part that is needed, of chains whose phi has a law: of a draw, a chain and a localization. */
function lawful(law: (draw: number, chain: number, localization: number) => number, own: SamplerSettings) {
  const { num_chains: M, num_draws } = own;
  const told: Float32Array[] = [];
  let trials = 0;
  const phi = (draws: number, localization: ArrayLike<number>) =>
    Float64Array.from({ length: draws * M }, (_, i) => law(Math.floor(i / M), i % M, localization[i % M]));
  const lockstep = {
    components: [{ spec: { settings: own } }],
    setLocalization: (_: number, localization: Float32Array) => told.push(localization),
    trial: async (count: number) => {
      trials += count;
      return [phi(count, told.at(-1)!)];
    },
  } as unknown as Lockstep;
  const prior = Float32Array.from(phi(num_draws, new Array(M).fill(own.localization)));
  return { lockstep, prior, found: () => told.at(-1)!, trials: () => trials, phi };
}

test("a quadratic loss: each chain's localization is exactly that of its rise, however few draws are tried", async () => {
  const random = seededRandom(3);
  // Sums of squares of a few normals, as 1/2 w' H w has them.
  const squares = Array.from({ length: 4 * DRAWS }, () => 1 + random.uniform() + 3 * random.uniform() ** 4);
  const { lockstep, prior, found, trials } = lawful(
    (s, m, localization) => squares[4 * s + m] / (2 * localization),
    settings,
  );
  const rises = [0, 1, 2, 3].map((m) => mean(prior.filter((_, i) => i % 4 === m)));
  const factors = [1, 2.5, 0.2, 30];
  await matchRises(lockstep, [{ wanted: Float64Array.from(rises, (rise, m) => rise * factors[m]), prior }]);
  for (const [m, factor] of factors.entries()) {
    const expected = settings.localization / factor;
    assert.ok(Math.abs(found()[m] / expected - 1) < 1e-5, `chain ${m}: ${found()[m]}, expected ${expected}`);
  }
  assert.ok(trials() <= settings.num_draws / 2, `${trials()} draws were tried`);
});

test("a loss that saturates, draws that differ: the mean rise of all draws is within 2 % of the wanted one", async (t) => {
  const random = seededRandom(4);
  const sizes = Array.from({ length: 4 * DRAWS }, () => 40 * (1 + 0.2 * random.normal()) ** 2);
  const law = (s: number, m: number, localization: number) => 2 * (1 - Math.exp(-sizes[4 * s + m] / localization));
  const { lockstep, prior, found, phi } = lawful(law, settings);
  const wanted = Float64Array.of(0.2, 0.4, 0.6, 0.8);
  await matchRises(lockstep, [{ wanted, prior }]);
  const all = phi(DRAWS, found());
  for (const [m, rise] of wanted.entries()) {
    const got = mean(all.filter((_, i) => i % 4 === m));
    t.note(`chain ${m}: ${got.toFixed(4)}, wanted ${rise}`);
    // The sizes of 12 of 32 draws, each 40 % larger or smaller, bend as those of all but for some per cent.
    assert.ok(Math.abs(got / rise - 1) < 0.02, `chain ${m}: ${got}, wanted ${rise}`);
  }
});

test("trials have at most half of the draws; what cannot be matched has a bound", async () => {
  assert.equal([4, 10, 32, 200].map(trialDraws), [
    [1, 1],
    [1, 3],
    [4, 12],
    [8, 24],
  ]);
  const { lockstep, prior, found } = lawful((_, __, localization) => 20 / localization, settings);
  await matchRises(lockstep, [{ wanted: Float64Array.of(-0.1, 0, 1e9, 0.2), prior }]);
  assert.equal(
    Array.from(found(), (value) => Number(value.toPrecision(6))),
    [1e6, 1e6, 0.1, 100],
  );
  const few = { wanted: new Float64Array(3), prior };
  await refused(matchRises(lockstep, [few]), /3 chains with 128 draws are to be matched by 4 with 32 each/);
});

test.run();
