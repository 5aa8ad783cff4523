import * as assert from "uvu/assert";
import type { SamplerSettings } from "../../runtime/config/sampler";
import { Chains } from "../../runtime/sampler/chains";
import { Laboratory } from "../../runtime/sampler/laboratory";
import type { Sums } from "../../runtime/sampler/sums";
import { parseRestriction } from "../../runtime/transformer/restriction";
import { testDevice } from "./device";
import { hostLosses } from "./host-losses";
import { type Expectations, integrate, makeGrid, posterior } from "./quadrature";
import type { TestContext } from "./suite";
import { CONTEXT, type TinyModel } from "./tiny-model";

/**
 * Runs chains of one parameter of a tiny model, its text both pool and probe: what they sum up, and their last draw.
 */
export async function tinySums(model: TinyModel, parameter: string, settings: SamplerSettings): Promise<Sums> {
  const lab = new Laboratory(await testDevice(), model.model, model.weights);
  const text = lab.addText("text", model.ids, model.ids.length);
  const restriction = parseRestriction(parameter, model.model);
  const chains = await Chains.open(lab, { restriction, settings, pool: text, probe: text });
  const { num_chains, num_draws } = settings;
  const phi = new Float64Array(num_draws * num_chains);
  let losses: ArrayLike<number> = [];
  for (let draw = 0; draw < num_draws; draw++) {
    const drawn = await chains.draw();
    phi.set(drawn.phi, draw * num_chains);
    losses = drawn.losses;
  }
  const sums = { ...(await chains.sums()), phi };
  const blocks = await chains.parameters();
  const { size, entries } = chains.block;
  chains.close();
  lab.close();
  // The host's plan is the device's: the last draw's losses again, at the weights that it had.
  const dims = entries[0].size;
  const w = Array.from({ length: num_chains }, (_, m) => Array.from(blocks.subarray(m * size, m * size + dims))).flat();
  (await hostLosses(model, parameter, w)).forEach((loss, i) => {
    // Some thirty f32 operations in a row on numbers of order 1.
    assert.ok(Math.abs(loss - losses[i]) < 5e-6, `loss ${i}: ${losses[i]}, on the host ${loss}`);
  });
  return sums;
}

/**
 * What chains of one parameter estimate, as integrals under the posterior, and under that of steps of lr. BAOAB's add nothing of
 * first order in lr.
 */
export async function tinyIntegrals(
  model: TinyModel,
  parameter: string,
  settings: SamplerSettings,
): Promise<{ readonly exact: Expectations; readonly stepped: Expectations }> {
  const [dims] = model.weights.shapes.get(parameter)!;
  const center = await model.weights.read(parameter, 0, dims);
  const base = await hostLosses(model, parameter, center);
  // Seven standard deviations of the pull alone; 141 points an axis are ten a standard deviation of it.
  const grid = makeGrid(center, 7 / Math.sqrt(settings.localization), dims === 1 ? 2001 : 141);
  const rises = (await hostLosses(model, parameter, grid.points)).map((loss, i) => loss - base[i % CONTEXT]);
  const means = Float64Array.from({ length: rises.length / CONTEXT }, (_, p) =>
    rises.subarray(p * CONTEXT, (p + 1) * CONTEXT).reduce((sum, d) => sum + d / CONTEXT, 0),
  );
  const first = settings.sampling_method === "sgmcmc_baoab" ? 0 : settings.lr;
  const [exact, stepped] = [0, first].map((lr) => {
    const density = posterior(grid, means, center, settings, lr);
    assert.ok(density.rim < 1e-6, `the grid ends where the density is still ${density.rim}`);
    return integrate(density, rises, CONTEXT);
  });
  return { exact, stepped };
}

/** Asserts that an estimate lies within 4.5 standard errors and an allowance of what is expected. */
export function checkEstimate(
  t: TestContext,
  what: string,
  got: { readonly value: number; readonly error: number },
  expected: number,
  allowance: number,
): void {
  const z = ((got.value - expected) / got.error).toFixed(2);
  const numbers = `${got.value.toPrecision(4)} +- ${got.error.toPrecision(2)}, expected ${expected.toPrecision(4)}`;
  const line = `${what}: ${numbers} (${z} sd), ${allowance.toExponential(1)} allowed`;
  t.note(line);
  assert.ok(Math.abs(got.value - expected) <= 4.5 * got.error + allowance, line);
}
